// What this process answered last, per session; the oldest are forgotten first.

import { LRUCache } from 'lru-cache';
import type { RecentAnswer, RecentAnswers } from '../../ports/recent-answers.ts';

const MOST_SESSIONS = 50_000;

export function createRecentAnswersCache(): RecentAnswers {
  const answers = new LRUCache<string, RecentAnswer>({ max: MOST_SESSIONS });
  return {
    get: (sessionId) => answers.get(sessionId),
    set: (sessionId, answer) => void answers.set(sessionId, answer),
    forget: (sessionId) => void answers.delete(sessionId),
  };
}
