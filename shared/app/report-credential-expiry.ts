// Says once a day in the log how long the app's credential is good for: what an alert is made of.

import { credentialExpiry } from '../adapters/entra/credential-expiry.ts';
import type { CredentialStatus } from '../adapters/entra/credential-status.ts';
import type { TokenSource } from '../adapters/entra/token-source.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger, Telemetry } from '../ports/telemetry.ts';

const LEVELS = { fine: 'info', soon: 'warn', now: 'error' } as const;
const RENEW = {
  certificates:
    'Make a new certificate, upload it to the app registration, and set it as ENTRA_CLIENT_CERTIFICATE_2 beside the old one.',
  secret: 'Create a new client secret and set ENTRA_CLIENT_SECRET and ENTRA_CLIENT_SECRET_EXPIRES.',
  'managed-identity': '',
} as const satisfies Record<CredentialStatus['kind'], string>;

export interface CredentialExpiryDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: Telemetry | undefined;
  /** Keeps for the overview what is in use. */
  readonly keep?: (credential: CredentialStatus) => Promise<void>;
}

/**
 * @param resource any audience: which of several certificates is in use shows only when a token was given
 * @returns to be called often; it never fails
 */
export function credentialExpiryReporter(
  tokens: TokenSource,
  resource: string,
  { clock, log, telemetry, keep }: CredentialExpiryDeps,
): () => Promise<void> {
  let reported = '';
  return async () => {
    const now = clock.now();
    const today = now.toISOString().slice(0, 10);
    if (reported === today) return;
    try {
      await tokens.getToken(resource);
      const [inUse] = await tokens.credentials();
      if (inUse !== undefined) {
        report(inUse, now, { log, telemetry });
        await keep?.(inUse);
      }
      reported = today;
    } catch {
      // The poll itself says why there is no token; the report is made when there is one.
    }
  };
}

function report(
  credential: CredentialStatus,
  now: Date,
  { log, telemetry }: Pick<CredentialExpiryDeps, 'log' | 'telemetry'>,
): void {
  const { kind, expiresAt, setting, thumbprintSha256 } = credential;
  const left = credentialExpiry(credential, now);
  if (left === undefined) {
    if (kind === 'secret') {
      log.info('credential.expiry-unknown', { kind, action: 'Set ENTRA_CLIENT_SECRET_EXPIRES to be warned in time.' });
    }
    return;
  }
  telemetry?.set('nac.credential.days_left', left.days, { 'nac.credential.kind': kind });
  log[LEVELS[left.urgency]]('credential.days-left', {
    days: left.days,
    kind,
    expiresAt: expiresAt?.toISOString(),
    setting,
    thumbprintSha256,
    ...(left.urgency !== 'fine' && { action: RENEW[kind] }),
  });
}
