// The grants of a page at the token endpoint: a code with its verifier, and a refresh token. Both answer pages of other
// origins, refusals as well, and only pages: a code of a single-page application is redeemed with an Origin.

import { answerEntraError, type EntraRefusal } from '../entra-error.ts';
import type { HttpExchange } from '../http-exchange.ts';
import { type AuthorizeContext, clientInfo } from './authorize-endpoint.ts';
import { isConsoleScope } from './console-registration.ts';
import type { Person } from './person.ts';
import { provesChallenge } from './sign-in.ts';

export interface PersonGrantContext extends AuthorizeContext {
  readonly authorityHost: string;
  readonly now: () => Date;
}

export const PERSON_GRANTS: ReadonlySet<string> = new Set(['authorization_code', 'refresh_token']);

/** No preflight comes: a form is a simple request, and so are these headers of the answer. */
export const CORS = { 'access-control-allow-origin': '*' };

interface Granted {
  readonly person: Person;
  readonly scope: string;
  readonly nonce?: string | undefined;
  /** Milliseconds since 1970, of the first refresh token; absent for a new one. */
  readonly endsAt?: number;
}
type Refused = EntraRefusal & { readonly suberror?: string };

export async function answerPersonGrant(
  exchange: HttpExchange,
  form: URLSearchParams,
  context: PersonGrantContext,
): Promise<void> {
  const { console: registration, tenantId, now } = context;
  const outcome = exchange.header('origin') === undefined ? notFromPage() : granted(form, context);
  if ('error' in outcome) {
    const { suberror } = outcome;
    const about = { now: now(), authorityHost: context.authorityHost, correlationId: undefined };
    answerEntraError(exchange, outcome, { ...about, headers: CORS, ...(suberror !== undefined && { suberror }) });
    return;
  }
  const { person, scope, nonce, endsAt } = outcome;
  const { signIns, tokens } = registration;
  const { accessTokenSeconds, refreshTokenSeconds } = signIns.times;
  const end = endsAt ?? now().getTime() + refreshTokenSeconds * 1000;
  exchange.answerJson(
    200,
    {
      token_type: 'Bearer',
      scope,
      expires_in: accessTokenSeconds,
      ext_expires_in: accessTokenSeconds,
      access_token: await tokens.accessToken(person, accessTokenSeconds),
      refresh_token: signIns.giveRefreshToken(person, scope, end),
      refresh_token_expires_in: Math.max(0, Math.floor((end - now().getTime()) / 1000)),
      id_token: await tokens.idToken(person, nonce, accessTokenSeconds),
      client_info: clientInfo(person, tenantId),
    },
    { ...CORS, 'cache-control': 'no-store, no-cache', pragma: 'no-cache' },
  );
}

function granted(form: URLSearchParams, context: PersonGrantContext): Granted | Refused {
  const { clientId } = context.console;
  const asked = form.get('client_id') ?? '';
  if (asked.toLowerCase() !== clientId) {
    const description = `Application with identifier '${asked}' was not found in the directory.`;
    return { status: 400, error: 'unauthorized_client', code: 700016, description };
  }
  const scope = form.get('scope');
  const isRefresh = form.get('grant_type') === 'refresh_token';
  if (scope !== null && !isConsoleScope(scope, clientId)) {
    return isRefresh
      ? invalid(90009, `Application is requesting a token for itself. Use '${clientId}/console' as the scope.`)
      : { status: 400, error: 'invalid_scope', code: 70011, description: `The scope '${scope}' is not valid.` };
  }
  return isRefresh ? byRefreshToken(form, context) : byCode(form, context);
}

function byCode(form: URLSearchParams, { console: { signIns } }: PersonGrantContext): Granted | Refused {
  const about = signIns.takeCode(form.get('code') ?? '');
  if (about === undefined)
    return invalid(70008, 'The provided authorization code is expired, or was redeemed already.');
  if (about.redirectUri !== form.get('redirect_uri'))
    return invalid(50148, 'The redirect URI is not that of the code.');
  if (!provesChallenge(form.get('code_verifier') ?? '', about.challenge)) {
    return invalid(
      501481,
      'The Code_Verifier does not match the code_challenge supplied in the authorization request.',
    );
  }
  const { scope, nonce } = about;
  return { person: signIns.people.get(about.person), scope, nonce };
}

function byRefreshToken(form: URLSearchParams, { console: { signIns }, now }: PersonGrantContext): Granted | Refused {
  const about = signIns.readRefreshToken(form.get('refresh_token') ?? '');
  if (about === undefined) return invalid(9002313, 'The refresh token is malformed or invalid.');
  if (about.endsAt <= now().getTime()) {
    const description =
      'The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime.';
    return { ...invalid(700084, description), suberror: 'bad_token' };
  }
  if (signIns.people.isRevoked(about.person, about.issuedAt)) {
    return { ...invalid(50173, 'The provided grant has expired due to it being revoked.'), suberror: 'bad_token' };
  }
  return { person: signIns.people.get(about.person), scope: about.scope, endsAt: about.endsAt };
}

function invalid(code: number, description: string): Refused {
  return { status: 400, error: 'invalid_grant', code, description };
}

function notFromPage(): Refused {
  const description =
    "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests.";
  return { status: 400, error: 'invalid_request', code: 9002327, description };
}
