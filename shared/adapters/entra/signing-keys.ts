// The keys by which Microsoft Entra signs the tokens of our tenant, and the name that it gives itself. Kept for a day,
// and read again every hour: "Signing key rollover in the Microsoft identity platform" says how often.

import type { webcrypto } from 'node:crypto';
import { importJWK, type JWK } from 'jose';
import { RequestError } from '../../errors.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/telemetry.ts';
import type { HttpsTransport } from '../https/https-transport.ts';

export interface SigningKeysDeps {
  readonly transport: Pick<HttpsTransport, 'send'>;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'warn'>;
  readonly authorityHost: string;
  readonly tenantId: string;
}

export interface KnownKey {
  /** As the tenant's own document says it: it is not the same in every cloud. */
  readonly issuer: string;
  /** Absent where the tenant has no such key. */
  readonly key: webcrypto.CryptoKey | undefined;
}

/** As long as they are used though none can be fetched. */
const KEPT_MS = 24 * 3_600_000;
/** As long as they are used without a question whether there are others. */
const FRESH_MS = 3_600_000;
/** From one question for a key that is not known to the next: strangers name any. */
const UNKNOWN_KEY_MS = 5 * 60_000;
/** From a fetch that failed to the next. */
const AGAIN_MS = 30_000;
const FETCH_MS = 8_000;
/** Microsoft has about ten. */
const MOST_KEYS = 100;

interface KeySet {
  readonly issuer: string;
  readonly keys: ReadonlyMap<string, JWK>;
  /** Milliseconds since 1970, as `checkedAt`. */
  readonly fetchedAt: number;
}

export class SigningKeys {
  readonly #deps: SigningKeysDeps;
  #known: KeySet | undefined;
  /** The keys that were used, ready for the next token. */
  readonly #imported = new Map<string, webcrypto.CryptoKey>();
  #lastAttemptAt = Number.NEGATIVE_INFINITY;
  #lastFailed = false;
  #underWay: Promise<void> | undefined;

  constructor(deps: SigningKeysDeps) {
    this.#deps = deps;
  }

  /**
   * @param kid as the token names its key
   * @throws RequestError 503 NAC_TOKEN_KEYS where there are none, or only ones that are too old
   */
  async of(kid: string, { signal }: CallOptions): Promise<KnownKey> {
    const age = this.#age();
    if (age > KEPT_MS) {
      if (this.#mayAsk(0)) await this.#fetchOnce(signal);
      if (this.#age() > KEPT_MS) throw unknownKeys();
    } else if (this.#known?.keys.has(kid) !== true) {
      if (this.#mayAsk(UNKNOWN_KEY_MS)) await this.#fetchOnce(signal);
    } else if (age > FRESH_MS && this.#mayAsk(UNKNOWN_KEY_MS)) {
      void this.#fetchOnce(undefined);
    }
    const { issuer = '', keys } = this.#known ?? {};
    const jwk = keys?.get(kid);
    return { issuer, key: jwk && (await this.#import(kid, jwk)) };
  }

  #age(): number {
    if (this.#known === undefined) return Number.POSITIVE_INFINITY;
    return Math.abs(this.#deps.clock.now().getTime() - this.#known.fetchedAt);
  }

  /** Whether the last question is long enough ago; one under way is waited for. A clock set back stops none. */
  #mayAsk(restMs: number): boolean {
    if (this.#underWay !== undefined) return true;
    const since = Math.abs(this.#deps.clock.now().getTime() - this.#lastAttemptAt);
    return since >= (this.#lastFailed ? AGAIN_MS : restMs);
  }

  /** All who need them wait for one fetch, each as long as it can. */
  async #fetchOnce(signal: AbortSignal | undefined): Promise<void> {
    this.#underWay ??= this.#fetch().finally(() => {
      this.#underWay = undefined;
    });
    await (signal === undefined ? this.#underWay : Promise.race([this.#underWay, aborted(signal)]));
  }

  async #fetch(): Promise<void> {
    const { clock, log } = this.#deps;
    this.#lastAttemptAt = clock.now().getTime();
    try {
      this.#known = await clock.within(FETCH_MS, (signal) => this.#read(signal));
      this.#imported.clear();
      this.#lastFailed = false;
    } catch (thrown) {
      this.#lastFailed = true;
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      log.warn('entra.keys-not-read', {
        code: 'NAC_TOKEN_KEYS',
        message: message.slice(0, 300),
        action: 'Check ENTRA_CLOUD, ENTRA_TENANT_ID and the way to Microsoft Entra (npm run doctor).',
      });
    }
  }

  async #read(signal: AbortSignal): Promise<KeySet> {
    const { authorityHost, tenantId, clock } = this.#deps;
    const address = `${authorityHost}/${tenantId}/v2.0/.well-known/openid-configuration`;
    const { issuer, jwks_uri: keysAddress } = await this.#document(address, signal);
    // A document of several tenants has a placeholder there.
    if (typeof issuer !== 'string' || !issuer.includes(tenantId)) throw new Error(`${address} has no issuer of ours.`);
    if (typeof keysAddress !== 'string' || !keysAddress.startsWith('https://')) {
      throw new Error(`${address} has no address of keys.`);
    }
    const { keys } = await this.#document(keysAddress, signal);
    const found = (Array.isArray(keys) ? keys.slice(0, MOST_KEYS) : []).filter(isSigningKey);
    if (found.length === 0) throw new Error(`${keysAddress} has no keys.`);
    return { issuer, keys: new Map(found.map((key) => [key.kid, key])), fetchedAt: clock.now().getTime() };
  }

  async #document(url: string, signal: AbortSignal): Promise<Record<string, unknown>> {
    const { status, body } = await this.#deps.transport.send('GET', url, { accept: 'application/json' }, undefined, {
      signal,
    });
    if (status !== 200) throw new Error(`${url} answered ${status}.`);
    const document: unknown = JSON.parse(body);
    if (typeof document !== 'object' || document === null) throw new Error(`${url} is no JSON object.`);
    return document as Record<string, unknown>;
  }

  async #import(kid: string, jwk: JWK): Promise<webcrypto.CryptoKey | undefined> {
    const known = this.#imported.get(kid);
    if (known !== undefined) return known;
    const key = await importJWK({ ...jwk, alg: 'RS256' }).catch(() => undefined);
    if (key === undefined || key instanceof Uint8Array) return undefined;
    // The set may have been replaced meanwhile, with another key of this name.
    if (this.#known?.keys.get(kid) === jwk) this.#imported.set(kid, key);
    return key;
  }
}

function isSigningKey(key: unknown): key is JWK & { readonly kid: string } {
  const { kid, kty, use } = (key ?? {}) as Record<string, unknown>;
  return typeof kid === 'string' && kty === 'RSA' && (use === undefined || use === 'sig');
}

/** Ends the wait, not the fetch: others wait for it as well. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function unknownKeys(): RequestError {
  return new RequestError(
    503,
    'NAC_TOKEN_KEYS',
    'Sign-ins cannot be checked: the keys of Microsoft Entra are not known.',
    {
      action: 'Try again in half a minute; the log of the connector says what keeps it from fetching them.',
      field: 'Authorization',
    },
  );
}
