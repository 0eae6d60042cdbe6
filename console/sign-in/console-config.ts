// What the page must know to sign a person in, as GET /console/config.json gives it. Nothing of it is a secret.

import { ApiError, problemOf } from '../api/api-error.ts';

export interface ConsoleConfig {
  readonly clientId: string;
  /** Authority with the tenant: `https://login.microsoftonline.com/<tenant>`. */
  readonly authority: string;
  readonly knownAuthorities: readonly string[];
  /** An OpenID discovery document, so that none is fetched before the page navigates. */
  readonly authorityMetadata?: unknown;
  /** By the id of the client, never by a URI: a URI would fail at the first refresh (AADSTS90009). */
  readonly scope: string;
}

const CONFIG = '/console/config.json';

export async function readConsoleConfig(): Promise<ConsoleConfig> {
  let answer: Response;
  try {
    answer = await fetch(CONFIG, { credentials: 'omit' });
  } catch {
    throw new ApiError('offline', 0, {});
  }
  if (answer.ok) return (await answer.json()) as ConsoleConfig;
  const refusal = await answer.json().catch(() => ({}));
  throw new ApiError(problemOf(answer.status, refusal.code), answer.status, refusal);
}
