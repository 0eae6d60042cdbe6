// What happens to devices, and when a list leaves it out: devices that vanish and return, are hidden, retired, wiped,
// enrolled again, or turn in masses. Every change is dispatched once; what is none is not.

import { describe, expect, test } from 'vitest';
import { changeShare, hideShare } from '../../../local/intune-tenant/fleet-scenarios.ts';
import type { ConnectorFixture } from '../../support/connector-fixture.ts';
import { compliantDevices } from '../../support/hold-scenario.ts';
import {
  expectChangesReported,
  expectStoreToSayWhatTheTenantSays,
  HOUR_MS,
  SLICE_MS,
  standingOf,
  standingOfMac,
  startQuirky,
  tickAfter,
} from '../../support/quirk-scenario.ts';

const DAY_MS = 24 * HOUR_MS;

async function startSwept(options: Parameters<typeof startQuirky>[0] = {}) {
  const nac = await startQuirky(options);
  expect(await nac.app.poll(SLICE_MS)).toEqual({ kind: 'complete' });
  nac.changes.length = 0;
  const [name = ''] = compliantDevices(nac, 1);
  return { nac, name, mac: String(nac.tenant.fleet.get(name).wiFiMacAddress) };
}

const sweep = (nac: ConnectorFixture) => tickAfter(nac, HOUR_MS);

describe('a device that vanishes and returns', () => {
  test('stays known when one list leaves it out and the source cannot be asked for it', async () => {
    const { nac, name, mac } = await startSwept();
    await using _ = nac;
    nac.tenant.fleet.hide(name);
    nac.tenant.script({ target: 'batch', answer: 'serviceUnavailable', times: 100 });
    await sweep(nac);
    expect(await standingOfMac(nac, mac)).toBe('compliant');
    nac.tenant.clearScripts();
    nac.tenant.fleet.show(name);

    await sweep(nac);
    await expectStoreToSayWhatTheTenantSays(nac);
    await expectChangesReported(nac, {});
  });

  test('is gone when Intune says so itself, and comes back as it was, each dispatched once', async () => {
    const { nac, name, mac } = await startSwept();
    await using _ = nac;
    nac.tenant.fleet.hide(name);
    await sweep(nac);
    await sweep(nac);
    expect(await standingOfMac(nac, mac)).toBe('notEnrolled');
    await expectChangesReported(nac, { [name]: 1 });
    nac.tenant.fleet.show(name);

    await sweep(nac);
    expect(await standingOfMac(nac, mac)).toBe('compliant');
    await sweep(nac);
    await expectStoreToSayWhatTheTenantSays(nac);
    await expectChangesReported(nac, { [name]: 2 });
  });

  test('is one of those that Intune hides as inactive, until it checks in again', async () => {
    const { nac, name, mac } = await startSwept();
    await using _ = nac;
    const silentSince = new Date(nac.clock.now().getTime() - 100 * DAY_MS).toISOString();
    nac.tenant.fleet.patch(name, { lastSyncDateTime: silentSince });
    nac.tenant.behave({ hiddenAfterInactiveDays: 90 });
    await sweep(nac);
    await sweep(nac);
    expect(await standingOfMac(nac, mac)).toBe('notEnrolled');
    await expectChangesReported(nac, { [name]: 1 });

    nac.tenant.fleet.patch(name, { lastSyncDateTime: nac.clock.now().toISOString() });
    await sweep(nac);
    expect(await standingOfMac(nac, mac)).toBe('compliant');
    await expectStoreToSayWhatTheTenantSays(nac);
    await expectChangesReported(nac, { [name]: 2 });
  });
});

describe('a device that is being removed', () => {
  test.each([['retire' as const], ['wipe' as const]])(
    'by %s is let in no more, whatever its state, and is gone once it is',
    async (how) => {
      const { nac, name, mac } = await startSwept();
      await using _ = nac;
      nac.tenant.fleet[how](name);
      await sweep(nac);
      expect(await standingOfMac(nac, mac)).toBe('beingRemoved');
      await expectStoreToSayWhatTheTenantSays(nac);
      await expectChangesReported(nac, { [name]: 1 });

      nac.tenant.fleet.remove(name);
      await sweep(nac);
      expect(await standingOfMac(nac, mac)).toBe('notEnrolled');
      await sweep(nac);
      await expectStoreToSayWhatTheTenantSays(nac);
      await expectChangesReported(nac, { [name]: 2 });
    },
  );
});

describe('one address on two records', () => {
  test('of one machine enrolled twice answers by the record that lives on, and loses nothing when the old one goes', async () => {
    const { nac, name, mac } = await startSwept();
    await using _ = nac;
    const old = nac.tenant.fleet.get(name);
    nac.clock.advance(1000);
    const again = nac.tenant.fleet.enrollAgain(name, { deviceName: 'AGAIN', complianceState: 'noncompliant' });
    await sweep(nac);
    expect(await standingOfMac(nac, mac)).toBe('noncompliant');
    nac.tenant.fleet.remove(old.id);
    nac.tenant.fleet.patch(again.id, { complianceState: 'compliant' });
    await sweep(nac);
    expect(await standingOfMac(nac, mac)).toBe('compliant');

    await sweep(nac);
    await expectStoreToSayWhatTheTenantSays(nac);
    await expectChangesReported(nac, { [name]: 1, AGAIN: 1 });
  });

  test('of two machines identifies neither, and each one again when the other gets its own', async () => {
    const { nac } = await startSwept();
    await using _ = nac;
    expect(await standingOf(nac, 'NAC-00003')).toBe('ambiguous');
    nac.tenant.fleet.patch('NAC-00004', { wiFiMacAddress: 'A4BB6D010204' });
    await sweep(nac);
    expect(await standingOf(nac, 'NAC-00003')).toBe('compliant');
    expect(await standingOf(nac, 'NAC-00004')).toBe('noncompliant');
    await expectStoreToSayWhatTheTenantSays(nac);
  });
});

describe('a large part of the fleet', () => {
  test('that vanishes for one list stays known', async () => {
    const { nac, mac } = await startSwept({ tenant: { fleetSize: 200, pageSize: 100 } });
    await using _ = nac;
    expect(hideShare(nac.tenant.fleet, { share: 0.5 })).toBe(100);
    await sweep(nac);
    expect(await standingOfMac(nac, mac)).toBe('compliant');
    nac.tenant.fleet.show();

    await sweep(nac);
    await expectStoreToSayWhatTheTenantSays(nac);
    await expectChangesReported(nac, {});
  });

  test('that flips for one list turns no device', async () => {
    const { nac, mac } = await startSwept({ tenant: { fleetSize: 200, pageSize: 100 } });
    await using _ = nac;
    const before = nac.tenant.fleet.list({ limit: 200 }).value;
    // The others are not let in as compliant in either state, which turns nothing.
    const turning = new Set(compliantDevices(nac, 80).map((each) => nac.tenant.fleet.get(each).id));
    expect(changeShare(nac.tenant.fleet, { share: 0.9 }, { complianceState: 'noncompliant' })).toBe(180);
    await sweep(nac);
    expect(await standingOfMac(nac, mac)).toBe('compliant');
    for (const { id, complianceState } of before) nac.tenant.fleet.patch(id, { complianceState });

    await sweep(nac);
    await expectStoreToSayWhatTheTenantSays(nac);
    expect(nac.changes.filter(({ id }) => turning.has(id))).toEqual([]);
  });
});
