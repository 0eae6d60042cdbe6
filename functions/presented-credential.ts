// The credential a request carries: the header X-API-Key; on routes for RADIUS servers also HTTP Basic with the
// client's name and secret, on routes for people also the token that Microsoft Entra gave them.

import type { HttpRequest } from '@azure/functions';
import type { Credential } from '../shared/domain/carried-credential.ts';

/** Characters; a token with the roles of a hundred sites has some 6,000. Longer ones are not looked into. */
const LONGEST_TOKEN = 12_000;

/** @returns `<client name>.<secret>` as an API key has it; `null` for none, or a malformed one */
export function presentedCredential({ headers }: Pick<HttpRequest, 'headers'>, takesBasic: boolean): string | null {
  const apiKey = headers.get('x-api-key');
  if (apiKey !== null || !takesBasic) return apiKey;
  const [, encoded] = /^Basic +([A-Za-z0-9+/]{1,400}={0,2})$/i.exec(headers.get('authorization')?.trim() ?? '') ?? [];
  const text = encoded && Buffer.from(encoded, 'base64').toString('utf8');
  const separator = text ? text.indexOf(':') : -1;
  return text && separator > 0 ? `${text.slice(0, separator)}.${text.slice(separator + 1)}` : null;
}

/** @returns the API key where there is one, else the token of a person: RADIUS servers have no tokens */
export function operatorCredential({ headers }: Pick<HttpRequest, 'headers'>): Credential {
  const apiKey = headers.get('x-api-key');
  if (apiKey !== null) return apiKey;
  const authorization = headers.get('authorization') ?? '';
  if (!/^Bearer(?: |$)/i.test(authorization)) return null;
  const bearer = authorization.slice('Bearer'.length).trim();
  return { bearer: bearer.length > LONGEST_TOKEN ? '' : bearer };
}
