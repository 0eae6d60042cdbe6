// Headers of every answer. The API is no page: a browser that shows an answer all the same keeps, runs and embeds
// nothing.

export const ANSWER_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/**
 * The challenge of a 401 (RFC 9110 15.5.2, RFC 6750 3). Never Basic: a browser would open its own window for a
 * password, keep what is typed there, and send it with every request that any page makes.
 * @param credential what the request carried; without one it is no error, but a question for one
 */
export function challenge(credential: string | null): { readonly 'www-authenticate': string } {
  const realm = 'Bearer realm="connector"';
  return { 'www-authenticate': credential === null ? realm : `${realm}, error="invalid_token"` };
}
