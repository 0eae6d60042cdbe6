// More open jobs than one pass has time for: each pass costs as much whatever the outbox holds, new changes go out
// beside the old ones, and each job has its turn.

import { describe, expect, test } from 'vitest';
import { TableJobStore } from '../../../shared/adapters/table-storage/table-job-store.ts';
import { decideJob, type EnforcementJob, isFinal } from '../../../shared/domain/coa/enforcement-job.ts';
import type { CoaJob } from '../../../shared/domain/coa-job.ts';
import { addMilliseconds, type Instant } from '../../../shared/domain/instant.ts';
import { newOutboxMemory } from '../../../shared/enforcement/outbox-window.ts';
import { pumpOutbox } from '../../../shared/enforcement/pump-outbox.ts';
import { StoreError } from '../../../shared/errors.ts';
import type { Clock } from '../../../shared/ports/clock.ts';
import type { JobStore, OutboxRange } from '../../../shared/ports/job-store.ts';
import { MemoryStorage } from '../../simulation/services/memory-table-client.ts';
import { INSTANT } from '../../simulation/services/wire.ts';
import { aDecision, aSession, QUARANTINE } from '../../support/a-session.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';

const NOW = '2026-11-20T12:00:00.000Z';
const LIMITS = { inFlightPerSite: 20 };
const sessionIdOf = (number: number): string => number.toString(16).padStart(20, '0');
const numberOf = (sessionId: string): number => Number.parseInt(sessionId, 16);

function sessionOf(number: number) {
  const id = sessionIdOf(number);
  return aSession({
    id,
    decision: aDecision({ id: `${id}-m1x2y3` }),
    nasIpAddress: `10.1.${(number >> 8) & 255}.${number & 255}`,
  });
}

/** @param decidedAt so long before now, in milliseconds */
function jobOf(number: number, decidedAt: number, more: Partial<EnforcementJob> = {}): EnforcementJob {
  const at = addMilliseconds(NOW, -decidedAt);
  const common = { session: sessionOf(number), version: 'v2', reason: 'test', decidedAt: at, now: NOW };
  return { ...decideJob({ ...common, wanted: QUARANTINE, standing: 'noncompliant' }), ...more };
}

/** What the NAS has acted on; the next attempt is far away. */
const ACKNOWLEDGED = { stage: 'acknowledged', nextAttemptAt: addMilliseconds(NOW, 3_600_000) } as const;

function pumped(jobs: JobStore) {
  const sent: CoaJob[] = [];
  const { logger: log } = collectingLogger();
  const calls = { sessions: 0 };
  const deps = {
    sessions: {
      forgetRestarts: () => undefined,
      read: async (id: string) => {
        calls.sessions += 1;
        return sessionOf(numberOf(id));
      },
    } as never,
    jobs,
    queue: { send: async (job: CoaJob) => void sent.push(job), takeDeadLetters: async () => undefined },
    decideAgain: async () => ({ outcome: QUARANTINE, standing: 'noncompliant', rule: 'rest', problems: [] }) as never,
    clock: { now: () => new Date(NOW) } as Clock,
    log,
  };
  return { deps, sent, calls };
}

/** A site's outbox of which only what was written is kept: the others are made when they are read. */
function largeOutbox(count: number, made: (number: number) => EnforcementJob) {
  const written = new Map<string, EnforcementJob>();
  const added: EnforcementJob[] = [];
  const calls = { rows: 0, reads: 0 };
  const indexOf = (after: string | undefined): number => (after === undefined ? 0 : Number(after) + 1);
  const at = (index: number): EnforcementJob => {
    const job = index < count ? made(index) : (added[index - count] as EnforcementJob);
    return written.get(job.id) ?? job;
  };
  const jobs: JobStore = {
    create: async (job) => added.push(job) > 0,
    read: async (_site, id) => {
      calls.reads += 1;
      const job = written.get(id) ?? added.find((one) => one.id === id);
      return job && { job, etag: '' };
    },
    update: async (job) => {
      written.set(job.id, job);
      return true;
    },
    async listOpen(_site, { limit, after, urgentSince }: OutboxRange) {
      const found: EnforcementJob[] = [];
      const total = count + added.length;
      // The made ones are all older.
      const first = urgentSince === undefined ? indexOf(after) : count;
      let index = first;
      for (; index < total && index - first < limit; index++) found.push(at(index));
      calls.rows += index - first;
      const open = found.filter((job) => !isFinal(job)).map((job) => ({ job, etag: '' }));
      return { jobs: open, ...(index < total && { next: String(index - 1).padStart(9, '0') }) };
    },
    list: async function* () {},
    listSites: async function* () {
      yield 'hq';
    },
    removeFinished: async () => 0,
  };
  return { jobs, calls, written };
}

