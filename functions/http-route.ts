// Every route with a credential is registered here, so that none is forgotten: it bounds the body, hands the credential
// on and refuses in one way. Who may ask what is for shared/ to say.

import { app, type HttpMethod, type HttpRequest, type HttpResponseInit } from '@azure/functions';
import { boundedBody, refuseLargeBody } from './bounded-body.ts';
import { startFailure } from './connector.ts';
import { presentedCredential } from './presented-credential.ts';
import { NOT_CACHED, refusal } from './refusal.ts';

export interface Route {
  readonly route: string;
  readonly method: HttpMethod | readonly HttpMethod[];
  /** Bytes that a body may have; without it the route reads none. The host's own limit is above all of them. */
  readonly largestBody?: number;
  /**
   * @param credential what the request carries, to be judged first of all
   * @param body reads the body, once the asker is known
   */
  readonly answer: (
    request: HttpRequest,
    credential: string | null,
    body: () => Promise<string>,
  ) => Promise<HttpResponseInit>;
}

/** What a route without a body ignores; more is refused before anything is read. */
const IGNORED_BODY = 4_096;

export function httpRoute(name: string, { route, method, largestBody, answer }: Route): void {
  const largest = largestBody ?? IGNORED_BODY;
  app.http(name, {
    route,
    methods: [method].flat(),
    authLevel: 'anonymous',
    async handler(request, context) {
      const credential = presentedCredential(request);
      try {
        const failure = startFailure();
        if (failure !== undefined) throw failure;
        refuseLargeBody(request, largest);
        const { headers, ...response } = await answer(request, credential, () => boundedBody(request, largest));
        return { ...response, headers: { ...headers, ...NOT_CACHED } };
      } catch (thrown) {
        return refusal(`${name}.refused`, thrown, credential, context);
      }
    },
  });
}
