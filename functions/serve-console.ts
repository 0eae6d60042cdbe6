// Answers requests for files of the console: each in the coding that the browser takes, under the name of its content.

import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import type { ConsoleFiles } from '../shared/app/console-files.ts';
import { acceptedCoding } from '../shared/http/accepted-coding.ts';
import { consoleHeaders, isKnown, strictTransport } from '../shared/http/console-headers.ts';

const FOR_GOOD = 'public, max-age=31536000, immutable';

/** @param authorityHost where people sign in: the only other origin that the page may speak to */
export function serveConsole(files: ConsoleFiles, authorityHost: string) {
  const always = consoleHeaders(authorityHost);
  return async (request: HttpRequest): Promise<HttpResponseInit> => {
    const headers = { ...always, ...strictTransport(request.url) };
    const file = await files.find(request.params['path'] ?? '');
    if (file === undefined) {
      return { status: 404, headers: { ...headers, 'cache-control': 'no-store', 'content-type': 'text/plain' } };
    }
    const coding = acceptedCoding(request.headers.get('accept-encoding'));
    // Strong: each coding of the content is another one.
    const etag = `"${file.hash}${coding === undefined ? '' : `.${coding}`}"`;
    const named = {
      ...headers,
      etag,
      vary: 'Accept-Encoding',
      'cache-control': file.immutable ? FOR_GOOD : 'no-cache',
    };
    if (isKnown(request.headers.get('if-none-match'), etag)) return { status: 304, headers: named };
    const content = await file.content(coding);
    return {
      status: 200,
      headers: {
        ...named,
        'content-type': file.type,
        ...(coding && { 'content-encoding': coding }),
        'content-length': String(content.length),
      },
      ...(request.method !== 'HEAD' && { body: content }),
    };
  };
}
