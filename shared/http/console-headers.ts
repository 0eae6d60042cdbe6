// Headers of all that the console serves. The page runs scripts and styles of this origin alone, none that was put into
// it; it speaks to this origin and to the sign-in; no page embeds it, none that opens it can reach it.

/** @param authorityHost origin where people sign in */
export function consoleHeaders(authorityHost: string): Readonly<Record<string, string>> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ${new URL(authorityHost).origin}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ];
  return {
    'content-security-policy': policy.join('; '),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    // For proxies that do not know frame-ancestors.
    'x-frame-options': 'DENY',
  };
}

/** A year. Not for localhost: a browser would refuse every other server without TLS on that machine. */
export function strictTransport(url: string): Readonly<Record<string, string>> {
  return new URL(url).hostname === 'localhost' ? {} : { 'strict-transport-security': 'max-age=31536000' };
}

/**
 * Whether the browser has this content already (RFC 9110 13.1.2).
 * @param ifNoneMatch the header
 * @param etag of the content, with its quotes
 */
export function isKnown(ifNoneMatch: string | null, etag: string): boolean {
  if (ifNoneMatch === null) return false;
  return ifNoneMatch.split(',').some((each) => {
    const known = each.trim().replace(/^W\//, '');
    return known === '*' || known === etag;
  });
}
