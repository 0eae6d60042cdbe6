// Ethernet MAC and UDID, which lists leave out: fetched by batches, kept through sweeps, fetched again when they may
// differ.

import { describe, expect, test } from 'vitest';
import { type ConnectorFixture, startConnector } from '../../support/connector-fixture.ts';
import { readHeld, storeContents } from '../../support/store-contents.ts';

const SLICE_MS = 120_000;
const DAY_MS = 24 * 3_600_000;

function batches({ tenant }: ConnectorFixture): number {
  return tenant.stats().requests.batch;
}

/** What Intune would say of each device if it were asked for it alone. */
async function expectAllFetched(nac: ConnectorFixture): Promise<void> {
  const { devices, claimed } = await storeContents(nac.tables);
  for (const { device, presence } of devices) {
    if (presence === 'gone') continue;
    const { ethernetMacAddress, udid } = nac.tenant.fleet.get(device.id);
    expect(device.ethernetMac).toBe(ethernetMacAddress?.toLowerCase() || undefined);
    expect(device.udid).toBe(udid || undefined);
  }
  expect(await readHeld(nac.tables)).toEqual(claimed);
}

async function startFetched(): Promise<ConnectorFixture> {
  const nac = await startConnector({ store: 'memory', tenant: { fleetSize: 45 }, env: { HARDWARE_MAX_AGE: '7d' } });
  await nac.app.poll(SLICE_MS);
  return nac;
}

async function sweepAfter({ app, clock }: ConnectorFixture, milliseconds: number): Promise<void> {
  clock.advance(milliseconds);
  expect((await app.poll(SLICE_MS)).kind).toBe('complete');
}

describe('Ethernet MAC and UDID', () => {
  test('are fetched behind the first sweep, with pointers, and once', async () => {
    await using nac = await startFetched();
    await expectAllFetched(nac);
    const devices = [...(await storeContents(nac.tables)).devices];
    expect(devices.some(({ device }) => device.ethernetMac !== undefined)).toBe(true);
    const asked = batches(nac);
    nac.storage.requests.length = 0;

    await nac.app.poll(SLICE_MS);
    expect(batches(nac)).toBe(asked);
    expect(nac.storage.requests.filter(({ table, writes }) => table === 'devices' && writes > 0)).toEqual([]);
  });

  test('are not wiped by sweeps, whose lists say nothing of them, whatever else changes', async () => {
    await using nac = await startFetched();
    nac.tenant.fleet.patch('NAC-00020', { osVersion: '99.9' });
    nac.changes.length = 0;

    await sweepAfter(nac, DAY_MS);
    await expectAllFetched(nac);
    expect(nac.changes.map(({ fields }) => fields)).toEqual([['osVersion']]);
    nac.storage.requests.length = 0;
    // Before the list for Cisco ISE is gone through again, which is once a day.
    await sweepAfter(nac, DAY_MS / 2);
    expect(nac.storage.requests.filter(({ table, writes }) => table === 'devices' && writes > 0)).toEqual([]);
  });

  test('are fetched again after a week, and what is not there any more goes, with its pointer', async () => {
    await using nac = await startFetched();
    nac.tenant.fleet.patch('NAC-00020', { ethernetMacAddress: 'A4BB6D0A0B0C' });
    nac.tenant.fleet.patch('NAC-00021', { ethernetMacAddress: null as never });
    await sweepAfter(nac, 6 * DAY_MS);
    expect((await nac.identities.readOwners({ kind: 'mac', value: 'a4bb6d0a0b0c' })).devices).toEqual([]);

    await sweepAfter(nac, 2 * DAY_MS);
    await expectAllFetched(nac);
    expect((await nac.identities.readOwners({ kind: 'mac', value: 'a4bb6d0a0b0c' })).devices).toHaveLength(1);
  });

  test('are fetched at once for a new device, and for one with another name or serial number', async () => {
    await using nac = await startFetched();
    nac.tenant.fleet.add({ deviceName: 'NEW', ethernetMacAddress: 'A4BB6D0A0B01' });
    nac.tenant.fleet.patch('NAC-00020', { serialNumber: 'ANOTHER', ethernetMacAddress: 'A4BB6D0A0B02' });

    await sweepAfter(nac, DAY_MS);
    await expectAllFetched(nac);
  });

  test('that cannot be fetched now are fetched later, and hold no sweep up', async () => {
    await using nac = await startConnector({
      store: 'memory',
      tenant: { fleetSize: 45 },
      env: { HARDWARE_MAX_AGE: '7d' },
    });
    nac.tenant.script({ target: 'batch', status: 503, headers: { 'retry-after': '30' }, body: '' });
    expect((await nac.app.poll(SLICE_MS)).kind).toBe('complete');
    const asked = batches(nac);
    await nac.app.poll(SLICE_MS);
    expect(batches(nac), 'before the thirty seconds are over').toBe(asked);

    nac.clock.advance(40_000);
    await nac.app.poll(SLICE_MS);
    await expectAllFetched(nac);
  });
});
