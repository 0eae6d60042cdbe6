// The credential a request carries: the header X-API-Key; on routes for RADIUS servers also HTTP Basic with the
// client's name and secret.

import type { HttpRequest } from '@azure/functions';

/** @returns `<client name>.<secret>` as an API key has it; `null` for none, or a malformed one */
export function presentedCredential({ headers }: Pick<HttpRequest, 'headers'>, takesBasic: boolean): string | null {
  const apiKey = headers.get('x-api-key');
  if (apiKey !== null || !takesBasic) return apiKey;
  const [, encoded] = /^Basic +([A-Za-z0-9+/]{1,400}={0,2})$/i.exec(headers.get('authorization')?.trim() ?? '') ?? [];
  const text = encoded && Buffer.from(encoded, 'base64').toString('utf8');
  const separator = text ? text.indexOf(':') : -1;
  return text && separator > 0 ? `${text.slice(0, separator)}.${text.slice(separator + 1)}` : null;
}
