// Looks into an access token. Only to inform people: Microsoft's APIs judge a token, not we.

import { readTokenRoles } from './token-roles.ts';

export interface TokenClaims {
  readonly audience?: string;
  readonly roles: readonly string[];
}

/** `undefined` when it is no readable JWT: tokens are opaque by their specification (RFC 6749 1.4). */
export function readTokenClaims(token: string): TokenClaims | undefined {
  const roles = readTokenRoles(token);
  if (roles === undefined) return undefined;
  const { aud } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as { aud?: unknown };
  return { roles, ...(typeof aud === 'string' && { audience: aud.slice(0, 200) }) };
}
