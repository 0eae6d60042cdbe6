// Signs what the simulated tenant gives a person's page: an access token of version 2 and an id token. Its keys roll.

import { createHash, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import type { Person } from './person.ts';

export interface PersonTokensOptions {
  readonly issuer: string;
  readonly tenantId: string;
  /** Of the console's registration. */
  readonly clientId: string;
  readonly now: () => Date;
}

interface SigningKey {
  readonly privateKey: Parameters<SignJWT['sign']>[0];
  readonly jwk: JWK & { readonly kid: string };
}

/** The first one, of all tenants of this process: to make a key takes a while. */
let firstKey: Promise<SigningKey> | undefined;

export class PersonTokens {
  readonly options: PersonTokensOptions;
  /** The newest first; all are published. */
  #keys: readonly [SigningKey, ...SigningKey[]];

  private constructor(options: PersonTokensOptions, key: SigningKey) {
    this.options = options;
    this.#keys = [key];
  }

  static async create(options: PersonTokensOptions): Promise<PersonTokens> {
    firstKey ??= newKey();
    return new PersonTokens(options, await firstKey);
  }

  published(): readonly JWK[] {
    return this.#keys.map(({ jwk }) => jwk);
  }

  /** @param withdraw whether tokens of the keys of before are worth nothing, as after a theft */
  async rollKey(withdraw: boolean): Promise<void> {
    const key = await newKey();
    this.#keys = withdraw ? [key] : [key, ...this.#keys];
  }

  /** For the API of the console, by the person's roles of now. */
  accessToken(person: Person, seconds: number): Promise<string> {
    const { clientId } = this.options;
    const about = { azp: clientId, azpacr: '0', scp: 'console', uti: randomUUID() };
    return this.#sign({ ...this.#claims(person), ...about }, seconds);
  }

  idToken(person: Person, nonce: string | undefined, seconds: number): Promise<string> {
    const about = { login_hint: person.userName, ...(nonce !== undefined && { nonce }) };
    return this.#sign({ ...this.#claims(person), ...about }, seconds);
  }

  #claims({ oid, name, userName, roles }: Person) {
    const { tenantId, clientId } = this.options;
    return {
      oid,
      name,
      preferred_username: userName,
      tid: tenantId,
      ver: '2.0',
      // Another one for each app, so that apps cannot compare whom they know.
      sub: createHash('sha256').update(`${oid} ${clientId}`).digest('base64url'),
      // Left out where there are none.
      ...(roles.length > 0 && { roles }),
    };
  }

  #sign(claims: Record<string, unknown>, seconds: number): Promise<string> {
    const [{ privateKey, jwk }] = this.#keys;
    const issuedAt = Math.floor(this.options.now().getTime() / 1000);
    return new SignJWT(claims)
      .setProtectedHeader({ typ: 'JWT', alg: 'RS256', kid: jwk.kid })
      .setIssuer(this.options.issuer)
      .setAudience(this.options.clientId)
      .setIssuedAt(issuedAt)
      .setNotBefore(issuedAt)
      .setExpirationTime(issuedAt + seconds)
      .sign(privateKey);
  }
}

async function newKey(): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { modulusLength: 2048 });
  const jwk = await exportJWK(publicKey);
  return { privateKey, jwk: { ...jwk, kid: await calculateJwkThumbprint(jwk), use: 'sig', alg: 'RS256' } };
}
