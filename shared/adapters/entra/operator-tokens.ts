// Checks the token of a person who has signed in to the console: an access token of version 2 that Microsoft Entra made
// for our page, about a person of our tenant. Claims: learn.microsoft.com/entra/identity-platform/
// access-token-claims-reference and claims-validation.

import type { webcrypto } from 'node:crypto';
import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose';
import type { BearerToken } from '../../domain/carried-credential.ts';
import { showable } from '../../domain/plain-line.ts';
import { RequestError } from '../../errors.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type { Clock } from '../../ports/clock.ts';
import { CONSOLE_SCOPE, type ConsoleRegistration } from '../../ports/console-registration.ts';
import type { OperatorTokens, SignedIn } from '../../ports/operator-tokens.ts';
import type { SigningKeys } from './signing-keys.ts';

/** Seconds that clocks may differ by. */
const CLOCK_TOLERANCE_S = 60;
const LONGEST_NAME = 100;
/** App roles of one person that count; a registration has room for 1,200 entries in all. */
const MOST_ROLES = 1_200;
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function createOperatorTokens(
  registration: Pick<ConsoleRegistration, 'clientId' | 'tenantId'>,
  keys: SigningKeys,
  clock: Clock,
): OperatorTokens {
  return {
    async check({ bearer }: BearerToken, options: CallOptions): Promise<SignedIn> {
      const { issuer, key } = await keys.of(keyIdOf(bearer), options);
      if (key === undefined) throw refused('Its key is not one that Microsoft Entra publishes for this tenant.');
      const claims = await verified(bearer, key, issuer, registration.clientId, clock);
      return signedIn(claims, registration);
    },
  };
}

/** Read before the signature, to find the key: nothing else of the header is believed. */
function keyIdOf(token: string): string {
  let header: { readonly alg?: unknown; readonly kid?: unknown } | undefined;
  try {
    header = decodeProtectedHeader(token);
  } catch {
    header = undefined;
  }
  if (header === undefined) throw refused('It is no signed token (JWT), or too long to be one of ours.');
  if (header.alg !== 'RS256') throw refused('It is not signed with RS256.');
  if (typeof header.kid !== 'string' || header.kid === '') throw refused('It names no key.');
  return header.kid;
}

async function verified(
  token: string,
  key: webcrypto.CryptoKey,
  issuer: string,
  audience: string,
  clock: Clock,
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['RS256'],
      issuer,
      audience,
      clockTolerance: CLOCK_TOLERANCE_S,
      currentDate: clock.now(),
      requiredClaims: ['exp', 'nbf', 'sub'],
    });
    return payload;
  } catch (thrown) {
    throw refused(problemOf(thrown), thrown);
  }
}

function problemOf(thrown: unknown): string {
  if (thrown instanceof errors.JWTExpired) return 'It has expired.';
  if (thrown instanceof errors.JWSSignatureVerificationFailed) return 'Its signature is wrong.';
  if (!(thrown instanceof errors.JWTClaimValidationFailed))
    return 'It is no signed token (JWT) with the claims of one.';
  if (thrown.claim === 'nbf' && thrown.reason === 'check_failed') return 'It is not valid yet: the clocks differ.';
  return `Its claim ${thrown.claim} is not the one of this console.`;
}

/** Any of these may be missing or of another type: a token of another kind is signed with the same keys. */
function signedIn(claims: JWTPayload, { clientId, tenantId }: Pick<ConsoleRegistration, 'clientId' | 'tenantId'>) {
  const { tid, ver, scp, azp, oid, sub, idtyp } = claims;
  requireClaim('tid', tid === tenantId);
  requireClaim('ver', ver === '2.0');
  // Only the page asks for it; no other app of the tenant may bring tokens.
  requireClaim('azp', azp === clientId);
  // An app that acts by itself has none.
  requireClaim('scp', typeof scp === 'string' && scp.split(' ').includes(CONSOLE_SCOPE));
  requireClaim('idtyp', idtyp === undefined || idtyp === 'user');
  if (typeof oid !== 'string' || !GUID.test(oid) || oid === sub) throw wrongClaim('oid');
  return { oid, shownName: shownName(claims), roles: rolesOf(claims) };
}

function requireClaim(name: string, isRight: boolean): void {
  if (!isRight) throw wrongClaim(name);
}

function wrongClaim(name: string): RequestError {
  return refused(`Its claim ${name} is not the one of this console.`);
}

function rolesOf({ roles }: JWTPayload): string[] {
  return Array.isArray(roles) ? roles.filter((role) => typeof role === 'string').slice(0, MOST_ROLES) : [];
}

/** A name of one line, since it stands in lists and tables; the sign-in name first, which no other person has. */
function shownName({ preferred_username, name }: JWTPayload): string {
  for (const each of [preferred_username, name]) {
    const text = typeof each === 'string' ? showable(each.slice(0, 4 * LONGEST_NAME)).trim() : '';
    if (text !== '') return [...text].slice(0, LONGEST_NAME).join('');
  }
  return 'a person without a name';
}

function refused(problem: string, cause?: unknown): RequestError {
  return new RequestError(401, 'NAC_TOKEN', `The token is not accepted. ${problem}`, {
    action: 'Sign in to the console again. A program sends the API key of a client in the header X-API-Key.',
    field: 'Authorization',
    cause,
  });
}
