// What was changed at the command line is logged once, whatever the clocks of operators' machines say.

import { expect, test } from 'vitest';
import { TableAuditStore } from '../../../shared/adapters/table-storage/table-audit-store.ts';
import { TableTaskStore } from '../../../shared/adapters/table-storage/table-task-store.ts';
import { logCommandLine } from '../../../shared/enforcement/log-command-line.ts';
import { seededRandom } from '../../simulation/seeded-random.ts';
import { MemoryStorage } from '../../simulation/services/memory-table-client.ts';
import { INSTANT } from '../../simulation/services/wire.ts';
import { clockOf } from '../../simulation/virtual-time.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';

const HOUR_MS = 3_600_000;
const BEGIN = Date.parse('2026-11-30T08:00:00.000Z');

test('changes at the command line are logged once each, those over HTTP not at all', async () => {
  let now = BEGIN;
  const tables = new MemoryStorage(() => now).open(INSTANT);
  const audit = new TableAuditStore(tables.audit, seededRandom(1, 'audit'));
  const { logger: log, entries } = collectingLogger();
  const clock = clockOf(
    () => () => undefined,
    () => now,
    () => 0,
  );
  const deps = { audit, tasks: new TableTaskStore(tables.polling), clock, log };
  const add = (target: string, offMs: number, from: 'api' | 'command-line' = 'command-line') =>
    audit.append({
      at: new Date(now + offMs).toISOString(),
      by: 'olga@contoso.com',
      from,
      action: 'create-client',
      target,
    });
  const logged = async () => {
    entries.length = 0;
    await logCommandLine(deps, {});
    return entries.map(({ fields }) => fields['target']);
  };
  await add('radius-1', -HOUR_MS);
  await add('over-http', -HOUR_MS, 'api');
  expect(await logged()).toEqual(['radius-1']);
  expect(await logged()).toEqual([]);
  now += HOUR_MS;
  // One machine is an hour and a half behind, one ahead.
  await add('late', -1.5 * HOUR_MS);
  await add('early', 1.5 * HOUR_MS);
  expect(await logged()).toEqual(['late', 'early']);
  now += HOUR_MS;
  expect(await logged()).toEqual([]);
  now += 24 * HOUR_MS;
  await add('radius-2', 0);
  expect(await logged()).toEqual(['radius-2']);
  // A clock that is set back, or ahead, hides nothing.
  now += HOUR_MS;
  await add('days-behind', -400 * 24 * HOUR_MS);
  await add('years-ahead', 10 * 365 * 24 * HOUR_MS);
  expect(await logged()).toEqual(['days-behind', 'years-ahead']);
  now += HOUR_MS;
  expect(await logged()).toEqual([]);
  const yearAgo = () => new Date(now - 365 * 24 * HOUR_MS).toISOString();
  expect(await audit.removeBefore(yearAgo())).toBe(0);
  now += 365 * 24 * HOUR_MS;
  expect(await audit.removeBefore(yearAgo())).toBeGreaterThan(1);
});

test('a change is logged though the process dies before that is noted', async () => {
  const tables = new MemoryStorage(() => BEGIN).open(INSTANT);
  const audit = new TableAuditStore(tables.audit, seededRandom(1, 'audit'));
  const { logger: log, entries } = collectingLogger();
  const clock = clockOf(
    () => () => undefined,
    () => BEGIN,
    () => 0,
  );
  const tasks = new TableTaskStore(tables.polling);
  const died = { ...tasks, read: tasks.read.bind(tasks), write: () => Promise.reject(new Error('killed')) };
  const at = new Date(BEGIN).toISOString();
  await audit.append({ at, by: 'olga@contoso.com', from: 'command-line', action: 'create-client', target: 'radius-1' });
  await expect(logCommandLine({ audit, tasks: died as never, clock, log }, {})).rejects.toThrow('killed');
  expect(entries.map(({ fields }) => fields['target'])).toEqual(['radius-1']);
});
