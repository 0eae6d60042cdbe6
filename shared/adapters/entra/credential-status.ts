// What may be shown of a credential that the app signs in with.

import type { AppCredential } from '../../ports/app-credential.ts';

/** What the app signs in with, as far as it may be shown. */

export interface CredentialStatus {
  readonly kind: AppCredential['kind'];
  /** Absent for a managed identity, and for a secret whose end is not in the settings. */
  readonly expiresAt?: Date;
  readonly thumbprintSha256?: string;
  /** As the portal shows it. */
  readonly thumbprintSha1?: string;
  readonly subject?: string;
  /** The setting it comes from. */
  readonly setting?: string;
}
