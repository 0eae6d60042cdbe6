// Registers the routes of the table, so that none is forgotten: bounds the body, hands the credential on and refuses in
// one way. Who may ask what is for shared/ to say, by the same table.

import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import { ANSWER_HEADERS } from '../shared/http/answer-headers.ts';
import { type Route, USUAL_BODY } from '../shared/http/route.ts';
import { namedRoutes, ROUTES, type RouteName } from '../shared/http/routes.ts';
import { boundedBody, refuseLargeBody } from './bounded-body.ts';
import { hasJobRoutes, startFailure } from './connector.ts';
import { presentedCredential } from './presented-credential.ts';
import { refusal } from './refusal.ts';

/**
 * @param credential what the request carries, to be judged first of all
 * @param body reads the body, once the asker is known
 */
export type AnswerRequest = (
  request: HttpRequest,
  credential: string | null,
  body: () => Promise<string>,
) => Promise<HttpResponseInit>;

/** How routes are answered, by the names that the table gives them. */
export type Answers<Name extends RouteName = RouteName> = Readonly<Record<Name, AnswerRequest>>;

export function registerRoutes(answers: Answers): void {
  for (const [name, route] of namedRoutes()) {
    if (route.needsServiceBus && !hasJobRoutes()) continue;
    app.http(name, {
      route: route.path,
      methods: [...route.methods],
      authLevel: 'anonymous',
      handler: routeHandler(name, answers[name]),
    });
  }
}

/** More than the route reads is refused before anything is read. */
export function routeHandler(name: RouteName, answer: AnswerRequest) {
  const { largestBody = USUAL_BODY, takesBasic }: Route = ROUTES[name];
  return async (request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> => {
    const credential = presentedCredential(request, takesBasic === true);
    try {
      const failure = startFailure();
      if (failure !== undefined) throw failure;
      refuseLargeBody(request, largestBody);
      const { headers, ...response } = await answer(request, credential, () => boundedBody(request, largestBody));
      return { ...response, headers: { ...headers, ...ANSWER_HEADERS } };
    } catch (thrown) {
      return refusal(`${name}.refused`, thrown, credential, context);
    }
  };
}
