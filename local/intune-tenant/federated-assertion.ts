// Checks a client assertion that another issuer signed, as Entra does for an application with federated credentials.

import { decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose';
import type { AccessTokens } from './access-tokens.ts';
import type { FederatedCredential } from './app-registration.ts';
import { ENTRA_REFUSALS, type EntraRefusal } from './entra-error.ts';

export interface FederatedAssertionContext {
  readonly clientId: string;
  readonly federatedCredentials: readonly FederatedCredential[];
  /** The tenant itself is the only issuer whose signatures can be verified here: it issues for managed identities. */
  readonly tokens: AccessTokens;
}

/** An assertion that names its key by `kid` comes from an issuer of tokens; certificates are named by thumbprint. */
export function isFederatedAssertion(assertion: string): boolean {
  try {
    const { kid, x5t, 'x5t#S256': x5tS256 } = decodeProtectedHeader(assertion);
    return kid !== undefined && x5t === undefined && x5tS256 === undefined;
  } catch {
    return false;
  }
}

/**
 * Why Entra refuses the assertion, or undefined when a federated credential matches its issuer, its subject and its
 * audience exactly and it is signed by that issuer and in its time.
 */
export async function federatedAssertionRefusal(
  assertion: string,
  context: FederatedAssertionContext,
): Promise<EntraRefusal | undefined> {
  let claims: JWTPayload;
  try {
    claims = decodeJwt(assertion);
  } catch {
    return ENTRA_REFUSALS.malformedAssertion();
  }
  const { iss = '', sub = '' } = claims;
  const audience = typeof claims.aud === 'string' ? claims.aud : '';
  if (context.federatedCredentials.length === 0) {
    return ENTRA_REFUSALS.noFederatedCredential(context.clientId);
  }
  const ofIssuer = context.federatedCredentials.filter(({ issuer }) => issuer === iss);
  if (ofIssuer.length === 0) {
    return ENTRA_REFUSALS.federatedIssuer(iss);
  }
  const ofSubject = ofIssuer.filter(({ subject }) => subject === sub);
  if (ofSubject.length === 0) {
    return ENTRA_REFUSALS.federatedSubject(sub);
  }
  if (!ofSubject.some((credential) => credential.audience === audience)) {
    return ENTRA_REFUSALS.federatedAudience(audience);
  }
  const check = await context.tokens.check(assertion, [audience]);
  if (check.valid) {
    return undefined;
  }
  return check.reason === 'expired'
    ? ENTRA_REFUSALS.assertionTime(context.tokens.now())
    : ENTRA_REFUSALS.assertionSignature('The provided signature value did not match the expected signature value.');
}
