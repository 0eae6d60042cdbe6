// Rows of sessions, jobs, decisions, restarts and the audit in which one thing is damaged, or that another program
// wrote: every reader goes on with the others. What is damaged is every field of every JSON, each in several ways.

import { describe, expect, test } from 'vitest';
import { NasRestarts } from '../../../shared/adapters/table-storage/nas-restarts.ts';
import { TableAuditStore } from '../../../shared/adapters/table-storage/table-audit-store.ts';
import { TableDecisionStore } from '../../../shared/adapters/table-storage/table-decision-store.ts';
import { TableJobStore } from '../../../shared/adapters/table-storage/table-job-store.ts';
import { TableSessionStore } from '../../../shared/adapters/table-storage/table-session-store.ts';
import type { Tables } from '../../../shared/adapters/table-storage/tables.ts';
import { readPolicy } from '../../../shared/adapters/yaml/read-policy.ts';
import { decideJob } from '../../../shared/domain/coa/enforcement-job.ts';
import { applyAccounting } from '../../../shared/domain/session/accounting.ts';
import type { Session } from '../../../shared/domain/session/session.ts';
import { compareSafely } from '../../../shared/enforcement/compare-safely.ts';
import { listJobs } from '../../../shared/enforcement/list-jobs.ts';
import { pumpOutbox } from '../../../shared/enforcement/pump-outbox.ts';
import { StoreError } from '../../../shared/errors.ts';
import { decideAgain } from '../../../shared/lookup/decide-again.ts';
import { seededRandom } from '../../simulation/seeded-random.ts';
import { MemoryStorage } from '../../simulation/services/memory-table-client.ts';
import { INSTANT } from '../../simulation/services/wire.ts';
import { ANSWERED_AT, aDecision, aSession, NORMAL, QUARANTINE } from '../../support/a-session.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';
import { someFacts } from '../../support/policy-facts.ts';
import { recordsOf } from '../../support/records-of.ts';

const NOW = '2026-11-20T10:05:00.000Z';
const GOOD = '1'.repeat(20);
const DAMAGED = '10'.repeat(10);
/** A cell that another program wrote, as text and as what is no text. */
const CELLS = ['', 'x', '{', 'null', '[]', '{}', '7', 7, true, '0001-01-01T00:00:00Z'];
const VALUES = [undefined, null, 'x', '', 7, -1e300, [], [null], {}, { verdict: 'permit' }];

type Json = Readonly<Record<string, unknown>>;

/** The object with one field, however deep, replaced or gone. */
function* damagedCopies(object: Json): Generator<Json> {
  for (const [name, value] of Object.entries(object)) {
    for (const other of VALUES) yield { ...object, [name]: other };
    if (typeof value !== 'object' || value === null) continue;
    for (const inner of damagedCopies(value as Json)) {
      yield { ...object, [name]: Array.isArray(value) ? Object.values(inner) : inner };
    }
  }
}

function* damagedCells(text: string): Generator<unknown> {
  yield* CELLS;
  yield text.slice(0, -1);
  for (const copy of damagedCopies(JSON.parse(text))) yield JSON.stringify(copy);
}

const POLICY = readPolicy(
  `
roles: { compliant: { vlan: 10 }, quarantine: { vlan: 666 } }
rules:
  - { name: phones, when: { ssid: Corp, userName: 'host*', site: hq, nasAddress: 10.0.0.0/8 }, permit: compliant }
  - { name: compliant, when: { compliance: compliant, answerAge: '< 3h' }, permit: compliant }
  - { name: rest, permit: quarantine }
`,
  { version: '1' },
);

function depsOf(tables: Tables) {
  const { logger: log } = collectingLogger();
  const clock = { now: () => new Date(NOW) };
  const deciding = {
    records: recordsOf(tables),
    overrides: { current: async () => ({ overrides: [], isRecent: true }) },
    policies: { current: async () => ({ policy: POLICY, outgoing: [], since: '', readAt: NOW }) as const },
    sweepStatus: { lastCompleteStartedAt: async () => NOW },
    maxCheckInAgeMs: 30 * 24 * 3_600_000,
    sourceReachableMs: () => 3_600_000,
    clock: clock as never,
  };
  return {
    sessions: new TableSessionStore(tables.sessions, { log }),
    jobs: new TableJobStore(tables, log),
    queue: { send: async () => undefined, takeDeadLetters: async () => undefined },
    decideAgain: (session: Session) => decideAgain(deciding, session),
    siteKeyOf: async () => undefined,
    clock: clock as never,
    log,
  };
}

