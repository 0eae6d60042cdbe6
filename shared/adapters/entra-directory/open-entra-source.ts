// Entra's directory as a source: its device records, with the accounts of their owners and groups where that is wanted.

import type { Clock } from '../../ports/clock.ts';
import type { MdmSource } from '../../ports/mdm-source.ts';
import type { AppIdentity } from '../entra/app-identity.ts';
import { createTokenSource, type TokenSource } from '../entra/token-source.ts';
import { createGraphClient, type GraphClient } from '../graph/graph-client.ts';
import { readGuid } from '../graph/odata-page.ts';
import { createHttpsTransport, type HttpsTransport } from '../https/https-transport.ts';
import { createDirectoryList } from './device-list.ts';
import { createDirectoryReads } from './device-reads.ts';
import { createDirectoryChanges } from './directory-changes.ts';
import { createGroupMembers } from './group-members.ts';

export interface EntraConnection extends DirectoryWishes {
  readonly entra: AppIdentity;
  readonly graphEndpoint: string;
  readonly network: {
    readonly extraCaFile?: string;
    readonly proxy?: { readonly url: string; readonly bypass: string };
    readonly connectTimeoutMs: number;
    readonly readTimeoutMs: number;
  };
}

/** What is read beside the devices themselves. */
export interface DirectoryWishes {
  /** A disabled owner counts (User.Read.All). */
  readonly users: boolean;
  /** Object ids of groups that policy may ask for (GroupMember.Read.All), at most twenty; empty: none. */
  readonly groups: readonly string[];
}

export interface EntraAccess extends MdmSource {
  readonly graph: GraphClient;
  readonly tokens: TokenSource;
  readonly transport: HttpsTransport;
  close(): Promise<void>;
}

/** @param name of the source */
export function openEntraSource(name: string, connection: EntraConnection, clock: Clock): EntraAccess {
  const { entra, graphEndpoint, network } = connection;
  const { extraCaFile, proxy, connectTimeoutMs, readTimeoutMs: answerTimeoutMs } = network;
  const transport = createHttpsTransport({ extraCaFile, proxy, connectTimeoutMs, answerTimeoutMs });
  // The managed identity is asked on this machine, where no proxy may come between.
  const local = createHttpsTransport({ extraCaFile, connectTimeoutMs, answerTimeoutMs });
  const now = (): Date => clock.now();
  const tokens = createTokenSource(entra, transport, local, now);
  const graph = createGraphClient(graphEndpoint, tokens, transport, { now });
  return {
    ...directorySource(name, graph, clock, connection),
    graph,
    tokens,
    transport,
    async close() {
      await Promise.all([transport.close(), local.close()]);
    },
  };
}

export function directorySource(
  name: string,
  graph: GraphClient,
  clock: Pick<Clock, 'now'>,
  { users, groups }: DirectoryWishes,
): MdmSource {
  const members = groups.length === 0 ? undefined : createGroupMembers(graph, groups, clock);
  return {
    name,
    isDeviceId: (text) => readGuid(text) === text,
    list: createDirectoryList(name, graph, clock, { users, groups: groups.length > 0 }, members),
    devices: createDirectoryReads(name, graph, clock, { users, groups }, members),
    hints: createDirectoryChanges(graph, clock, { users, groups }),
  };
}
