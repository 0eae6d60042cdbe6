// Where RADIUS servers and operators are known.

import type { Client } from '../domain/client.ts';
import type { CallOptions } from './call-options.ts';

export interface ClientStore {
  /**
   * `fresh` sees a rotation or revocation that memory does not know of yet: for a secret that did not match.
   * @throws StoreError when the store is away, or too many names were asked for that no client is known by
   */
  read(name: string, options?: CallOptions): Promise<Client | undefined>;
  /** Of every client: one small list. */
  names(options?: CallOptions): Promise<readonly string[]>;
  /** The session key of a site; `fresh` becomes it if the site has none yet. */
  sessionKeyOf(site: string, fresh: string): Promise<string>;
  /** @throws StoreError NAC_CLIENT_EXISTS */
  create(client: Client): Promise<void>;
}