function sessionOf(id: string) {
  const decision = aDecision({ id: `${id}-m1x2y3z4abcdef01`, facts: someFacts() });
  const presented = {
    authenticated: true,
    identities: [{ kind: 'mac', value: 'a0b1c2d3e4f5', assurance: 'mac', origin: 'Calling-Station-Id' }] as const,
    problems: [],
  };
  return aSession({ id, decision, presented, mac: undefined as never });
}

async function rowOf(
  table: Tables[keyof Tables],
  prefix: string,
): Promise<{ partitionKey: string; rowKey: string } & Json> {
  for await (const row of table.listEntities()) {
    if (row.rowKey?.startsWith(prefix)) return row as never;
  }
  throw new Error(`no row ${prefix}`);
}

describe('a session', () => {
  test.each(['answer_', 'accounting', 'carried', 'site', 'mac'])(
    'whose %s is damaged disturbs no other',
    async (column) => {
      const tables = new MemoryStorage(() => Date.parse(NOW)).open(INSTANT);
      const deps = depsOf(tables);
      for (const id of [GOOD, DAMAGED]) {
        const session = sessionOf(id);
        await deps.sessions.writeDecision(session);
        const event = {
          status: 'Start' as const,
          at: NOW,
          receivedAt: NOW,
          acctSessionId: 'A-1',
          nasIpAddress: '10.1.1.1',
          class: session.decision.id,
        };
        await deps.sessions.updateAccounting(id, ({ accounting }) => applyAccounting(accounting, event as never));
      }
      const row = await rowOf(tables.sessions, `s|${DAMAGED}`);
      const [name = column] = Object.keys(row).filter((key) => key.startsWith(column));
      const original = String(row[name] ?? JSON.stringify((sessionOf(DAMAGED).answers ?? [])[0]));
      let cells = 0;
      for (const cell of /^[{[]/.test(original) && column !== 'mac' ? damagedCells(original) : CELLS) {
        cells += 1;
        await tables.sessions.updateEntity({ ...row, [name]: cell as never }, 'Replace');
        const page = await deps.sessions.listPage('1', { limit: 10 });
        expect(
          page.sessions.map(({ id }) => id),
          `${name} ${cell}`,
        ).toContain(GOOD);
        for (const session of page.sessions) {
          await expect(compareSafely(deps, session, new Map()), `${name} ${cell}`).resolves.toBeDefined();
        }
        await compareSafely(deps, DAMAGED, new Map());
        await deps.sessions.removeSilent('1', NOW);
        const event = {
          status: 'Interim-Update',
          at: NOW,
          receivedAt: NOW,
          acctSessionId: 'A-1',
          nasIpAddress: '10.1.1.1',
        };
        const write = deps.sessions.updateAccounting(DAMAGED, ({ accounting }) =>
          applyAccounting(accounting, event as never),
        );
        await write.catch((thrown) => expect(thrown, `${name} ${cell}`).toBeInstanceOf(StoreError));
        await tables.sessions.upsertEntity({ ...row }, 'Replace');
      }
      expect(cells).toBeGreaterThan(5);
    },
  );
});

describe('a job', () => {
  test('that is damaged disturbs no other, in the outbox, in lists, in housekeeping', async () => {
    const tables = new MemoryStorage(() => Date.parse(NOW)).open(INSTANT);
    const deps = depsOf(tables);
    const jobs = [GOOD, DAMAGED].map((id) => {
      const decided = { wanted: QUARANTINE, reason: 'test', decidedAt: NOW, now: NOW, version: 'v2' };
      return decideJob({ session: sessionOf(id), ...decided });
    });
    for (const id of [GOOD, DAMAGED]) await deps.sessions.writeDecision(sessionOf(id));
    for (const job of jobs) await deps.jobs.create(job);
    const row = await rowOf(tables.jobs, jobs[1]?.id ?? '');
    const good = await rowOf(tables.jobs, jobs[0]?.id ?? '');
    for (const cell of damagedCells(String(row['job']))) {
      await tables.jobs.updateEntity({ ...good }, 'Replace');
      await tables.jobs.updateEntity({ ...row, job: cell as never }, 'Replace');
      const { queued } = await pumpOutbox(deps, { inFlightPerSite: 20 });
      expect(queued, `job ${cell}`).toBeGreaterThanOrEqual(1);
      for (const notEnforced of [true, false]) {
        const page = await listJobs(deps, { sites: 'every', limit: 10, notEnforced });
        expect(
          page.jobs.map(({ id }) => id),
          `job ${cell}`,
        ).toContain(jobs[0]?.id);
      }
      await deps.jobs.removeFinished('hq', ANSWERED_AT);
      for (const table of [tables.jobs, tables.outbox]) {
        for await (const left of table.listEntities())
          await table.deleteEntity(left.partitionKey ?? '', left.rowKey ?? '');
      }
      for (const job of jobs) await deps.jobs.create(job);
    }
  });
});

test('a decision that is damaged is left out', async () => {
  const tables = new MemoryStorage(() => Date.parse(NOW)).open(INSTANT);
  const sessions = new TableSessionStore(tables.sessions);
  const { logger, entries } = collectingLogger();
  const decisions = new TableDecisionStore(tables.sessions, logger);
  const at = (id: string, outcome = NORMAL) =>
    sessions.writeDecision(aSession({ id, decision: aDecision({ id: `${id}-mhzzzzzzabcdef01`, outcome }) }));
  await at(GOOD);
  await at(DAMAGED);
  const { decisions: both } = await decisions.list({ filter: {}, sites: 'every', limit: 10 });
  expect(both).toHaveLength(2);
  for await (const row of tables.sessions.listEntities()) {
    if (!String(row['record'] ?? '').includes(DAMAGED)) continue;
    for (const cell of damagedCells(String(row['record']))) {
      await tables.sessions.updateEntity({ ...row, record: cell } as never, 'Replace');
      const page = await decisions.list({ filter: {}, sites: 'every', limit: 10 });
      expect(
        page.decisions.map(({ id }) => id),
        String(cell),
      ).toContain(GOOD);
      await expect(decisions.read(`${DAMAGED}-mhzzzzzzabcdef01`)).resolves.not.toBe(null);
    }
  }
  expect(entries.length).toBeGreaterThan(0);
});

test('a restart that is damaged ends no session', async () => {
  const tables = new MemoryStorage(() => Date.parse(NOW)).open(INSTANT);
  const restarts = new NasRestarts(tables.sessions, undefined);
  const nas = { nasIpAddress: '10.1.1.1', nasIdentifier: 'switch-a' };
  await restarts.note({ site: 'hq', nas, at: ANSWERED_AT });
  for await (const row of tables.sessions.listEntities()) {
    for (const cell of CELLS.filter((cell) => cell !== '0001-01-01T00:00:00Z')) {
      for (const column of ['at', 'nas']) {
        await tables.sessions.updateEntity({ ...row, [column]: cell } as never, 'Replace');
        expect((await restarts.applyTo(sessionOf(GOOD))).nasRestartedAt, `${column} ${cell}`).toBeUndefined();
      }
    }
  }
});

test('an entry of the audit that is damaged is left out', async () => {
  const tables = new MemoryStorage(() => Date.parse(NOW)).open(INSTANT);
  const audit = new TableAuditStore(tables.audit, seededRandom(1, 'audit'));
  for (const target of ['one', 'two']) {
    await audit.append({ at: NOW, by: 'ada', from: 'api', action: 'resend-job', target });
  }
  for await (const row of tables.audit.listEntities()) {
    if (!String(row['entry']).includes('two')) continue;
    for (const cell of ['', 'x', '{', 'null', '[]', '7', 7]) {
      await tables.audit.updateEntity({ ...row, entry: cell } as never, 'Replace');
      const { entries } = await audit.list({ since: ANSWERED_AT, sites: 'every', limit: 10 });
      expect(entries.map(({ target }) => target)).toEqual(['one']);
    }
  }
});
