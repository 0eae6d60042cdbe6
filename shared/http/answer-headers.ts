// Headers of every answer. The API is no page: a browser that shows an answer all the same keeps, runs and embeds
// nothing.

import type { ConnectorError } from '../errors.ts';

export const ANSWER_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/**
 * The challenge of a 401, and of a 403 for want of a role (RFC 9110 15.5.2, RFC 6750 3). Never Basic: a browser would
 * open its own window for a password, keep what is typed there, and send it with every request that any page makes.
 * @param carried whether the request carried a credential; without one it is no error, but a question for one
 */
export function challenge(
  { code }: Pick<ConnectorError, 'code'>,
  status: number,
  carried: boolean,
): { readonly 'www-authenticate'?: string } {
  const realm = 'Bearer realm="connector"';
  if (code === 'NAC_ROLE_MISSING') return { 'www-authenticate': `${realm}, error="insufficient_scope"` };
  if (status !== 401) return {};
  return { 'www-authenticate': carried ? `${realm}, error="invalid_token"` : realm };
}
