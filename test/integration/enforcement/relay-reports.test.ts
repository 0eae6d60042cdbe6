// What relays report, in each form a message of the results queue may have, written into the jobs of a real Table
// Storage.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LocalTableStorage, startTableStorage } from '../../../local/table-storage.ts';
import { TableJobStore } from '../../../shared/adapters/table-storage/table-job-store.ts';
import { TableSessionStore } from '../../../shared/adapters/table-storage/table-session-store.ts';
import { createTables, openTables } from '../../../shared/adapters/table-storage/tables.ts';
import type { EnforcementJob } from '../../../shared/domain/coa/enforcement-job.ts';
import { recordReports } from '../../../shared/enforcement/record-reports.ts';
import type { JobStore } from '../../../shared/ports/job-store.ts';
import { adjustableClock } from '../../support/adjustable-clock.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';

let storage: LocalTableStorage;
let jobs: JobStore;
let lines: readonly unknown[];
let record: (body: unknown) => Promise<void>;

beforeAll(async () => {
  storage = await startTableStorage();
  const tables = await openTables(
    { kind: 'connection-string', connectionString: storage.connectionString },
    'background',
  );
  await createTables(tables);
  jobs = new TableJobStore(tables);
  const { logger: log, entries } = collectingLogger();
  lines = entries;
  const clock = adjustableClock();
  record = (body) => recordReports({ jobs, sessions: new TableSessionStore(tables.sessions), clock, log }, body);
});

afterAll(() => storage.close());

let counter = 0;

async function queuedJob(): Promise<EnforcementJob> {
  const decidedAt = '2026-11-20T12:00:00.000Z';
  const outcome = { verdict: 'permit', role: 'compliant', vlan: '10' } as const;
  const job = {
    id: `job-${++counter}`,
    site: 'hq',
    sessionId: `session-${counter}`,
    action: 'reauthenticate',
    urgent: true,
    reason: 'test',
    answered: outcome,
    session: {},
    nas: {},
    decidedAt,
    expiresAt: '2026-11-20T13:00:00.000Z',
    attempt: 1,
    stage: 'queued',
    steps: [{ stage: 'queued', attempt: 1, at: decidedAt }],
  } as unknown as EnforcementJob;
  await jobs.create(job);
  return job;
}

const at = (second: number) => `2026-11-20T12:00:0${second}.000Z`;

function report({ id: jobId, attempt, site }: EnforcementJob, more: object = {}) {
  const outcome = 'acknowledged';
  return { jobId, attempt, site, relay: 'relay-1', stage: 'finished', at: at(3), outcome, ...more };
}

async function stepsOf({ site, id }: EnforcementJob): Promise<readonly string[]> {
  const stored = await jobs.read(site, id);
  return (stored?.job.steps ?? []).map(({ stage, at: time }) => `${stage} ${time.slice(17, 19)}`);
}

const EARLIER = [
  { stage: 'taken', at: at(1) },
  { stage: 'sent', at: at(2) },
];
const ALL_STEPS = ['queued 00', 'taken 01', 'sent 02', 'acknowledged 03'];

test('one report that tells the stages before it', async () => {
  const job = await queuedJob();
  await record(report(job, { earlier: EARLIER }));
  expect(await stepsOf(job)).toEqual(ALL_STEPS);
  // Once more, as queues do.
  await record(report(job, { earlier: EARLIER }));
  expect(await stepsOf(job)).toEqual(ALL_STEPS);
});

test('a report for each stage', async () => {
  const job = await queuedJob();
  for (const step of [...EARLIER, {}]) await record(report(job, step));
  expect(await stepsOf(job)).toEqual(ALL_STEPS);
});

test('many reports in one message, two of them about the same job', async () => {
  const many = await Promise.all(Array.from({ length: 25 }, queuedJob));
  const [first] = many;
  if (first === undefined) throw new Error('There are 25.');
  await record([report(first, EARLIER[0]), ...many.map((job) => report(job, { earlier: EARLIER }))]);
  for (const job of many.slice(1)) expect(await stepsOf(job)).toEqual(ALL_STEPS);
  expect((await jobs.read(first.site, first.id))?.job.stage).toBe('acknowledged');
});

test('one that is no report: the others are recorded, and it is logged with its code', async () => {
  const [one, other] = [await queuedJob(), await queuedJob()];
  const message = [report(one), { ...report(one), outcome: 'splendid' }, report(other)];
  await record(message);
  expect(lines).toContainEqual(
    expect.objectContaining({ fields: expect.objectContaining({ code: 'NAC_REPORT', field: 'outcome' }) }),
  );
  for (const job of [one, other]) expect((await jobs.read(job.site, job.id))?.job.stage).toBe('acknowledged');
});
