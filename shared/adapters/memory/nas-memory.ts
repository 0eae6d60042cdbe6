// What this process has heard of each NAS; those unheard of for longest are forgotten first.

import { LRUCache } from 'lru-cache';
import type { CoaNas } from '../../domain/coa-job.ts';
import { addMilliseconds, type Instant } from '../../domain/instant.ts';
import { namesOfNas } from '../../domain/session/nas-restart.ts';
import type { ClockShown, NasMemory } from '../../ports/nas-memory.ts';

const NEWS_EVERY_MS = 60 * 60_000;
const CLOCK_SHOWN_WITHIN_MS = 60 * 60_000;
const MOST_NASES = 20_000;
/** A NAS behind a few proxies; of one that comes from more, the newest are remembered. */
const MOST_SOURCES = 8;

export function createNasMemory(most = MOST_NASES): NasMemory {
  const sources = new LRUCache<string, readonly string[]>({ max: most });
  const restarts = new LRUCache<string, Instant>({ max: most });
  const accounting = new LRUCache<string, true>({ max: most });
  const news = new LRUCache<string, Instant>({ max: most });
  const clocks = new LRUCache<string, ClockShown>({ max: most });
  const keyOf = (site: string, nas: CoaNas): string => JSON.stringify([site, namesOfNas(nas)[0]]);
  return {
    noteSource(site, nas) {
      const { packetSourceIp = '' } = nas;
      const known = sources.get(keyOf(site, nas)) ?? [];
      if (known.includes(packetSourceIp)) return;
      sources.set(keyOf(site, nas), [packetSourceIp, ...known].slice(0, MOST_SOURCES));
    },
    sourcesOf: (site, nas) => sources.get(keyOf(site, nas)) ?? [],
    noteAccounting: (site, nas) => void accounting.set(keyOf(site, nas), true),
    accounts: (site, nas) => accounting.has(keyOf(site, nas)),
    noteRestart: (site, nas, at) => void restarts.set(keyOf(site, nas), at),
    noteClock(site, nas, aheadMs, now) {
      const known = clocks.get(keyOf(site, nas));
      const isLate = known !== undefined && addMilliseconds(known.since, CLOCK_SHOWN_WITHIN_MS) <= now;
      const before = isLate ? undefined : known;
      const shown = {
        mostMs: Math.max(aheadMs, before?.mostMs ?? aheadMs),
        records: (before?.records ?? 0) + 1,
        since: before?.since ?? now,
      };
      clocks.set(keyOf(site, nas), shown);
      return shown;
    },
    isNews(what, now) {
      const until = news.get(what) ?? '';
      if (now < until) return false;
      news.set(what, addMilliseconds(now, NEWS_EVERY_MS));
      return true;
    },
    restartedAt: (site, nas) => restarts.get(keyOf(site, nas)),
  };
}
