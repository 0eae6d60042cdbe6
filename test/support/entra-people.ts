// Microsoft Entra as far as a verifier of tokens sees it: a discovery document, keys, and tokens that are signed with
// them by the same library as Entra's peers use. The keys roll and the way there is away when a test says so.

import { exportJWK, generateKeyPair, type JWTHeaderParameters, SignJWT } from 'jose';
import type { HttpAnswer, HttpsTransport } from '../../shared/adapters/https/https-transport.ts';

export const TENANT = '00000000-0000-4000-8000-00000000000a';
export const CONSOLE = '00000000-0000-4000-8000-00000000000c';
export const AUTHORITY = 'https://login.example';
export const ISSUER = `${AUTHORITY}/${TENANT}/v2.0`;
export const OID = '0f8fad5b-d9cb-469f-a165-70867728950e';

export type Claims = Readonly<Record<string, unknown>>;
type Pair = Awaited<ReturnType<typeof generateKeyPair>>;

/** Made once: a key of 2,048 bits takes a while. */
const PAIRS = new Map<string, Promise<Pair>>();

export function keyPair(kid: string): Promise<Pair> {
  const known = PAIRS.get(kid) ?? generateKeyPair('RS256', { extractable: true });
  PAIRS.set(kid, known);
  return known;
}

export class EntraPeople {
  /** Names of the keys that are published. */
  published = ['key-1'];
  isAway = false;
  issuer = ISSUER;
  keysAddress = `${AUTHORITY}/${TENANT}/discovery/v2.0/keys`;
  /** Addresses that were asked for. */
  readonly asked: string[] = [];
  readonly #now: () => number;

  /** @param now milliseconds since 1970 */
  constructor(now: () => number) {
    this.#now = now;
  }

  readonly transport: Pick<HttpsTransport, 'send'> = {
    send: async (_method, url) => {
      this.asked.push(url);
      if (this.isAway) throw new Error('The host cannot be reached.');
      if (url.endsWith('/.well-known/openid-configuration')) {
        return answer({ issuer: this.issuer, jwks_uri: this.keysAddress });
      }
      const keys = await Promise.all(this.published.map(async (kid) => publicJwk(kid)));
      return answer({ keys });
    },
  };

  /** What Entra gives the page for a person; a claim that is `undefined` is left out. */
  claims(changed: Claims = {}): Claims {
    const now = Math.floor(this.#now() / 1000);
    const claims = {
      ...{ iss: ISSUER, aud: CONSOLE, azp: CONSOLE, azpacr: '0', ver: '2.0', tid: TENANT, scp: 'console' },
      ...{ oid: OID, sub: 'pairwise-subject', preferred_username: 'anna@example.com', name: 'Anna Example' },
      ...{ roles: ['NAC.Auditor'], iat: now, nbf: now, exp: now + 4_500, uti: 'one' },
      ...changed,
    };
    return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
  }

  async token(changed: Claims = {}, kid = 'key-1', header: Partial<JWTHeaderParameters> = {}): Promise<string> {
    const { privateKey } = await keyPair(kid);
    return new SignJWT(this.claims(changed))
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid, ...header })
      .sign(privateKey);
  }
}

export async function publicJwk(kid: string) {
  return { ...(await exportJWK((await keyPair(kid)).publicKey)), kid, use: 'sig' };
}

function answer(document: unknown): HttpAnswer {
  const body = JSON.stringify(document);
  return { status: 200, headers: {}, body, parts: [body] };
}
