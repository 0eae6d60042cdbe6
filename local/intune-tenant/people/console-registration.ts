// The second registration of the simulated tenant: the one that people sign in to, with its page as a client and its
// API as the resource.

import type { PersonTokens } from './person-tokens.ts';
import type { SignIns } from './sign-in.ts';

export interface ConsoleRegistration {
  readonly clientId: string;
  readonly signIns: SignIns;
  readonly tokens: PersonTokens;
}

/** The port of localhost counts for nothing, all else does ("Redirect URI restrictions and limitations"). */
const REDIRECT_URIS = ['https://localhost/console/', 'http://localhost/console/'];

export function isRedirectUri(uri: string): boolean {
  if (!URL.canParse(uri)) return false;
  const { protocol, hostname, pathname, search, hash } = new URL(uri);
  return search === '' && hash === '' && REDIRECT_URIS.includes(`${protocol}//${hostname}${pathname}`);
}

/** Scopes of OpenID Connect, of no resource. */
const OPENID_SCOPES: ReadonlySet<string> = new Set(['openid', 'profile', 'offline_access', 'email']);

/**
 * @returns whether it asks for the API by its client id: by a URI an app gets a token for itself once, and is refused
 * at the first refresh (AADSTS90009)
 */
export function isConsoleScope(scope: string, clientId: string): boolean {
  const asked = scope.split(' ').filter((part) => part !== '' && !OPENID_SCOPES.has(part));
  return asked.length > 0 && asked.every((part) => part === `${clientId}/console`);
}
