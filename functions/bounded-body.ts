// Reads the body of a request within the limit of its route. The header's length is judged before the body is read.

import type { HttpRequest } from '@azure/functions';
import { RequestError } from '../shared/errors.ts';

type Sized = Pick<HttpRequest, 'headers'>;

/**
 * @param largest bytes that the route accepts
 * @throws RequestError 413 NAC_REQUEST_TOO_LARGE
 */
export function refuseLargeBody({ headers }: Sized, largest: number): void {
  const length = headers.get('content-length');
  if (length === null || (/^\d{1,15}$/.test(length) && Number(length) <= largest)) return;
  throw tooLarge(largest);
}

/**
 * Without Content-Length the host gives an empty body, so a chunked one is refused by name (RFC 9110 section 15.5.12).
 * @throws RequestError 413 NAC_REQUEST_TOO_LARGE, 411 NAC_REQUEST_CHUNKED
 */
export async function boundedBody(request: Sized & Pick<HttpRequest, 'text'>, largest: number): Promise<string> {
  refuseLargeBody(request, largest);
  const text = await request.text();
  if (text === '' && request.headers.get('transfer-encoding') !== null) {
    throw new RequestError(411, 'NAC_REQUEST_CHUNKED', 'The body came in chunks, without a length.', {
      action: 'Send the header Content-Length; in FreeRADIUS leave "chunk" of the rest module at 0.',
      field: 'Content-Length',
    });
  }
  if (Buffer.byteLength(text) > largest) throw tooLarge(largest);
  return text;
}

function tooLarge(largest: number): RequestError {
  return new RequestError(413, 'NAC_REQUEST_TOO_LARGE', `The body has more than ${largest} bytes.`, {
    action: 'Send only what the route asks for; docs/lookup.md and docs/policy.md describe the bodies.',
    field: 'body',
  });
}
