// Sessions as people ask for them, in the order of their ids: a page looks at a bounded number of them.

import { concurrently } from '../concurrently.ts';
import { SHARDS } from '../domain/device/device.ts';
import { type Instant, toInstant } from '../domain/instant.ts';
import type { AnswerNow } from '../domain/session/answer-now.ts';
import type { Session } from '../domain/session/session.ts';
import { isConnected } from '../domain/session/session-life.ts';
import { includesSite, type Sites } from '../domain/sites.ts';
import { SESSION_QUERY } from '../http/queries.ts';
import { readQuery } from '../http/read-query.ts';
import type { SessionPage, ShownSession } from '../http/schemas/session.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { Clock } from '../ports/clock.ts';
import type { SessionStore } from '../ports/session-store.ts';
import { showSession } from './show-session.ts';

export interface ListSessionsDeps {
  readonly sessions: Pick<SessionStore, 'listPage'>;
  readonly decideAgain: (session: Session) => Promise<AnswerNow>;
  readonly clock: Clock;
}

export interface SessionFilter {
  readonly sites: Sites;
  /** Only live ones whose answer is not the one wanted, or that accounting shows with an older one. */
  readonly notEnforced: boolean;
  /** Only live ones, or only those that are over. */
  readonly live?: boolean | undefined;
  readonly after?: string | undefined;
  /** 1 to 200. */
  readonly limit: number;
}

/** Sessions looked at for one page. */
const MOST_LOOKED_AT = 5_000;
/** A page ends after this time, however few sessions it has found by then. */
const PAGE_MS = 8_000;
const CHUNK = 200;
const COMPARED_AT_ONCE = 16;

/** @throws RequestError NAC_REQUEST_FIELD naming the parameter */
export function readSessionQuery(query: Iterable<[string, string]>, now: Instant) {
  const { notEnforced, live, ...rest } = readQuery(SESSION_QUERY, query, now);
  return { ...rest, notEnforced: notEnforced === 'true', ...(live && { live: live === 'true' }) };
}

export async function listSessions(
  deps: ListSessionsDeps,
  filter: SessionFilter,
  options: CallOptions = {},
): Promise<SessionPage> {
  const until = deps.clock.now().getTime() + PAGE_MS;
  const sessions: ShownSession[] = [];
  let lookedAt = 0;
  let { after } = filter;
  const first = Math.max(0, SHARDS.indexOf((after?.charAt(0) ?? '0') as (typeof SHARDS)[number]));
  for (const shard of SHARDS.slice(first)) {
    let from = after?.startsWith(shard) ? after : undefined;
    for (;;) {
      const page = await deps.sessions.listPage(shard, { after: from, limit: CHUNK }, options);
      const now = toInstant(deps.clock.now());
      const candidates = page.sessions.filter((session) => mayCount(session, filter, now));
      // No more than the page has room for are compared at once.
      for (let start = 0; start < candidates.length; start += COMPARED_AT_ONCE) {
        const chunk = candidates.slice(start, start + COMPARED_AT_ONCE);
        const shown = await concurrently(chunk, COMPARED_AT_ONCE, (session) => show(deps, session, now));
        for (const [index, each] of shown.entries()) {
          if (filter.notEnforced && each.enforced !== false) continue;
          sessions.push(each);
          if (sessions.length < filter.limit) continue;
          const place = page.sessions.indexOf(chunk[index] as Session) + 1;
          return { sessions, next: each.id, lookedAt: lookedAt + place };
        }
      }
      lookedAt += page.sessions.length + page.unreadable;
      after = page.sessions.at(-1)?.id ?? after;
      from = page.next;
      const isOver = lookedAt >= MOST_LOOKED_AT || deps.clock.now().getTime() >= until;
      if (isOver && from !== undefined) return { sessions, next: from, lookedAt };
      if (from !== undefined) continue;
      // `f` sorts behind every id of the shard that there may still be.
      if (isOver && shard !== 'f') return { sessions, next: shard.padEnd(20, 'f'), lookedAt };
      break;
    }
  }
  return { sessions, lookedAt };
}

function mayCount(session: Session, { sites, notEnforced, live }: SessionFilter, now: Instant): boolean {
  if (!includesSite(sites, session.site)) return false;
  const connected = isConnected(session, now);
  return (!notEnforced || connected) && (live === undefined || live === connected);
}

async function show(
  deps: Pick<ListSessionsDeps, 'decideAgain'>,
  session: Session,
  now: Instant,
): Promise<ShownSession> {
  return showSession(session, now, isConnected(session, now) ? await deps.decideAgain(session) : undefined);
}
