// Counts live sessions by site: all of them once an hour, a slice in each round of a timer, from where the round before
// ended.

import { SHARDS } from '../domain/device/device.ts';
import { addMilliseconds, type Instant, toInstant } from '../domain/instant.ts';
import { isConnected } from '../domain/session/session-life.ts';
import type { Clock } from '../ports/clock.ts';
import type { CountStore } from '../ports/count-store.ts';
import type { SessionStore } from '../ports/session-store.ts';

export const SESSIONS_FIGURE = 'figure.sessions';
const ROUND = 'round.sessions';

export interface CountSessionsDeps {
  readonly counts: CountStore;
  readonly sessions: Pick<SessionStore, 'listPage'>;
  readonly clock: Clock;
}

export interface SessionsFigure {
  readonly countedAt: Instant;
  /** Live sessions by site. */
  readonly live: Readonly<Record<string, number>>;
}

interface Round {
  readonly notBefore?: Instant;
  readonly shard: number;
  readonly after?: string;
  readonly live: Readonly<Record<string, number>>;
}

const EVERY_MS = 3_600_000;
const PAGE = 500;

/** @param budgetMs no further page is begun after so long @returns whether nothing is left to do for an hour */
export async function countSessions(
  { counts, sessions, clock }: CountSessionsDeps,
  budgetMs: number,
): Promise<boolean> {
  const until = clock.now().getTime() + budgetMs;
  let round = (await counts.readFigure<Round>(ROUND)) ?? { shard: 0, live: {} };
  if ((round.notBefore ?? '') > toInstant(clock.now())) return true;
  const live = new Map(Object.entries(round.live));
  while (clock.now().getTime() < until) {
    const shard = SHARDS[round.shard];
    if (shard === undefined) break;
    const page = await sessions.listPage(shard, { after: round.after, limit: PAGE });
    const now = toInstant(clock.now());
    for (const session of page.sessions) {
      if (isConnected(session, now)) live.set(session.site, (live.get(session.site) ?? 0) + 1);
    }
    round =
      page.next === undefined
        ? { shard: round.shard + 1, live: {} }
        : { shard: round.shard, after: page.next, live: {} };
  }
  const found = Object.fromEntries(live);
  if (round.shard < SHARDS.length) {
    await counts.writeFigure(ROUND, { ...round, live: found } satisfies Round);
    return false;
  }
  const countedAt = toInstant(clock.now());
  await counts.writeFigure(SESSIONS_FIGURE, { countedAt, live: found } satisfies SessionsFigure);
  const rest: Round = { notBefore: addMilliseconds(countedAt, EVERY_MS), shard: 0, live: {} };
  await counts.writeFigure(ROUND, rest);
  return true;
}
