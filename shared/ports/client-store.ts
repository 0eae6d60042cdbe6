// Where RADIUS servers and operators are known.

import type { Client } from '../domain/client.ts';
import type { CallOptions } from './call-options.ts';

export interface ClientStore {
  /** `fresh` sees a rotation or revocation that memory does not know of yet. */
  read(name: string, options?: CallOptions): Promise<Client | undefined>;
  /** The session key of a site; `fresh` becomes it if the site has none yet. */
  sessionKeyOf(site: string, fresh: string): Promise<string>;
  /** @throws StoreError NAC_CLIENT_EXISTS */
  create(client: Client): Promise<void>;
}
