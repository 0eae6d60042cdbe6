// The connector as Cisco ISE asks it, over tables in memory: the whole app but for the network, in milliseconds.

import { TableClientStore } from '../../shared/adapters/table-storage/table-client-store.ts';
import { credentialFor, formatApiKey } from '../../shared/domain/client.ts';
import { toInstant } from '../../shared/domain/instant.ts';
import { type LookupInMemory, lookupInMemory } from './lookup-in-memory.ts';

export interface IseInMemory extends LookupInMemory {
  /** Key of the ISE of site `hq`. */
  readonly key: string;
  /** Makes another one. @returns its key */
  join(name: string, site: string): Promise<string>;
  /** Asks as ISE does; a path and a query. @returns the answer's XML */
  get(target: string, key?: string): Promise<string>;
  /** Sends a body. */
  send(method: 'POST' | 'PUT', target: string, body: string, key?: string): Promise<string>;
}

export async function iseInMemory(env: Readonly<Record<string, string>> = {}): Promise<IseInMemory> {
  const memory = await lookupInMemory(env);
  const clients = new TableClientStore(memory.tables.clients);
  const join = async (name: string, site: string): Promise<string> => {
    const secret = 'e'.repeat(64);
    const credentials = [credentialFor(secret, 'ab'.repeat(16), toInstant(memory.clock.now()))];
    const sessionKey = await clients.sessionKeyOf(site, 'cd'.repeat(32));
    await clients.create({ name, site, kind: 'ise', sessionKey, credentials });
    return formatApiKey(name, secret);
  };
  const key = await join('ise-hq', 'hq');
  const ask = (method: string, target: string, body: string, by: string): Promise<string> => {
    const url = new URL(target, 'https://connector.example');
    return memory.app.mdmApi(by, { method, path: url.pathname, query: url.searchParams }, body);
  };
  return {
    ...memory,
    key,
    join,
    get: (target, by = key) => ask('GET', target, '', by),
    send: (method, target, body, by = key) => ask(method, target, body, by),
  };
}
