// How a person's token is checked.

import type { BearerToken } from '../domain/carried-credential.ts';
import type { CallOptions } from './call-options.ts';

/** Whom a right token names. */
export interface SignedIn {
  /** Object id of the person in Entra: it never changes, and is not given to another. */
  readonly oid: string;
  /** For people to read; the person, or an administrator of the tenant, may have written anything there. */
  readonly shownName: string;
  /** Values of the app roles; none where the person has none. */
  readonly roles: readonly string[];
}

export interface OperatorTokens {
  /**
   * @throws RequestError 401 NAC_TOKEN with what is wrong with it
   * @throws RequestError 503 NAC_TOKEN_KEYS when the keys of Microsoft Entra are not known, and cannot be had
   */
  check(token: BearerToken, options: CallOptions): Promise<SignedIn>;
}
