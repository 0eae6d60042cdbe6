// With what the application signs in, and how long that lasts.

import type { Check, Outcome } from '../../ports/check.ts';
import type { Clock } from '../../ports/clock.ts';
import { credentialExpiry } from './credential-expiry.ts';
import type { CredentialStatus } from './credential-status.ts';
import type { TokenSource } from './token-source.ts';

export function credentialCheck(tokens: TokenSource, clock: Clock): Check {
  return {
    name: 'credential',
    title: 'Credential of the application',
    async run() {
      const [first, ...others] = await tokens.credentials();
      if (first === undefined) throw new Error('there is no credential');
      const outcome = judge(first, clock.now());
      const details = [first, ...others].flatMap((one) => (one.thumbprintSha256 ? certificateLines(one) : []));
      return { ...outcome, ...(details.length > 0 && { details }) };
    },
  };
}

function judge(credential: CredentialStatus, now: Date): Outcome {
  const { kind, expiresAt } = credential;
  if (kind === 'managed-identity') {
    return { status: 'ok', saw: 'A managed identity stands in for it: no secret, nothing that expires.' };
  }
  const left = credentialExpiry(credential, now);
  if (left === undefined || expiresAt === undefined) {
    return {
      status: 'warn',
      saw: 'A client secret; when it ends is not known here.',
      means: 'The day it ends, everything stops without a warning.',
      action: 'Set ENTRA_CLIENT_SECRET_EXPIRES to the date in the portal, or use a managed identity or a certificate.',
    };
  }
  const what = kind === 'secret' ? 'A client secret' : `The certificate ${credential.subject}`;
  const day = expiresAt.toISOString().slice(0, 10);
  if (left.days < 0) {
    return {
      status: 'failed',
      saw: `${what} ended on ${day}.`,
      means: 'Microsoft Entra refuses it.',
      action: 'Make a new one, give it to the app registration, and set it here.',
    };
  }
  const saw = `${what}, ${left.days} days left (until ${day}).`;
  if (left.urgency === 'fine') return { status: 'ok', saw };
  return {
    status: 'warn',
    saw,
    means: 'When it ends, nothing can be asked of Microsoft any more.',
    action:
      kind === 'secret'
        ? 'Create a new secret and set ENTRA_CLIENT_SECRET and ENTRA_CLIENT_SECRET_EXPIRES.'
        : 'Make a new certificate, upload it, and set it as ENTRA_CLIENT_CERTIFICATE_2 beside the old one.',
  };
}

/** The portal shows the SHA-1 thumbprint, the token request names the SHA-256 one. */
function certificateLines({
  setting,
  subject,
  expiresAt,
  thumbprintSha1,
  thumbprintSha256,
}: CredentialStatus): string[] {
  return [
    `${setting}: ${subject}, until ${expiresAt?.toISOString().slice(0, 10)}`,
    `  thumbprint SHA-1   ${thumbprintSha1}`,
    `  thumbprint SHA-256 ${thumbprintSha256}`,
  ];
}
