// Access tokens for Microsoft's APIs: one MSAL application per credential, which keeps tokens and renews them in time.

import type { HttpsTransport } from '../https/https-transport.ts';
import { unreachable } from '../https/unreachable.ts';
import type { AccessToken } from './access-token.ts';
import type { AppIdentity } from './app-identity.ts';
import type { CredentialStatus } from './credential-status.ts';
import { MsalApplication } from './msal-application.ts';
import { type SignInCredential, signInCredentials } from './sign-in-credentials.ts';
import { isRefusedCredential } from './sign-in-problem.ts';
import { TokenCache } from './token-cache.ts';

export interface TokenOptions {
  /** Ends the waiting; the request for the token goes on for those who ask next. */
  readonly signal?: AbortSignal | undefined;
}

export interface TokenSource {
  /**
   * A bearer token for one audience.
   * @param resource e.g. `https://graph.microsoft.com`; the slash some end with belongs to them
   * @throws SourceError NAC_SOURCE_TOKEN, NAC_SOURCE_UNREACHABLE, NAC_SOURCE_UNTRUSTED; ConnectorError
   * NAC_ENTRA_CERTIFICATE
   */
  getToken(resource: string, options?: TokenOptions): Promise<string>;
  /**
   * A service refused the token: Entra is asked for another one, at most every five minutes. So a permission that was
   * just granted counts at once, and not only when the token without it ends.
   */
  refused(resource: string): void;
  /** The one that worked last, or would be tried first; then the others. */
  credentials(): Promise<readonly CredentialStatus[]>;
}

/** @param local reaches the managed identity's endpoint, which no proxy may come between */
export function createTokenSource(
  identity: AppIdentity,
  transport: HttpsTransport,
  local: HttpsTransport = transport,
  now: () => Date = () => new Date(),
): TokenSource {
  const source = new RollingTokenSource(identity, transport, local, now);
  return {
    getToken: (resource, options) => source.getToken(resource, options?.signal),
    refused: (resource) => source.refused(resource),
    credentials: () => source.credentials(),
  };
}

/** During a rollover Entra may know only some of the certificates: the next one is tried, and what worked is kept. */
class RollingTokenSource {
  readonly #identity: AppIdentity;
  readonly #transport: HttpsTransport;
  readonly #local: HttpsTransport;
  readonly #now: () => Date;
  readonly #underWay = new Map<string, Promise<string>>();
  #toTry: Promise<readonly SignInCredential[]> | undefined;
  /** One per credential, and there is mostly one credential. */
  readonly #applications = new Map<SignInCredential, MsalApplication>();
  readonly #kept = new TokenCache();
  #inUse: SignInCredential | undefined;

  constructor(identity: AppIdentity, transport: HttpsTransport, local: HttpsTransport, now: () => Date) {
    this.#identity = identity;
    this.#transport = transport;
    this.#local = local;
    this.#now = now;
  }

  /** Those who ask at the same time share one request. */
  async getToken(resource: string, signal: AbortSignal | undefined): Promise<string> {
    let request = this.#underWay.get(resource);
    if (request === undefined) {
      request = this.#request(resource).finally(() => this.#underWay.delete(resource));
      this.#underWay.set(resource, request);
    }
    return signal === undefined ? request : within(request, signal, this.#identity.authorityHost);
  }

  refused(resource: string): void {
    this.#kept.refuse(resource);
  }

  async credentials(): Promise<readonly CredentialStatus[]> {
    return (await this.#inOrder()).map(({ status }) => status);
  }

  /** While Entra fails, a token that is still valid is used. */
  async #request(resource: string): Promise<string> {
    const nowMs = this.#now().getTime();
    const fresh = this.#kept.takeFresh(resource, nowMs);
    const current = fresh ? undefined : this.#kept.current(resource, nowMs);
    if (current !== undefined) return current;
    try {
      return this.#kept.keep(resource, await this.#ask(resource, fresh), this.#now().getTime());
    } catch (thrown) {
      const fallback = this.#kept.fallback(resource, this.#now().getTime());
      if (fallback === undefined) throw thrown;
      return fallback;
    }
  }

  async #ask(resource: string, fresh: boolean): Promise<AccessToken> {
    let refusal: unknown;
    for (const credential of await this.#inOrder()) {
      try {
        const token = await this.#applicationFor(credential).getToken(resource, fresh);
        this.#inUse = credential;
        return token;
      } catch (thrown) {
        refusal ??= thrown;
        if (!isRefusedCredential(thrown)) throw thrown;
      }
    }
    throw refusal;
  }

  async #inOrder(): Promise<readonly SignInCredential[]> {
    this.#toTry ??= signInCredentials(this.#identity.credential, this.#local, this.#now()).catch((thrown) => {
      this.#toTry = undefined;
      throw thrown;
    });
    const all = await this.#toTry;
    const first = this.#inUse;
    return first === undefined ? all : [first, ...all.filter((other) => other !== first)];
  }

  #applicationFor(credential: SignInCredential): MsalApplication {
    const application =
      this.#applications.get(credential) ?? new MsalApplication(this.#identity, credential, this.#transport);
    this.#applications.set(credential, application);
    return application;
  }
}

/** @throws SourceError NAC_SOURCE_UNREACHABLE when the signal aborts first */
async function within<T>(promise: Promise<T>, signal: AbortSignal, url: string): Promise<T> {
  const { promise: end, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(unreachable(url, signal.reason));
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([promise, end]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
