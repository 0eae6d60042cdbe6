// Checks a client assertion the way Entra does for an application with a registered certificate.

import { X509Certificate } from 'node:crypto';
import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose';
import { ENTRA_REFUSALS, type EntraRefusal } from './entra-error.ts';

/** How far the clock of an application may differ from Entra's. */
const CLOCK_SKEW_SECONDS = 300;

export interface ClientAssertionContext {
  readonly clientId: string;
  /** Addresses of the token endpoint and its issuer, any of which an assertion may be made for. */
  readonly audiences: readonly string[];
  /** The certificates uploaded to the app registration, in PEM. */
  readonly certificates: readonly string[];
  readonly now: Date;
}

/**
 * Why Entra refuses the assertion, or undefined when it proves the client: signed by a registered certificate's key
 * (PS256 named by `x5t#S256`, or RS256 named by `x5t`), made for this token endpoint by this client, and in its time.
 */
export async function clientAssertionRefusal(
  assertion: string,
  context: ClientAssertionContext,
): Promise<EntraRefusal | undefined> {
  const header = assertionHeader(assertion);
  if (header === undefined) {
    return ENTRA_REFUSALS.malformedAssertion();
  }
  const thumbprint = header.alg === 'PS256' ? header.x5tS256 : header.alg === 'RS256' ? header.x5t : undefined;
  if (thumbprint === undefined) {
    return ENTRA_REFUSALS.assertionSignature(
      `The key was not found: sign with PS256 and name the certificate in x5t#S256, or with RS256 and x5t.`,
    );
  }
  const certificate = context.certificates
    .map((pem) => new X509Certificate(pem))
    .find((registered) => thumbprintOf(header.alg, registered) === bytesOf(thumbprint));
  if (certificate === undefined) {
    const used = bytesOf(thumbprint).toUpperCase();
    return ENTRA_REFUSALS.assertionSignature(`The key was not found. Thumbprint of key used by client: '${used}'.`);
  }
  const outlived =
    context.now.getTime() > certificate.validToDate.getTime() ||
    context.now.getTime() < certificate.validFromDate.getTime();
  if (outlived) {
    return ENTRA_REFUSALS.assertionSignature('The key used is expired or not valid yet.');
  }

  let payload: JWTPayload;
  try {
    ({ payload } = await jwtVerify(assertion, certificate.publicKey, {
      algorithms: [header.alg],
      currentDate: context.now,
      clockTolerance: CLOCK_SKEW_SECONDS,
      requiredClaims: ['exp', 'aud', 'iss', 'sub'],
    }));
  } catch (error) {
    return verificationRefusal(error, context.now);
  }
  if (![payload.aud].flat().some((audience) => audience !== undefined && context.audiences.includes(audience))) {
    return ENTRA_REFUSALS.assertionAudience();
  }
  const client = context.clientId.toLowerCase();
  if (payload.iss?.toLowerCase() !== client || payload.sub?.toLowerCase() !== client) {
    return ENTRA_REFUSALS.assertionClient();
  }
  return undefined;
}

function thumbprintOf(algorithm: string, certificate: X509Certificate): string {
  const fingerprint = algorithm === 'PS256' ? certificate.fingerprint256 : certificate.fingerprint;
  return fingerprint.replaceAll(':', '').toLowerCase();
}

/** As hexadecimal digits, of base64url as RFC 7515 has it, or of plain base64, which Entra takes as well. */
function bytesOf(thumbprint: string): string {
  return Buffer.from(thumbprint, 'base64').toString('hex');
}

function verificationRefusal(error: unknown, now: Date): EntraRefusal {
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return ENTRA_REFUSALS.assertionSignature(
      'The provided signature value did not match the expected signature value.',
    );
  }
  const aboutTime =
    error instanceof errors.JWTExpired || (error instanceof errors.JWTClaimValidationFailed && error.claim === 'nbf');
  return aboutTime ? ENTRA_REFUSALS.assertionTime(now) : ENTRA_REFUSALS.malformedAssertion();
}

interface AssertionHeader {
  readonly alg: string;
  readonly x5t: string | undefined;
  readonly x5tS256: string | undefined;
}

function assertionHeader(assertion: string): AssertionHeader | undefined {
  try {
    const header: Readonly<Record<string, unknown>> = decodeProtectedHeader(assertion);
    const member = (name: string): string | undefined => {
      const value = header[name];
      return typeof value === 'string' ? value : undefined;
    };
    return { alg: member('alg') ?? '', x5t: member('x5t'), x5tS256: member('x5t#S256') };
  } catch {
    return undefined;
  }
}
