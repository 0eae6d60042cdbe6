// Records that no sweep has met: written between sweeps, left over from a lost index, or made for addresses. They are
// missed like any other, and no answer from them looks fresher than the observation that they hold.

import { describe, expect, test } from 'vitest';
import { createApp } from '../../../shared/app.ts';
import { deviceKeyText } from '../../../shared/domain/device/device.ts';
import { toInstant } from '../../../shared/domain/instant.ts';
import { renderJson } from '../../../shared/lookup/render-answer.ts';
import { readSettings } from '../../../shared/settings.ts';
import {
  askByMac,
  HOUR_MS,
  MINUTE_MS,
  macOf,
  nextList,
  SLICE_MS,
  startCompliance,
} from '../../support/compliance-scenario.ts';
import type { ConnectorFixture } from '../../support/connector-fixture.ts';
import { compliantDevices, deviceName } from '../../support/hold-scenario.ts';
import {
  MINUTE_MS as MINUTE,
  standingOf,
  standingOfMac,
  startQuirky,
  tickAfter,
} from '../../support/quirk-scenario.ts';

const MAC = 'a4bb6d0000aa';

function startWithChanges(env: Readonly<Record<string, string>> = {}): Promise<ConnectorFixture> {
  return startQuirky({ env: { CHANGED_DEVICES_INTERVAL: '1m', POLLING_INTERVAL: '2h', ...env } });
}

/** A device enrols now; the next tick finds it by its check-in. */
function enrol({ tenant, clock }: ConnectorFixture): string {
  const lastSyncDateTime = toInstant(clock.now());
  const device = { deviceName: 'GUEST', complianceState: 'compliant', wiFiMacAddress: MAC, lastSyncDateTime } as const;
  return tenant.fleet.add(device).id;
}

async function sweep(nac: ConnectorFixture): Promise<void> {
  expect((await tickAfter(nac, 2 * HOUR_MS + MINUTE)).kind).toBe('complete');
}

async function ageOf({ app, apiKey }: ConnectorFixture, mac: string): Promise<number> {
  const request = { method: 'mab', userName: mac, callingStationId: mac, nasIpAddress: '10.1.1.1' };
  return renderJson(await app.lookup(apiKey, JSON.stringify(request))).ageSeconds ?? Number.NaN;
}

describe('a device that enrolled and left between two sweeps', () => {
  test.each([
    ['where Intune can be asked for it', 0],
    ['where no point read is answered', 3],
  ])('is absent after two sweeps without it, %s', async (_, refusals) => {
    await using nac = await startWithChanges();
    await nac.app.poll(SLICE_MS);
    await tickAfter(nac);
    const id = enrol(nac);
    await tickAfter(nac);
    expect(await standingOfMac(nac, MAC)).toBe('compliant');
    nac.tenant.fleet.remove(id);

    for (let failed = 0; failed < refusals; failed++) nac.tenant.script({ target: 'batch', status: 503, body: '' });
    await sweep(nac);
    await sweep(nac);
    await sweep(nac);
    expect(await standingOfMac(nac, MAC)).toBe('notEnrolled');
    expect(await nac.devices.read({ source: 'intune', id })).toMatchObject({ presence: 'gone' });
  });

  test('is never said to be known better than it was observed', async () => {
    await using nac = await startWithChanges();
    await nac.app.poll(SLICE_MS);
    await tickAfter(nac);
    enrol(nac);
    await tickAfter(nac);
    expect(await ageOf(nac, MAC)).toBeLessThan(5);
    nac.clock.advance(90 * MINUTE);
    expect(await ageOf(nac, MAC)).toBeGreaterThanOrEqual(90 * 60);
    await sweep(nac);
    expect(await ageOf(nac, MAC), 'the sweep has met it').toBeLessThan(5);
    expect(await nac.devices.read({ source: 'intune', id: nac.tenant.fleet.get('GUEST').id })).not.toHaveProperty(
      'unswept',
    );
  });
});

test('devices that left while the index was lost are missed as those of a whole index are', async () => {
  await using nac = await startWithChanges();
  await nac.app.poll(SLICE_MS);
  const [left = '', stays = ''] = compliantDevices(nac, 2);
  const leftId = nac.tenant.fleet.get(left).id;
  const filter = "PartitionKey eq 'fleet'";
  for await (const { partitionKey = '', rowKey = '' } of nac.tables.polling.listEntities({
    queryOptions: { filter },
  })) {
    await nac.tables.polling.deleteEntity(partitionKey, rowKey);
  }
  nac.tenant.fleet.remove(left);
  const before = await standingOf(nac, stays);

  await sweep(nac);
  await sweep(nac);
  expect(await nac.devices.read({ source: 'intune', id: leftId })).toMatchObject({ presence: 'gone' });
  expect(await standingOf(nac, stays)).toBe(before);
});

