// How the secret of a client is checked.

import type { Client } from '../domain/client.ts';

/** Whether a client has this secret. Compares in constant time. */
export interface SecretCheck {
  matches(client: Client, secret: string): boolean;
}
