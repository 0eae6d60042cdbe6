// Rows that something else wrote: the stores of the poll report each once, and go on.

import { describe, expect, test } from 'vitest';
import { TableDeviceStore } from '../../../../shared/adapters/table-storage/table-device-store.ts';
import { TableIdentityStore } from '../../../../shared/adapters/table-storage/table-identity-store.ts';
import { TableSweepStore } from '../../../../shared/adapters/table-storage/table-sweep-store.ts';
import { TableTaskStore } from '../../../../shared/adapters/table-storage/table-task-store.ts';
import { MemoryTable } from '../../../simulation/services/memory-table.ts';
import { memoryTableClient } from '../../../simulation/services/memory-table-client.ts';
import { INSTANT } from '../../../simulation/services/wire.ts';
import { collectingLogger } from '../../../support/collecting-logger.ts';

const openTable = () => memoryTableClient('rows', new MemoryTable(Date.now), INSTANT);

describe('the state of a task', () => {
  test.each([
    ['no JSON', { columns: 1, state0: '{"step":' }],
    ['JSON that is no object', { columns: 1, state0: '[1]' }],
    ['null', { columns: 1, state0: 'null' }],
    ['columns of another program', { value: 7 }],
  ])('%s is reported once, and replaced by the next write', async (_, columns) => {
    const table = openTable();
    const { logger, entries } = collectingLogger();
    const tasks = new TableTaskStore(table, logger);
    await table.createEntity({ partitionKey: 'task|x', rowKey: 'state', ...columns });
    const { state, etag } = await tasks.read('x');
    await tasks.read('x');
    expect(state).toBeUndefined();
    expect(entries.map(({ event, fields }) => [event, fields?.['code']])).toEqual([
      ['store.row-passed-over', 'NAC_STORE_ROW'],
    ]);
    await tasks.write('x', { step: 1 }, etag);
    expect((await tasks.read('x')).state).toEqual({ step: 1 });
  });

  test('that is too long for a row has a code', async () => {
    const tasks = new TableTaskStore(openTable());
    await expect(tasks.write('x', { text: 'a'.repeat(500_000) }, undefined)).rejects.toMatchObject({
      code: 'NAC_STORE_STATE',
    });
  });
});

describe('the state of the sweep', () => {
  test('that is damaged lets the sweep begin again', async () => {
    const table = openTable();
    const { logger, entries } = collectingLogger();
    const sweeps = new TableSweepStore(table, logger);
    await table.createEntity({ partitionKey: 'sweep', rowKey: 'state', state: 'x' });
    const { state, etag } = await sweeps.read();
    expect(state).toEqual({ runNumber: 0 });
    expect(entries).toHaveLength(1);
    await sweeps.write({ runNumber: 1 }, etag);
    expect((await sweeps.read()).state).toEqual({ runNumber: 1 });
  });

  test('keeps no run from before a moment, and removes a bounded number at once', async () => {
    const sweeps = new TableSweepStore(openTable());
    const days = ['01', '02', '03', '04', '05'];
    for (const day of days) {
      const startedAt = `2026-01-${day}T00:00:00.000Z`;
      const counts = { slices: 1, pages: 1, devices: 1, saved: 0, rejected: 0, failures: 0, countsAbsences: true };
      const end = { result: 'complete' as const, finishedAt: startedAt, gone: 0, turned: 0, held: 0, stretch: 1 };
      await sweeps.recordRun({ id: `run-${day}`, startedAt, ...counts, ...end });
    }
    const idsLeft = async () => (await sweeps.listRuns(10)).map(({ id }) => id);
    expect(await sweeps.removeRunsBefore('2026-01-04T00:00:00.000Z', 2)).toBe(2);
    expect(await idsLeft()).toHaveLength(3);
    expect(await sweeps.removeRunsBefore('2026-01-04T00:00:00.000Z', 2)).toBe(1);
    expect(await idsLeft()).toEqual(['run-05', 'run-04']);
    expect(await sweeps.removeRunsBefore('2026-01-04T00:00:00.000Z', 2)).toBe(0);
  });
});

test('a change and a mark that something else wrote are passed over, each reported once', async () => {
  const table = openTable();
  const { logger, entries } = collectingLogger();
  const devices = new TableDeviceStore(table, logger);
  const change = { source: 'intune', id: 'a', version: 2 };
  await table.createEntity({ partitionKey: 'p0', rowKey: 'o|c|intune|a|0000000002', change: JSON.stringify(change) });
  await table.createEntity({ partitionKey: 'p0', rowKey: 'o|c|intune|b|0000000002', change: '{"source":' });
  await table.createEntity({ partitionKey: 'p1', rowKey: 'o|c|intune|c|0000000002' });
  await table.createEntity({ partitionKey: 'p2', rowKey: 'o|m|nothing' });
  await table.createEntity({ partitionKey: 'p2', rowKey: 'o|m|intune|d', held: '' });
  expect(await Array.fromAsync(devices.pendingChanges())).toEqual([change]);
  expect((await Array.fromAsync(devices.marks())).map(({ id }) => id)).toEqual(['d']);
  expect((await devices.listMarks('2', undefined)).marks.map(({ id }) => id)).toEqual(['d']);
  expect(entries).toHaveLength(3);
});

test('an identity row that something else wrote names no device, and is replaced', async () => {
  const table = openTable();
  const { logger, entries } = collectingLogger();
  const identities = new TableIdentityStore(table, logger);
  const identity = { kind: 'serialNumber', value: 'X1' } as const;
  const holder = { identity, device: { source: 'intune', id: 'a' } };
  await identities.addOwners([holder]);
  for await (const { partitionKey = '', rowKey = '' } of table.listEntities()) {
    await table.updateEntity({ partitionKey, rowKey, other: 1 }, 'Replace');
  }
  expect(await identities.readOwners(identity)).toEqual({ devices: [], more: false });
  await identities.addOwners([holder]);
  expect(await identities.readOwners(identity)).toEqual({ devices: ['intune|a'], more: false });
  expect(entries).toHaveLength(1);
});
