// Who the app is towards Entra: its registration, and what proves that it is the app.

import type { AppCredential } from '../../ports/app-credential.ts';

export interface AppIdentity {
  readonly tenantId: string;
  readonly clientId: string;
  readonly authorityHost: string;
  readonly credential: AppCredential;
}
