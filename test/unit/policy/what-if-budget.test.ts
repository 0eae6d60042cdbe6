// What-if over tables in memory that take their time: it answers with what it has seen before the host would end it.

import { expect, test } from 'vitest';
import { TableSessionStore } from '../../../shared/adapters/table-storage/table-session-store.ts';
import { readPolicy } from '../../../shared/adapters/yaml/read-policy.ts';
import { openPolicy } from '../../../shared/app/open-policy.ts';
import { scopeOf } from '../../../shared/app/source-scope.ts';
import { SHARDS } from '../../../shared/domain/device/device.ts';
import { aDecision, aSession } from '../../support/a-session.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';
import { someFacts } from '../../support/policy-facts.ts';
import { slowTables } from '../../support/slow-tables.ts';

const REFUSE_ALL = 'roles: { none: { vlan: 1 } }\nrules: [{ name: refuse-all, reject: true }]\n';
const FUNCTION_TIMEOUT_MS = 115_000;

/** A live session in each shard. @returns what-if of a draft that changes all of them */
async function whatIfAt(callMs: number) {
  const slow = slowTables(Date.parse('2026-11-20T10:00:00.000Z'), callMs);
  const log = collectingLogger().logger;
  const sessions = new TableSessionStore(slow.atOnce.sessions, { clock: slow.clock, log });
  for (const shard of SHARDS) {
    const id = shard.padEnd(20, '0');
    const decision = aDecision({ id: `${id}-m1x2y3`, facts: someFacts() });
    await sessions.writeDecision(aSession({ id, decision }));
  }
  const admin = await openPolicy({
    sources: { known: [{ name: 'intune', reachableMs: undefined }] },
    scope: scopeOf(async () => []),
    openTables: async () => slow.tables,
    builtIn: readPolicy(REFUSE_ALL, { version: 'built-in' }),
    jobsInFlightPerSite: 20,
    maxCheckInAgeMs: 30 * 24 * 60 * 60_000,
    clock: slow.clock,
    log,
  });
  const policies = admin('olga', async () => undefined);
  const done = await slow.run(() => policies.whatIf(REFUSE_ALL, [], FUNCTION_TIMEOUT_MS));
  return { ...done, calls: slow.calls };
}

test('what-if reads several partitions at once', async () => {
  const { result, tookMs } = await whatIfAt(1_000);
  expect(result).toMatchObject({ complete: true, sessions: { looked: 16, changing: 16 } });
  expect(tookMs, 'of more than 32 requests of a second').toBeLessThan(20_000);
});

test('what-if on a slow store ends within the time of the function, with some of sessions and of devices', async () => {
  const callMs = 15_000;
  const { result, tookMs, calls } = await whatIfAt(callMs);
  expect(result.complete).toBe(false);
  expect(result.sessions.looked).toBeGreaterThan(0);
  expect(result.sessions.looked).toBeLessThan(16);
  expect(calls.get('devices.listEntities')).toBeGreaterThan(0);
  expect(tookMs).toBeLessThan(FUNCTION_TIMEOUT_MS);
});
