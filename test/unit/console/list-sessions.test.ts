// Lists of sessions: a page looks at a bounded number of them, and every session is on one page.

import { expect, test } from 'vitest';
import { listSessions } from '../../../shared/console/list-sessions.ts';
import { SHARDS } from '../../../shared/domain/device/device.ts';
import type { AnswerNow } from '../../../shared/domain/session/answer-now.ts';
import type { Session } from '../../../shared/domain/session/session.ts';
import { siteNamed } from '../../../shared/domain/sites.ts';
import { standingAt } from '../../support/adjustable-clock.ts';

const NOW = '2026-11-30T08:00:00.000Z';
const PER_SHARD = 6_250;
const PERMIT = { verdict: 'permit', role: 'staff', vlan: '10' } as const;
const DENY = { verdict: 'deny' } as const;

function sessionOf(shard: string, number: number): Session {
  const site = number % 1_000 === 0 ? 'branch' : 'hq';
  const decision = { id: 'd', decidedAt: NOW, outcome: PERMIT, sessionTimeoutSeconds: 3_600, device: {} };
  return {
    id: `${shard}${String(number).padStart(19, '0')}`,
    site,
    decision,
    answers: [{ decision }],
  } as unknown as Session;
}

/** 100,000 sessions; one in five hundred is to be denied by now. */
function fleet() {
  let asked = 0;
  const clock = standingAt(NOW);
  const deps = {
    clock,
    sessions: {
      async listPage(shard: string, { after, limit }: { after?: string | undefined; limit: number }) {
        clock.advance(20);
        const from = after === undefined ? 0 : Number.parseInt(after.slice(1), 10) + 1 || PER_SHARD;
        const numbers = Array.from(
          { length: Math.min(limit, Math.max(0, PER_SHARD - from)) },
          (_, index) => from + index,
        );
        const sessions = numbers.map((number) => sessionOf(shard, number));
        const last = sessions.at(-1);
        return { sessions, unreadable: 0, ...(last && from + numbers.length < PER_SHARD && { next: last.id }) };
      },
    },
    async decideAgain({ id }: Session): Promise<AnswerNow> {
      asked += 1;
      const outcome = Number(id.slice(1)) % 500 === 0 ? DENY : PERMIT;
      return { outcome, standing: 'compliant', rule: 'good' };
    },
  };
  return { deps, asked: () => asked };
}

async function all(filter: Partial<Parameters<typeof listSessions>[1]>) {
  const { deps } = fleet();
  const ids: string[] = [];
  const looks: number[] = [];
  let after: string | undefined;
  do {
    const page = await listSessions(deps, { sites: 'every', notEnforced: false, limit: 200, ...filter, after });
    ids.push(...page.sessions.map(({ id }) => id));
    looks.push(page.lookedAt);
    after = page.next;
  } while (after !== undefined);
  return { ids, looks };
}

test('what is not enforced among 100,000 sessions is found, each once, page by page', async () => {
  const { ids, looks } = await all({ notEnforced: true });
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBe(SHARDS.length * Math.ceil(PER_SHARD / 500));
  expect(Math.max(...looks)).toBeLessThan(5_200);
  expect(looks.reduce((sum, each) => sum + each, 0)).toBe(SHARDS.length * PER_SHARD);
});

test('of one site no other session is shown, nor decided again', async () => {
  const { ids } = await all({ sites: siteNamed('branch') });
  expect(ids.length).toBe(SHARDS.length * Math.ceil(PER_SHARD / 1_000));
  const { deps, asked } = fleet();
  await listSessions(deps, { sites: siteNamed('branch'), notEnforced: false, limit: 200 });
  expect(asked()).toBeLessThan(10);
});

test('a page decides no more sessions again than it shows, but for one chunk', async () => {
  const { deps, asked } = fleet();
  const page = await listSessions(deps, { sites: 'every', notEnforced: false, limit: 50 });
  expect(page.sessions.map(({ id }) => Number(id.slice(1)))).toEqual(Array.from({ length: 50 }, (_, index) => index));
  expect(page.lookedAt).toBe(50);
  expect(asked()).toBeLessThan(50 + 16);
});
