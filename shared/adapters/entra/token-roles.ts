// Which application permissions a token carries. Only for error texts: Microsoft's APIs judge a token, not we.

/**
 * The `roles` claim of an access token (Microsoft identity platform, access token claims reference); `undefined` when
 * it cannot be read.
 */
export function readTokenRoles(token: string): readonly string[] | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    if (typeof claims !== 'object' || claims === null) return undefined;
    const { roles } = claims as { roles?: unknown };
    if (roles === undefined) return [];
    return Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : undefined;
  } catch {
    return undefined;
  }
}
