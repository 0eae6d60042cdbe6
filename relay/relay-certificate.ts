// The days left of the relay's own certificate: said in health, and daily in the log, before Entra refuses it.

import { X509Certificate } from 'node:crypto';
import { type Instant, toInstant } from '../shared/domain/instant.ts';
import type { Logger } from '../shared/ports/telemetry.ts';
import type { SendClock } from './radius/send-clock.ts';

export interface CertificateHealth {
  readonly notAfter: Instant;
  /** Whole days, rounded down; below nought once it has ended. */
  readonly credentialExpiry: number;
}

export interface CertificateWatch {
  readonly health: CertificateHealth;
  stop(): void;
}

const DAY_MS = 24 * 60 * 60_000;
const WARN_BELOW_DAYS = 30;
const ERROR_BELOW_DAYS = 7;
const ACTION =
  "Make the next certificate, add its public part to the relay's app registration beside this one, put it and its key into certificateFile and restart the relay (docs/operations.md).";

/**
 * When the certificate that signs in ends.
 * @param pem certificate and private key; of several certificates the first one counts, as for `@azure/identity`
 * @returns `undefined` if there is none that can be read
 */
export function certificateEnd(pem: string): Date | undefined {
  const [first] = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(pem) ?? [];
  if (first === undefined) return undefined;
  try {
    return new X509Certificate(first).validToDate;
  } catch {
    return undefined;
  }
}

/** Logs at once, and then each day until `stop`. */
export function watchCertificate(
  end: Date,
  { clock, log }: { readonly clock: Pick<SendClock, 'now' | 'after'>; readonly log: Logger },
): CertificateWatch {
  const health = (): CertificateHealth => ({
    notAfter: toInstant(end),
    credentialExpiry: credentialExpiry(end, clock.now()),
  });
  let cancel: () => void;

  function look(): void {
    cancel = clock.after(DAY_MS, look);
    const fields = health();
    if (fields.credentialExpiry >= WARN_BELOW_DAYS) {
      log.info('relay.certificate', { ...fields });
      return;
    }
    const message =
      fields.credentialExpiry < 0
        ? `The certificate of the relay ended at ${fields.notAfter}`
        : `The certificate of the relay ends in ${fields.credentialExpiry} days, at ${fields.notAfter}`;
    const level = fields.credentialExpiry < ERROR_BELOW_DAYS ? 'error' : 'warn';
    log[level]('relay.certificate', { code: 'NAC_RELAY_CERTIFICATE', message, action: ACTION, ...fields });
  }

  look();
  return {
    get health() {
      return health();
    },
    stop: () => cancel(),
  };
}

/** Whole days from then until the certificate ends. */
export function credentialExpiry(end: Date, now: Date): number {
  return Math.floor((end.getTime() - now.getTime()) / DAY_MS);
}
