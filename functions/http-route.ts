// Registers the routes of the table, so that none is forgotten: bounds the body, hands the credential on and refuses in
// one way. Who may ask what is for shared/ to say, by the same table.

import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import type { Credential } from '../shared/domain/carried-credential.ts';
import { ANSWER_HEADERS } from '../shared/http/answer-headers.ts';
import { type Route, USUAL_BODY } from '../shared/http/route.ts';
import { isForPeople, namedRoutes, type OperatorRoute, ROUTES, type RouteName } from '../shared/http/routes.ts';
import { boundedBody, refuseLargeBody } from './bounded-body.ts';
import { compressed } from './compressed.ts';
import { hasJobRoutes, startFailure } from './connector.ts';
import { operatorCredential, presentedCredential } from './presented-credential.ts';
import { refusal } from './refusal.ts';
import { refusalInXml } from './refusal-in-xml.ts';
import { refuseOtherSites } from './refuse-other-sites.ts';

/**
 * @param credential what the request carries, to be judged first of all
 * @param body reads the body, once the asker is known
 */
export type AnswerRequest<Carried extends Credential = Credential> = (
  request: HttpRequest,
  credential: Carried,
  body: () => Promise<string>,
) => Promise<HttpResponseInit>;

/** Tokens are for people: RADIUS servers have none. */
type CredentialOf<Name extends RouteName> = Name extends OperatorRoute ? Credential : string | null;

/** How routes are answered, by the names that the table gives them. */
export type Answers<Name extends RouteName = RouteName> = {
  readonly [Each in Name]: AnswerRequest<CredentialOf<Each>>;
};

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
export function routeHandler(name: RouteName, answer: AnswerRequest | AnswerRequest<string | null>) {
  const route: Route = ROUTES[name];
  const { largestBody = USUAL_BODY } = route;
  // Which of the two it is, the table says, by the type of Answers as well.
  const answerCarried = answer as AnswerRequest;
  return async (request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> => {
    const credential = credentialFor(route, request);
    try {
      const failure = startFailure();
      if (failure !== undefined) throw failure;
      refuseOtherSites(request);
      refuseLargeBody(request, largestBody);
      const given = await answerCarried(request, credential, () => boundedBody(request, largestBody));
      const { headers, ...response } = isForPeople(route) ? await compressed(request, given) : given;
      return { ...response, headers: { ...headers, ...ANSWER_HEADERS } };
    } catch (thrown) {
      const refused = refusal(`${name}.refused`, thrown, credential, context);
      return route.speaksXml ? refusalInXml(refused) : refused;
    }
  };
}

function credentialFor(route: Route, request: HttpRequest): Credential {
  return isForPeople(route) ? operatorCredential(request) : presentedCredential(request, route.takesBasic === true);
}
