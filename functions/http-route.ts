// Every route with a credential is registered here, so that none is forgotten: it hands the credential on and says no in
// one way. Who may ask what is for shared/ to say.

import { app, type HttpMethod, type HttpRequest, type HttpResponseInit } from '@azure/functions';
import { presentedCredential } from './presented-credential.ts';
import { NOT_CACHED, refusal } from './refusal.ts';

export interface Route {
  readonly route: string;
  readonly method: HttpMethod | readonly HttpMethod[];
  /** @param credential what the request carries, to be judged first of all */
  readonly answer: (request: HttpRequest, credential: string | null) => Promise<HttpResponseInit>;
}

export function httpRoute(name: string, { route, method, answer }: Route): void {
  app.http(name, {
    route,
    methods: [method].flat(),
    authLevel: 'anonymous',
    async handler(request, context) {
      try {
        const { headers, ...response } = await answer(request, presentedCredential(request));
        return { ...response, headers: { ...headers, ...NOT_CACHED } };
      } catch (thrown) {
        return refusal(`${name}.refused`, thrown, context);
      }
    },
  });
}
