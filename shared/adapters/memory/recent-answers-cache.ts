// What this process answered last, per session; the oldest are forgotten first.

import { LRUCache } from 'lru-cache';
import type { Instant } from '../../domain/instant.ts';
import type { RecentAnswer, RecentAnswers } from '../../ports/recent-answers.ts';

const MOST_SESSIONS = 50_000;

export function createRecentAnswersCache(most = MOST_SESSIONS): RecentAnswers {
  const answers = new LRUCache<string, RecentAnswer>({ max: most });
  const columns = new LRUCache<string, { readonly column: string; readonly until: Instant }>({ max: most });
  return {
    get: (sessionId) => answers.get(sessionId),
    set: (sessionId, answer) => void answers.set(sessionId, answer),
    forget: (sessionId) => void answers.delete(sessionId),
    setColumn: (sessionId, column) => void columns.set(sessionId, column),
    columnOf(sessionId, now) {
      const known = columns.get(sessionId);
      return known !== undefined && now < known.until ? known.column : undefined;
    },
  };
}
