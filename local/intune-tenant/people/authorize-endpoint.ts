// `GET /{tenant}/oauth2/v2.0/authorize` and `/logout`: a page on which one of five people is chosen in place of a
// password, and the way back to the console with a code (RFC 6749 4.1, RFC 7636; answers in the fragment).

import type { HttpExchange } from '../http-exchange.ts';
import { type ConsoleRegistration, isConsoleScope, isRedirectUri } from './console-registration.ts';
import type { Person } from './person.ts';

export interface AuthorizeContext {
  readonly console: ConsoleRegistration;
  readonly tenantId: string;
}

/** Remembers who is signed in at this authority. Its path keeps it from the console, which has the same host here. */
const COOKIE = 'ESTSAUTH';

const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  // Entra's pages have it, so a window that opened them loses sight of them.
  'cross-origin-opener-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
};

export function answerAuthorize(exchange: HttpExchange, tenant: string, context: AuthorizeContext): void {
  const { query } = exchange;
  const { console: registration, tenantId } = context;
  const redirectUri = query.get('redirect_uri') ?? '';
  const refusal = refusalOf(exchange, tenant, context);
  // To an address that is not registered nothing is sent.
  if (refusal !== undefined) {
    answerPage(exchange, 400, 'Sorry, but we’re having trouble signing you in.', refusal);
    return;
  }
  const problem = problemOf(query, registration.clientId);
  if (problem !== undefined) {
    redirect(exchange, redirectUri, { ...problem, ...stateOf(query) });
    return;
  }
  const { people } = registration.signIns;
  const signedIn = people.find(cookieOf(exchange));
  const hint = query.get('login_hint') ?? '';
  const prompt = query.get('prompt');
  const chosen = people.find(query.get('person') ?? undefined);
  const person = chosen ?? (prompt === 'none' || (hint !== '' && !prompt) ? sameAs(signedIn, hint) : undefined);
  if (person !== undefined) {
    giveCode(exchange, person, redirectUri, context);
    return;
  }
  if (prompt === 'none') {
    const description = 'AADSTS50058: A silent sign-in request was sent but no user is signed in.';
    redirect(exchange, redirectUri, {
      error: 'login_required',
      error_description: description,
      ...stateOf(query),
    });
    return;
  }
  const links = people.all().map((each) => {
    const target = `/${tenantId}/oauth2/v2.0/authorize?${new URLSearchParams([...query, ['person', each.key]])}`;
    return `<li><a href="${escaped(target)}">${escaped(each.name)}</a> <span>${escaped(each.about)}</span></li>`;
  });
  answerPage(exchange, 200, 'Who signs in?', `<ul>${links.join('')}</ul>`, true);
}

export function answerLogout(exchange: HttpExchange, { tenantId }: AuthorizeContext): void {
  const back = exchange.query.get('post_logout_redirect_uri') ?? '';
  const forget = { 'set-cookie': cookie('', tenantId, 0) };
  if (!isRedirectUri(back)) {
    answerPage(exchange, 200, 'You signed out of your account', '', false, forget);
    return;
  }
  const state = exchange.query.get('state');
  const location = state === null ? back : `${back}?${new URLSearchParams({ state })}`;
  exchange.answer(302, { ...PAGE_HEADERS, ...forget, location }, '');
}

function refusalOf({ query }: HttpExchange, tenant: string, { console: registration, tenantId }: AuthorizeContext) {
  if (tenant.toLowerCase() !== tenantId.toLowerCase()) return `AADSTS90002: Tenant '${tenant}' not found.`;
  const clientId = query.get('client_id') ?? '';
  if (clientId.toLowerCase() !== registration.clientId) {
    return `AADSTS700016: Application with identifier '${clientId}' was not found in the directory.`;
  }
  const redirectUri = query.get('redirect_uri') ?? '';
  if (isRedirectUri(redirectUri)) return undefined;
  return `AADSTS50011: The redirect URI '${redirectUri}' specified in the request does not match the redirect URIs configured for the application.`;
}

function problemOf(query: URLSearchParams, clientId: string) {
  const wrong = (error: string, description: string) => ({ error, error_description: description });
  if (query.get('response_type') !== 'code') {
    return wrong('unsupported_response_type', 'AADSTS700054: response_type is not enabled for the application.');
  }
  if (query.get('response_mode') !== 'fragment') {
    return wrong('invalid_request', 'AADSTS9002327: this page of the simulated tenant answers in the fragment alone.');
  }
  if (query.get('code_challenge_method') !== 'S256' || !/^[\w-]{43}$/.test(query.get('code_challenge') ?? '')) {
    return wrong(
      'invalid_request',
      'AADSTS9002325: Proof Key for Code Exchange is required for cross-origin code redemption.',
    );
  }
  if (isConsoleScope(query.get('scope') ?? '', clientId)) return undefined;
  return wrong('invalid_scope', `AADSTS70011: The scope must be '${clientId}/console'.`);
}

function giveCode(
  exchange: HttpExchange,
  person: Person,
  redirectUri: string,
  { console: registration, tenantId }: AuthorizeContext,
): void {
  const { query } = exchange;
  const code = registration.signIns.giveCode({
    person: person.key,
    redirectUri,
    challenge: query.get('code_challenge') ?? '',
    scope: query.get('scope') ?? '',
    nonce: query.get('nonce') ?? undefined,
  });
  const answer = { code, ...stateOf(query), client_info: clientInfo(person, tenantId), session_state: person.oid };
  redirect(exchange, redirectUri, answer, { 'set-cookie': cookie(person.key, tenantId, 86_400) });
}

/** By which MSAL names the account. */
export function clientInfo({ oid }: Person, tenantId: string): string {
  return Buffer.from(JSON.stringify({ uid: oid, utid: tenantId })).toString('base64url');
}

function sameAs(signedIn: Person | undefined, hint: string): Person | undefined {
  return hint === '' || signedIn?.userName === hint ? signedIn : undefined;
}

function stateOf(query: URLSearchParams): { readonly state?: string } {
  const state = query.get('state');
  return state === null ? {} : { state };
}

function redirect(
  exchange: HttpExchange,
  uri: string,
  answer: Record<string, string>,
  headers: Record<string, string> = {},
): void {
  exchange.answer(302, { ...PAGE_HEADERS, ...headers, location: `${uri}#${new URLSearchParams(answer)}` }, '');
}

function cookieOf(exchange: HttpExchange): string | undefined {
  return new RegExp(`(?:^|; )${COOKIE}=([a-z]+)`).exec(exchange.header('cookie') ?? '')?.[1];
}

function cookie(value: string, tenantId: string, seconds: number): string {
  return `${COOKIE}=${value}; Path=/${tenantId}; Max-Age=${seconds}; HttpOnly; Secure; SameSite=Lax`;
}

function answerPage(
  exchange: HttpExchange,
  status: number,
  title: string,
  text: string,
  isHtml = false,
  headers: Record<string, string> = {},
): void {
  const style =
    'body{font:1.1rem/1.6 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}li{margin:1rem 0}';
  const body =
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
    `<title>Simulated tenant: sign in</title><style>${style}</style></head><body><main><h1>${escaped(title)}</h1>` +
    `${isHtml ? text : `<p>${escaped(text)}</p>`}<p>This is the simulated tenant of npm start.</p></main></body></html>`;
  exchange.answer(status, { ...PAGE_HEADERS, ...headers }, body);
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
