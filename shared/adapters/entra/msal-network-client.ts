// Lets MSAL speak through our own HTTPS transport, so that proxies' authorities and deadlines hold for tokens too.

import type { INetworkModule, NetworkRequestOptions, NetworkResponse } from '@azure/msal-node';
import { SourceError } from '../../errors.ts';
import type { HttpAnswer, HttpsTransport } from '../https/https-transport.ts';

export interface MsalNetworkListener {
  /** What went wrong: MSAL passes on a text of its own instead. */
  failed?(failure: unknown): void;
  answered?(answer: HttpAnswer): void;
}

export function createMsalNetworkClient(transport: HttpsTransport, listener: MsalNetworkListener = {}): INetworkModule {
  const send = async <T>(method: 'GET' | 'POST', url: string, options?: NetworkRequestOptions) => {
    try {
      const answer = await transport.send(method, url, options?.headers ?? {}, options?.body);
      listener.answered?.(answer);
      return parse<T>(url, answer);
    } catch (thrown) {
      listener.failed?.(thrown);
      throw thrown;
    }
  };
  return {
    sendGetRequestAsync: (url, options) => send('GET', url, options),
    sendPostRequestAsync: (url, options) => send('POST', url, options),
  };
}

function parse<T>(url: string, answer: HttpAnswer): NetworkResponse<T> {
  try {
    return { status: answer.status, headers: { ...answer.headers }, body: JSON.parse(answer.body) as T };
  } catch (cause) {
    throw new SourceError(
      'NAC_SOURCE_TOKEN',
      `${new URL(url).host} answered ${answer.status} with something that is not JSON (${answer.headers['content-type'] ?? 'no content type'}).`,
      {
        action:
          'The answer was cut off, or something between the function app and Microsoft Entra answers in its place, such as a proxy’s sign-in page.',
        field: 'token response',
        cause,
      },
    );
  }
}
