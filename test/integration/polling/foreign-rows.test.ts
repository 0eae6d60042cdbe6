// Rows of the poll's tables that something else wrote: each is reported once, and the poll goes on.

import { describe, expect, test } from 'vitest';
import { startConnector } from '../../support/connector-fixture.ts';

const SLICE_MS = 120_000;
const HOUR_MS = 3_600_000;

const reported = (log: readonly { event: string; fields: Record<string, unknown> }[]): unknown[] =>
  log.filter(({ fields }) => fields['code'] === 'NAC_STORE_ROW').map(({ event }) => event);

describe('a row that something else wrote', () => {
  test.each([
    ['the state of the sweep', 'polling', { partitionKey: 'sweep', rowKey: 'state', state: '{' }],
    ['the state of changed devices', 'polling', { partitionKey: 'task|changed-devices', rowKey: 'state', value: 1 }],
    [
      'the state of mass changes',
      'polling',
      { partitionKey: 'task|mass-change', rowKey: 'state', columns: 1, state0: '7' },
    ],
    [
      'the state of devices to be read again',
      'polling',
      { partitionKey: 'task|read-again', rowKey: 'state', value: 1 },
    ],
    ['a shard of the fleet index', 'polling', { partitionKey: 'fleet', rowKey: '0', value: 1 }],
    ['a change', 'devices', { partitionKey: 'p0', rowKey: 'o|c|intune|x|0000000001', change: '{' }],
    ['a mark', 'devices', { partitionKey: 'p0', rowKey: 'o|m|x' }],
  ] as const)('%s', async (_, table, row) => {
    await using nac = await startConnector({ tenant: { fleetSize: 20 }, env: { CHANGED_DEVICES_INTERVAL: '1m' } });
    await nac.app.poll(SLICE_MS);
    await nac.tables[table].upsertEntity({ ...row }, 'Replace');
    nac.clock.advance(HOUR_MS * 3);
    const { id } = nac.tenant.fleet.get('NAC-00001');
    nac.tenant.fleet.patch('NAC-00001', { complianceState: 'noncompliant' });
    expect(await nac.app.poll(SLICE_MS)).toEqual({ kind: 'complete' });
    nac.clock.advance(HOUR_MS * 3);
    expect(await nac.app.poll(SLICE_MS)).toEqual({ kind: 'complete' });
    expect((await nac.devices.read({ source: 'intune', id }))?.device.complianceState).toBe('noncompliant');
    expect(reported(nac.log)).toEqual(['store.row-passed-over']);
  });
});
