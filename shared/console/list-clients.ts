// Clients as operators see them: what each is for, how old its key is, when it asked last. Nothing of a secret.

import type { Client } from '../domain/client.ts';
import { addMilliseconds, type Instant } from '../domain/instant.ts';
import { onlySiteOf } from '../domain/permission.ts';
import { includesSite, type Sites } from '../domain/sites.ts';
import type { ClientList } from '../http/schemas/client.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { DecisionStore } from '../ports/decision-store.ts';

export interface ListClientsDeps {
  readonly clients: { list(): Promise<readonly Client[]> };
  readonly decisions: Pick<DecisionStore, 'list'>;
}

/** Decisions that are looked at for when a client asked last: a page, however many clients there are. */
const MOST_DECISIONS = 200;
const LOOKED_BACK_MS = 24 * 60 * 60_000;

/** @param sites those that the asker may see: a client of every site is shown to those alone who may see every one */
export async function listClients(
  { clients, decisions }: ListClientsDeps,
  sites: Sites,
  now: Instant,
  options: CallOptions = {},
): Promise<ClientList> {
  const range = { sites, since: addMilliseconds(now, -LOOKED_BACK_MS), limit: MOST_DECISIONS };
  const [known, newest] = await Promise.all([clients.list(), decisions.list({ filter: {}, ...range }, options)]);
  const asked = new Map<string, Instant>();
  // Newest first: the first one of a client is its last.
  for (const { client, decision } of newest.decisions) {
    if (!asked.has(client)) asked.set(client, decision.decidedAt);
  }
  return {
    clients: known
      .filter((client) => includesSite(sites, onlySiteOf(client)))
      .map((client) => shown(client, asked.get(client.name))),
  };
}

function shown(client: Client, lastAskedAt: Instant | undefined): ClientList['clients'][number] {
  const { name, kind, credentials } = client;
  const site = onlySiteOf(client);
  const keyMadeAt = credentials.map(({ createdAt }) => createdAt).reduce((one, other) => (one > other ? one : other));
  return {
    name,
    kind,
    ...(site !== undefined && { site }),
    keys: credentials.length,
    keyMadeAt,
    ...(lastAskedAt !== undefined && { lastAskedAt }),
  };
}