/** A record of a device that Intune has not, and no index knows. */
async function storeUnknown(nac: ConnectorFixture) {
  const stored = await nac.devices.read({ source: 'intune', id: nac.tenant.fleet.get(deviceName(5)).id });
  const device = { ...stored?.device, source: 'intune', id: '0f8fad5b-d9cb-469f-a165-70867728950e' } as const;
  await nac.devices.write([
    {
      record: { ...(stored as NonNullable<typeof stored>), device: device as never, version: 1 },
      retiredIdentities: [],
    },
  ]);
  return device;
}

test('what a slice stored before it died, and what left meanwhile, is missed by the run that goes on', async () => {
  await using nac = await startWithChanges();
  await nac.app.poll(SLICE_MS);
  const device = await storeUnknown(nac);
  const { state } = await nac.tables.polling.getEntity<{ state: string }>('sweep', 'state');
  const startedAt = toInstant(nac.clock.now());
  const counts = { pages: 0, devices: 0, saved: 0, rejected: 0, failures: 0 };
  const run = { id: 'd1ed', startedAt, slices: 1, countsAbsences: true, ...counts };
  // As it stands when a process ends in the middle of a slice.
  const left = { ...JSON.parse(state), owner: 'dead', leaseUntil: startedAt, run };
  await nac.tables.polling.updateEntity(
    { partitionKey: 'sweep', rowKey: 'state', state: JSON.stringify(left) },
    'Replace',
  );
  await sweep(nac);
  await sweep(nac);
  expect(await nac.devices.read(device)).toMatchObject({ presence: 'gone' });
});

test('a row that no index knows is found by one of twelve sweeps', async () => {
  await using nac = await startWithChanges();
  await nac.app.poll(SLICE_MS);
  const device = await storeUnknown(nac);
  for (let run = 0; run < 13; run++) await sweep(nac);
  expect(await nac.devices.read(device), deviceKeyText(device)).toMatchObject({ presence: 'gone' });
});

test('records of addresses neither make a MAC ambiguous nor outlive two sweeps', async () => {
  await using tenant = await startCompliance({
    roles: {
      graph: ['Application.Read.All', 'DeviceManagementManagedDevices.Read.All'],
      intune: ['get_device_compliance'],
    },
  });
  const { nac, clock } = tenant;
  const name = deviceName(1);
  nac.tenant.fleet.patch(name, { complianceState: 'noncompliant' });
  const mac = macOf(nac, name);
  await askByMac(nac, mac);
  await nextList(tenant);
  await nac.app.poll(SLICE_MS);
  await nac.devices.write([
    {
      record: {
        device: {
          source: 'intune',
          id: `mac-${mac.toLowerCase()}`,
          complianceState: 'noncompliant',
          wifiMac: mac.toLowerCase() as never,
        },
        presence: 'present',
        version: 1,
        observedAt: toInstant(clock.now()),
        indexed: true,
      },
      retiredIdentities: [],
    },
  ]);
  const identity = { kind: 'mac', value: mac.toLowerCase() } as const;
  const ofAddress = { source: 'intune', id: `mac-${mac.toLowerCase()}` };
  await nac.identities.addOwners([{ identity, device: ofAddress }]);
  await nac.app.close();

  const full = createApp(readSettings({ ...nac.env, INTUNE_PERMISSIONS: 'full' }), nac.overrides);
  try {
    clock.advance(MINUTE_MS);
    expect((await full.poll(SLICE_MS)).kind).toBe('complete');
    const ask = { method: 'mab', userName: mac, callingStationId: mac };
    const answer = async () => renderJson(await full.lookup(nac.apiKey, JSON.stringify(ask)));
    expect((await answer()).standing).toBe('noncompliant');
    for (let run = 0; run < 2; run++) {
      clock.advance(HOUR_MS + MINUTE_MS);
      await full.poll(SLICE_MS);
    }
    expect(await nac.devices.read(ofAddress)).toMatchObject({ presence: 'gone' });
    expect((await answer()).standing).toBe('noncompliant');
  } finally {
    await full.close();
  }
});
