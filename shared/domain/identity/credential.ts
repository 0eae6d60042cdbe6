// Which credential an answer was given for. Answers for different credentials stand side by side in one session: the
// machine's certificate and the user's are used in turn, and no answer for one says anything of the other.

import { hash } from 'node:crypto';
import type { AccessRequest } from './access-request.ts';

/** Eight hexadecimal digits; the same for every question with the same certificate, user or bypass. */
export function credentialKey({ method, certificate, userName }: AccessRequest): string {
  return hash('sha256', JSON.stringify([method, ...proof(method, certificate, userName)])).slice(0, 8);
}

function proof(
  method: AccessRequest['method'],
  certificate: AccessRequest['certificate'],
  userName: string | undefined,
): unknown[] {
  // The address itself is all that MAB shows; its notation does not matter.
  if (method === 'mab') return [];
  // RFC 5280 4.1.2.2: issuer and serial number name a certificate.
  if (certificate?.serial !== undefined) return [certificate.issuer ?? '', certificate.serial];
  return [certificate?.subject ?? certificate?.commonName ?? '', (userName ?? '').toLowerCase()];
}
