// Issues and checks the access tokens of the simulated tenant: short-lived JWTs for one audience each, signed with a
// key that lives as long as the tenant.

import { randomUUID, type webcrypto } from 'node:crypto';
import { calculateJwkThumbprint, errors, exportJWK, generateKeyPair, type JWK, jwtVerify, SignJWT } from 'jose';

export interface AccessTokenOptions {
  readonly issuer: string;
  readonly tenantId: string;
  readonly lifetimeSeconds: number;
  readonly now: () => Date;
}

export interface AccessTokenRequest {
  readonly audience: string;
  readonly clientId: string;
  readonly roles: readonly string[];
  /** Object ID of the service principal; the client ID by default. */
  readonly subject?: string;
  /** How the application proved itself: '1' by secret, '2' by certificate. */
  readonly credential: '1' | '2';
}

export type TokenCheck =
  | { readonly valid: true; readonly roles: readonly string[] }
  | { readonly valid: false; readonly reason: 'malformed' | 'signature' | 'audience' | 'expired' };

/** Of all tenants of this process, as all of Entra's have the same. */
let signingKeys: ReturnType<typeof generateKeyPair> | undefined;

export class AccessTokens {
  readonly #options: AccessTokenOptions;
  readonly #privateKey: webcrypto.CryptoKey;
  readonly #publicKey: webcrypto.CryptoKey;
  readonly #publicJwk: JWK & { kid: string };
  #issued = 0;

  private constructor(
    options: AccessTokenOptions,
    keys: { readonly privateKey: webcrypto.CryptoKey; readonly publicKey: webcrypto.CryptoKey },
    publicJwk: JWK & { kid: string },
  ) {
    this.#options = options;
    this.#privateKey = keys.privateKey;
    this.#publicKey = keys.publicKey;
    this.#publicJwk = publicJwk;
  }

  static async create(options: AccessTokenOptions): Promise<AccessTokens> {
    signingKeys ??= generateKeyPair('RS256', { modulusLength: 2048 });
    const keys = await signingKeys;
    const jwk = await exportJWK(keys.publicKey);
    const kid = await calculateJwkThumbprint(jwk);
    return new AccessTokens(options, keys, { ...jwk, kid, use: 'sig', alg: 'RS256' });
  }

  get issued(): number {
    return this.#issued;
  }

  now(): Date {
    return this.#options.now();
  }

  get lifetimeSeconds(): number {
    return this.#options.lifetimeSeconds;
  }

  /** The signing key as the authority publishes it. */
  keySet(): { readonly keys: readonly JWK[] } {
    return { keys: [this.#publicJwk] };
  }

  /** An app-only token. Entra leaves `roles` out altogether when the application was granted none for the audience. */
  async issue(request: AccessTokenRequest): Promise<string> {
    const issuedAt = Math.floor(this.#options.now().getTime() / 1000);
    const token = await new SignJWT({
      appid: request.clientId,
      appidacr: request.credential,
      idtyp: 'app',
      tid: this.#options.tenantId,
      oid: request.subject ?? request.clientId,
      ver: '1.0',
      ...(request.roles.length > 0 ? { roles: request.roles } : {}),
    })
      .setProtectedHeader({ typ: 'JWT', alg: 'RS256', kid: this.#publicJwk.kid })
      .setIssuer(this.#options.issuer)
      .setSubject(request.subject ?? request.clientId)
      .setAudience(request.audience)
      .setIssuedAt(issuedAt)
      .setNotBefore(issuedAt)
      .setExpirationTime(issuedAt + this.#options.lifetimeSeconds)
      .setJti(randomUUID())
      .sign(this.#privateKey);
    this.#issued += 1;
    return token;
  }

  async check(token: string, audiences: readonly string[]): Promise<TokenCheck> {
    try {
      const { payload } = await jwtVerify(token, this.#publicKey, {
        algorithms: ['RS256'],
        issuer: this.#options.issuer,
        audience: [...audiences],
        currentDate: this.#options.now(),
        requiredClaims: ['exp'],
      });
      const { roles } = payload;
      return { valid: true, roles: Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : [] };
    } catch (error) {
      if (error instanceof errors.JWTExpired) {
        return { valid: false, reason: 'expired' };
      }
      if (error instanceof errors.JWTClaimValidationFailed) {
        return { valid: false, reason: 'audience' };
      }
      if (error instanceof errors.JWSSignatureVerificationFailed) {
        return { valid: false, reason: 'signature' };
      }
      return { valid: false, reason: 'malformed' };
    }
  }
}
