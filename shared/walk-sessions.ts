// Every session, page by page: what a flow that looks at all of them goes through.

import { SHARDS } from './domain/device/device.ts';
import type { Session } from './domain/session/session.ts';
import type { CallOptions } from './ports/call-options.ts';
import type { SessionStore } from './ports/session-store.ts';

const PAGE = 500;

/**
 * Every session, over or not, in the order of ids; a page in memory at a time.
 * @param after id of the last session that is done
 */
export async function* walkSessions(
  sessions: Pick<SessionStore, 'listPage'>,
  { after, ...options }: CallOptions & { readonly after?: string | undefined } = {},
): AsyncIterable<Session> {
  for (const shard of SHARDS) {
    if (after !== undefined && shard < after.charAt(0)) continue;
    const from = after !== undefined && shard === after.charAt(0) ? after : undefined;
    yield* walkSessionsOfShard(sessions, shard, { ...options, after: from });
  }
}

/** @param shard first digit of the ids */
export async function* walkSessionsOfShard(
  sessions: Pick<SessionStore, 'listPage'>,
  shard: string,
  { after, ...options }: CallOptions & { readonly after?: string | undefined } = {},
): AsyncIterable<Session> {
  let from = after;
  do {
    const page = await sessions.listPage(shard, { after: from, limit: PAGE }, options);
    yield* page.sessions;
    from = page.next;
  } while (from !== undefined);
}
