// Housekeeping over tables in memory that take their time: it ends within its budget, and every kind and shard has its
// turn.

import { describe, expect, test } from 'vitest';
import { TableAuditStore } from '../../../shared/adapters/table-storage/table-audit-store.ts';
import { TableDecisionStore } from '../../../shared/adapters/table-storage/table-decision-store.ts';
import { TableDeviceStore } from '../../../shared/adapters/table-storage/table-device-store.ts';
import { TableIdentityStore } from '../../../shared/adapters/table-storage/table-identity-store.ts';
import { TableJobStore } from '../../../shared/adapters/table-storage/table-job-store.ts';
import { TableSessionStore } from '../../../shared/adapters/table-storage/table-session-store.ts';
import { TableTaskStore } from '../../../shared/adapters/table-storage/table-task-store.ts';
import type { Tables } from '../../../shared/adapters/table-storage/tables.ts';
import { advance } from '../../../shared/domain/coa/advance-job.ts';
import { decideJob } from '../../../shared/domain/coa/enforcement-job.ts';
import { SHARDS } from '../../../shared/domain/device/device.ts';
import { type Instant, toInstant } from '../../../shared/domain/instant.ts';
import { decisionId } from '../../../shared/domain/policy/decision-id.ts';
import { purgeExpired } from '../../../shared/enforcement/purge-expired.ts';
import { StoreError } from '../../../shared/errors.ts';
import { removeGoneDevices } from '../../../shared/polling/records/remove-gone-devices.ts';
import type { CallOptions } from '../../../shared/ports/call-options.ts';
import { seededRandom } from '../../simulation/seeded-random.ts';
import { aDecision, aSession, QUARANTINE } from '../../support/a-session.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';
import { type SlowTables, slowTables } from '../../support/slow-tables.ts';

const DAY_MS = 24 * 60 * 60_000;
const STARTED_AT = Date.parse('2026-11-20T10:00:00.000Z');
const LIMITS = {
  decisionHistoryMs: 7 * DAY_MS,
  jobHistoryMs: 7 * DAY_MS,
  auditHistoryMs: 7 * DAY_MS,
  deviceHistoryMs: 7 * DAY_MS,
};
const FUNCTION_TIMEOUT_MS = 10_000;
const SITES = ['branch', 'hq', 'lab'];

function storesOf(tables: Tables, { clock }: SlowTables) {
  const log = collectingLogger().logger;
  return {
    decisions: new TableDecisionStore(tables.sessions),
    sessions: new TableSessionStore(tables.sessions, { clock, log }),
    jobs: new TableJobStore(tables),
    audit: new TableAuditStore(tables.audit, seededRandom(1, 'audit')),
    devices: {
      removeGone: (shard: string, before: Instant, options: CallOptions) =>
        removeGoneDevices(
          { devices: new TableDeviceStore(tables.devices), identities: new TableIdentityStore(tables.identities) },
          shard,
          before,
          options,
        ),
    },
    tasks: new TableTaskStore(tables.polling),
    clock,
    log,
  };
}

/**
 * Ten days old, all of it: in each shard so many sessions with so many decisions each, jobs of three sites, an audit.
 */
async function fill(slow: SlowTables, { sessions, decisions }: { sessions: number; decisions: number }): Promise<void> {
  const stores = storesOf(slow.atOnce, slow);
  const random = seededRandom(1, 'decisions');
  const at = toInstant(new Date(STARTED_AT));
  for (const shard of SHARDS) {
    for (let index = 0; index < sessions; index++) {
      const id = shard + String(index).padStart(19, '0');
      const session = aSession({ id, site: SITES[index % SITES.length] ?? 'hq' });
      for (let count = 0; count < decisions; count++) {
        const decided = new Date(STARTED_AT + count * 1_000);
        const fields = { id: decisionId(id, decided, random.hex(4)), decidedAt: toInstant(decided) };
        await stores.sessions.writeDecision({ ...session, decision: aDecision(fields) });
      }
      const job = decideJob({ session, wanted: QUARANTINE, reason: 'test', decidedAt: at, now: at, version: 'v1' });
      await stores.jobs.create(advance(job, 'superseded', at));
      await stores.audit.append({ at, by: 'ada', from: 'api', action: 'resend-job', target: job.id });
    }
  }
  await slow.time.runUntil(STARTED_AT + 10 * DAY_MS);
}

async function decisionsLeft({ atOnce }: SlowTables): Promise<Map<string, number>> {
  const left = new Map<string, number>();
  for await (const { partitionKey = '', rowKey = '' } of atOnce.sessions.listEntities()) {
    if (rowKey.startsWith('h|')) left.set(partitionKey, (left.get(partitionKey) ?? 0) + 1);
  }
  return left;
}

function round(slow: SlowTables) {
  return slow.run(() => purgeExpired(storesOf(slow.tables, slow), LIMITS, FUNCTION_TIMEOUT_MS));
}

describe('more to remove than there is time for', () => {
  test('each round ends in time and removes some of every kind, and rounds come to an end', async () => {
    const callMs = 100;
    const slow = slowTables(STARTED_AT, callMs);
    await fill(slow, { sessions: 20, decisions: 30 });
    const total = { decisions: 0, sessions: 0, jobs: 0, audit: 0 };
    const kinds = Object.keys(total) as (keyof typeof total)[];
    let rounds = 0;
    for (let removed = 1; removed > 0; rounds++) {
      const { result, tookMs } = await round(slow);
      expect(tookMs).toBeLessThan(FUNCTION_TIMEOUT_MS * 0.6 + 5 * callMs);
      if (rounds === 0) for (const kind of kinds) expect(result[kind], kind).toBeGreaterThan(0);
      for (const kind of kinds) total[kind] += result[kind];
      removed = kinds.reduce((sum, kind) => sum + result[kind], 0);
      expect(rounds).toBeLessThan(40);
    }
    expect(rounds).toBeGreaterThan(2);
    expect(total).toEqual({ decisions: 16 * 20 * 30, sessions: 16 * 20, jobs: 16 * 20, audit: 16 * 20 });
  });

  test('a store so slow that a round gets through no shard gives each shard its turn all the same', async () => {
    const slow = slowTables(STARTED_AT, 1_000);
    await fill(slow, { sessions: 1, decisions: 400 });
    for (let count = 0; count < 5; count++) await round(slow);
    const left = [...(await decisionsLeft(slow)).values()];
    expect(Math.max(...left)).toBeLessThan(400);
    expect(left.length, 'none is done with').toBe(SHARDS.length);
  });
});

test('a kind that fails keeps none of the others from its turn', async () => {
  const slow = slowTables(STARTED_AT, 1);
  await fill(slow, { sessions: 2, decisions: 2 });
  const stores = storesOf(slow.tables, slow);
  const decisions = {
    removeBefore: async () => {
      throw new StoreError('NAC_STORE_UNAVAILABLE', 'The store refuses.', { action: 'Look into the store.' });
    },
  };
  const { entries, logger } = collectingLogger();
  const working = slow.run(() => purgeExpired({ ...stores, decisions, log: logger }, LIMITS, FUNCTION_TIMEOUT_MS));
  await expect(working).rejects.toMatchObject({ code: 'NAC_STORE_UNAVAILABLE' });
  expect(entries).toMatchObject([
    { event: 'housekeeping.removed', fields: { decisions: 0, sessions: 32, jobs: 32, audit: 32 } },
    { event: 'housekeeping.goes-on', fields: { unfinished: ['decisions'] } },
  ]);
});
