// The sign-in: Microsoft Entra, authorization code with PKCE by redirect (RFC 7636). No popup and no hidden frame: Entra
// isolates its pages from windows that open them, and a frame without third-party cookies only waits for its time-out.

import {
  type AccountInfo,
  AuthError,
  CacheLookupPolicy,
  InteractionRequiredAuthError,
  PublicClientApplication,
} from '@azure/msal-browser';
import { signal } from '@preact/signals';
import { ApiError, toApiError } from '../api/api-error.ts';
import { takeTokensFrom } from '../api/client.ts';
import { type ConsoleConfig, readConsoleConfig } from './console-config.ts';

/** The person in front of the page. */
export interface Person {
  readonly name: string;
  readonly userName: string;
  /** App roles, as `NAC.Operator` or `NAC.Auditor.<site>`. */
  readonly roles: readonly string[];
}

export type Session =
  | { readonly state: 'starting' }
  /** The browser is about to leave for Microsoft. */
  | { readonly state: 'leaving' }
  | { readonly state: 'signed-in'; readonly person: Person }
  | { readonly state: 'signed-out' }
  | { readonly state: 'failed'; readonly message: string; readonly offline: boolean };

export const session = signal<Session>({ state: 'starting' });

/** Kept for the tab, so that "sign out here" does not lead straight back in. */
const SIGNED_OUT = 'console.signed-out';

interface Open {
  readonly msal: PublicClientApplication;
  readonly config: ConsoleConfig;
}
let open: Open | undefined;
let renewal: Promise<string | undefined> | undefined;

/** Signs in, or leaves for Microsoft. Failures are in `session`. */
export async function startSession(): Promise<void> {
  takeTokensFrom(accessToken);
  try {
    const config = await readConsoleConfig();
    const msal = new PublicClientApplication(msalOptions(config));
    await msal.initialize();
    open = { msal, config };
    // Leads back to the address that the sign-in began at, with its query.
    const result = await msal.handleRedirectPromise({ navigateToLoginRequestUrl: true });
    const account = result?.account ?? msal.getAllAccounts()[0];
    if (account) {
      sessionStorage.removeItem(SIGNED_OUT);
      msal.setActiveAccount(account);
      session.value = { state: 'signed-in', person: personOf(account) };
    } else if (sessionStorage.getItem(SIGNED_OUT) !== null) {
      session.value = { state: 'signed-out' };
    } else {
      await signIn();
    }
  } catch (thrown) {
    session.value = failed(thrown);
  }
}

/** Leaves for Microsoft. Failures are in `session`. */
export async function signIn(): Promise<void> {
  sessionStorage.removeItem(SIGNED_OUT);
  if (open === undefined) {
    location.reload();
    return;
  }
  const { msal, config } = open;
  await leave(() => msal.loginRedirect({ scopes: [config.scope] }));
}

/** One way out at a time. Where the browser cannot leave, the page says why, and the person can try again. */
async function leave(go: () => Promise<void>): Promise<void> {
  if (session.peek().state === 'leaving') return;
  session.value = { state: 'leaving' };
  try {
    await go();
  } catch (thrown) {
    session.value = failed(thrown);
  }
}

function failed(thrown: unknown): Session {
  const { message, problem } = signInError(thrown);
  return { state: 'failed', message, offline: problem === 'offline' };
}

/** Of MSAL, where no answer came: what was asked for is asked again once the network is back. */
const UNANSWERED: ReadonlySet<string> = new Set([
  'no_network_connectivity',
  'network_error',
  'post_request_failed',
  'get_request_failed',
]);

function signInError(thrown: unknown): ApiError {
  const { errorCode = '' } = thrown instanceof AuthError ? thrown : {};
  return UNANSWERED.has(errorCode) ? new ApiError('offline', 0, {}) : toApiError(thrown);
}

/** Forgets the person in this tab; the browser stays signed in at Microsoft. */
export async function signOutHere(): Promise<void> {
  sessionStorage.clear();
  sessionStorage.setItem(SIGNED_OUT, 'yes');
  await open?.msal.clearCache();
  session.value = { state: 'signed-out' };
}

/** Ends the browser's session at Microsoft, for all that it is signed in to. */
export async function signOutOfMicrosoft(): Promise<void> {
  if (open === undefined) return;
  const { msal } = open;
  const account = msal.getActiveAccount();
  sessionStorage.setItem(SIGNED_OUT, 'yes');
  await leave(() => msal.logoutRedirect({ ...(account && { account }) }));
}

/** @param fresh a new token by the refresh token, whatever is kept */
async function accessToken(fresh: boolean): Promise<string | undefined> {
  if (!fresh) return acquired(false);
  renewal ??= acquired(true).finally(() => {
    renewal = undefined;
  });
  return renewal;
}

async function acquired(forceRefresh: boolean): Promise<string | undefined> {
  if (open === undefined) return undefined;
  const { msal, config } = open;
  const account = msal.getActiveAccount();
  if (account === null) return undefined;
  const request = { scopes: [config.scope], account };
  try {
    const result = await msal.acquireTokenSilent({
      ...request,
      forceRefresh,
      cacheLookupPolicy: CacheLookupPolicy.AccessTokenAndRefreshToken,
    });
    noteRoles(result.account);
    return result.accessToken;
  } catch (thrown) {
    if (!(thrown instanceof InteractionRequiredAuthError)) throw signInError(thrown);
    // The refresh token has ended, a day after the sign-in: Microsoft knows the person, so this is a blink.
    await leave(() => msal.acquireTokenRedirect(request));
    if (session.peek().state === 'failed') throw signInError(thrown);
    return new Promise(() => {});
  }
}

/** Roles may have been given or taken since the sign-in. */
function noteRoles(account: AccountInfo): void {
  const known = session.peek();
  const person = personOf(account);
  if (known.state !== 'signed-in' || known.person.roles.join() === person.roles.join()) return;
  session.value = { state: 'signed-in', person };
}

function personOf({ name, username, idTokenClaims }: AccountInfo): Person {
  return { name: name || username, userName: username, roles: idTokenClaims?.roles ?? [] };
}

function msalOptions({ clientId, authority, knownAuthorities, authorityMetadata }: ConsoleConfig) {
  const redirectUri = `${location.origin}/console/`;
  return {
    auth: {
      clientId,
      authority,
      knownAuthorities: [...knownAuthorities],
      ...(authorityMetadata !== undefined && { authorityMetadata: metadataText(authorityMetadata) }),
      redirectUri,
      postLogoutRedirectUri: redirectUri,
    },
    // No cookie, and gone with the tab. The only other kind in which a redirect works would need a cookie.
    cache: { cacheLocation: 'sessionStorage' },
  };
}

function metadataText(metadata: unknown): string {
  return typeof metadata === 'string' ? metadata : JSON.stringify(metadata);
}
