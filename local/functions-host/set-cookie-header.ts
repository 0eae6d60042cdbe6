// Formats one entry of a function's `cookies` array the way ASP.NET's Response.Cookies does on Azure.
import type { RpcCookie } from './rpc-types.ts';

const SAME_SITE: Readonly<Record<string, string>> = { lax: 'lax', strict: 'strict', explicitNone: 'none' };

export function setCookieHeader(cookie: RpcCookie): string {
  const parts = [`${escapeData(cookie.name)}=${escapeData(cookie.value)}`];
  const expires = cookie.expires?.value?.seconds;
  if (expires !== undefined) parts.push(`expires=${new Date(Number(expires) * 1000).toUTCString()}`);
  const maxAge = cookie.maxAge?.value ?? undefined;
  if (maxAge !== undefined) parts.push(`max-age=${Math.trunc(maxAge)}`);
  if (cookie.domain?.value) parts.push(`domain=${cookie.domain.value}`);
  // CookieOptions.Path is "/" unless set.
  parts.push(`path=${cookie.path?.value || '/'}`);
  if (cookie.secure?.value) parts.push('secure');
  const sameSite = SAME_SITE[cookie.sameSite ?? ''];
  if (sameSite !== undefined) parts.push(`samesite=${sameSite}`);
  if (cookie.httpOnly?.value) parts.push('httponly');
  return parts.join('; ');
}

// .NET's Uri.EscapeDataString escapes five characters more than encodeURIComponent.
function escapeData(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