describe('200,000 open jobs of one site', () => {
  const COUNT = 200_000;
  const OLD_MS = 30 * 60_000;

  test('cost a pass as much as 4,000 do, in requests and memory', async () => {
    const costs: number[] = [];
    for (const count of [4_000, COUNT]) {
      const { jobs, calls } = largeOutbox(count, (number) => jobOf(number, OLD_MS));
      const { deps, sent, calls: sessions } = pumped(jobs);
      const memory = newOutboxMemory();
      const { open } = await pumpOutbox(deps, LIMITS, { memory });
      expect(sent).toHaveLength(20);
      expect(open.size).toBeLessThanOrEqual(3_500);
      costs.push(calls.rows + calls.reads + sessions.sessions);
    }
    expect(costs[1]).toBeLessThan(1.1 * (costs[0] ?? 0));
  });

  test('let a new change go out with the next pass, though the old ones wait for their first attempt, too', async () => {
    const { jobs } = largeOutbox(COUNT, (number) => jobOf(number, OLD_MS));
    const { deps, sent } = pumped(jobs);
    const fresh = [1, 2, 3].map((number) => jobOf(COUNT + number, 1_000 * number));
    for (const job of fresh) await jobs.create(job);
    await pumpOutbox(deps, LIMITS, { memory: newOutboxMemory() });
    const ids = sent.map(({ id }) => id);
    for (const { id } of fresh) expect(ids).toContain(id);
    expect(ids).toHaveLength(20);
  });

  test('never let more than may be in hand out, pass after pass, though those in hand stand where no pass looks', async () => {
    const { jobs } = largeOutbox(COUNT, (number) => jobOf(number, OLD_MS, number < 3_000 ? ACKNOWLEDGED : {}));
    const { deps, sent } = pumped(jobs);
    const memory = newOutboxMemory();
    for (let pass = 0; pass < 4; pass++) await pumpOutbox(deps, LIMITS, { memory });
    expect(sent).toHaveLength(20);
  });

  test('have their turn, each, however many before them only wait', { timeout: 60_000 }, async () => {
    const LAST = 50;
    const count = 20_000;
    const { jobs } = largeOutbox(count, (number) => jobOf(number, OLD_MS, number < count - LAST ? ACKNOWLEDGED : {}));
    const { deps, sent } = pumped(jobs);
    const memory = newOutboxMemory();
    for (let pass = 0; pass < 12; pass++) await pumpOutbox(deps, LIMITS, { memory });
    expect(sent).toHaveLength(20);
    expect(numberOf(sent[0]?.id.split('-')[1] ?? '')).toBe(count - LAST);
  });
});

test('a site whose outbox cannot be read keeps no other from its turn, and what failed is in the result', async () => {
  const away = new StoreError('NAC_STORE_TIMEOUT', 'Table Storage did not answer in time.', { action: 'Wait.' });
  const { jobs } = largeOutbox(30, (number) => jobOf(number, 60_000));
  const { deps, sent } = pumped({
    ...jobs,
    listSites: async function* () {
      yield* ['a-site', 'hq', 'z-site'];
    },
    listOpen: (site, range) => (site === 'hq' ? jobs.listOpen(site, range) : Promise.reject(away)),
  });
  const { queued, failure, next } = await pumpOutbox(deps, LIMITS);
  expect({ queued, failure, next }).toEqual({ queued: 20, failure: away, next: undefined });
  expect(sent).toHaveLength(20);
});

test('the outbox in Table Storage is read in parts: behind a row, urgent ones since a time, those of one session', async () => {
  const tables = new MemoryStorage(() => Date.parse(NOW)).open(INSTANT);
  const jobs = new TableJobStore(tables);
  const times = Array.from({ length: 30 }, (_, number) => number * 60_000);
  const urgent = times.map((before, number) => jobOf(number, before));
  const calm = times.map((before, number) => jobOf(100 + number, before, { urgent: false }));
  for (const job of [...urgent, ...calm]) await jobs.create(job);
  const oldestFirst = [...urgent.toReversed(), ...calm.toReversed()].map(({ id }) => id);

  const read: string[] = [];
  let after: string | undefined;
  do {
    const page = await jobs.listOpen('hq', { limit: 7, after });
    read.push(...page.jobs.map(({ job }) => job.id));
    after = page.next;
  } while (after !== undefined);
  expect(read).toEqual(oldestFirst);

  const since: Instant = addMilliseconds(NOW, -5 * 60_000);
  const lately = await jobs.listOpen('hq', { limit: 100, urgentSince: since });
  expect(lately.jobs.map(({ job }) => job.id)).toEqual(
    urgent
      .slice(0, 6)
      .toReversed()
      .map(({ id }) => id),
  );
  expect(lately.next).toBeUndefined();

  const ofOne = await jobs.listOpen('hq', { limit: 100, sessionId: sessionIdOf(104) });
  expect(ofOne.jobs.map(({ job }) => job.id)).toEqual([calm[4]?.id]);
});
