// Live sessions are counted in slices: a hundred thousand of them, however little time a round has.

import { expect, test } from 'vitest';
import { TableCountStore } from '../../../shared/adapters/table-storage/table-count-store.ts';
import { countSessions, SESSIONS_FIGURE } from '../../../shared/console/count-sessions.ts';
import type { Session } from '../../../shared/domain/session/session.ts';
import { MemoryStorage } from '../../simulation/services/memory-table-client.ts';
import { INSTANT } from '../../simulation/services/wire.ts';
import { standingAt } from '../../support/adjustable-clock.ts';

const NOW = '2026-11-30T08:00:00.000Z';
const PER_SHARD = 6_250;

const SESSION = {
  answers: [{ decision: { decidedAt: NOW, sessionTimeoutSeconds: 3_600, device: {} } }],
} as unknown as Session;

test('100,000 sessions are counted over several rounds, each once', async () => {
  const clock = standingAt(NOW);
  const counts = new TableCountStore(new MemoryStorage(() => clock.now().getTime()).open(INSTANT).polling);
  let pages = 0;
  const sessions = {
    async listPage(_shard: string, { after = '0', limit }: { after?: string | undefined; limit: number }) {
      pages += 1;
      clock.advance(100);
      const from = Number(after);
      const count = Math.min(limit, PER_SHARD - from);
      const list = Array.from({ length: count }, (_, index) => ({
        ...SESSION,
        site: (from + index) % 5 === 0 ? 'branch' : 'hq',
      }));
      const next = from + count < PER_SHARD ? { next: String(from + count) } : {};
      return { sessions: list, unreadable: 0, ...next };
    },
  };
  let rounds = 1;
  while (!(await countSessions({ counts, sessions, clock }, 6_000))) rounds += 1;
  expect(rounds).toBeGreaterThan(3);
  expect(pages).toBe(16 * 13);
  expect(await counts.readFigure(SESSIONS_FIGURE)).toMatchObject({ live: { hq: 80_000, branch: 20_000 } });
  // The next one is due in an hour.
  expect(await countSessions({ counts, sessions, clock }, 6_000)).toBe(true);
  expect(pages).toBe(16 * 13);
});
