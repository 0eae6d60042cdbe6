// Records of devices that are gone for long leave with the pointers to them, and an address that hundreds of machines
// took in turn is the last one's again.

import { describe, expect, test } from 'vitest';
import { TableDeviceStore } from '../../../../shared/adapters/table-storage/table-device-store.ts';
import { TableIdentityStore } from '../../../../shared/adapters/table-storage/table-identity-store.ts';
import type { Tables } from '../../../../shared/adapters/table-storage/tables.ts';
import { type Device, deviceHash, deviceKeyText, SHARDS } from '../../../../shared/domain/device/device.ts';
import type { Identity } from '../../../../shared/domain/identity/identity.ts';
import { toInstant } from '../../../../shared/domain/instant.ts';
import { planGone, planObserved } from '../../../../shared/polling/records/plan-device-write.ts';
import { removeGoneDevices } from '../../../../shared/polling/records/remove-gone-devices.ts';
import { saveDevices } from '../../../../shared/polling/records/save-devices.ts';
import { aDeviceOfFleet, aMac } from '../../../support/a-device.ts';
import { type SlowTables, slowTables } from '../../../support/slow-tables.ts';

const DAY_MS = 24 * 3_600_000;
const STARTS_AT = Date.parse('2026-11-01T00:00:00.000Z');
const DOCK = aMac('a4bb6d0000d0');
const DOCK_IDENTITY: Identity = { kind: 'mac', value: DOCK };

const storesOf = (tables: Tables) => ({
  devices: new TableDeviceStore(tables.devices),
  identities: new TableIdentityStore(tables.identities),
});
const day = (number: number): string => toInstant(new Date(STARTS_AT + number * DAY_MS));
/** The same laboratory machine, enrolled once more. */
const enrolment = (number: number): Device => ({ ...aDeviceOfFleet(number), wifiMac: DOCK });

async function enrol({ atOnce }: SlowTables, device: Device, at: string): Promise<void> {
  const plan = (stored: Parameters<typeof planObserved>[0]) => planObserved(stored, device, at);
  await saveDevices(storesOf(atOnce), [{ key: device, plan }]);
}

async function leave({ atOnce }: SlowTables, device: Device, at: string): Promise<void> {
  const plan = (stored: Parameters<typeof planGone>[0]) => planGone(stored, at);
  await saveDevices(storesOf(atOnce), [{ key: device, plan }]);
}

async function clean({ atOnce }: SlowTables, before: string): Promise<number> {
  let removed = 0;
  for (const shard of SHARDS) removed += await removeGoneDevices(storesOf(atOnce), shard, before);
  return removed;
}

const ownersOf = ({ atOnce }: SlowTables) => storesOf(atOnce).identities.readOwners(DOCK_IDENTITY);

describe('a machine that is enrolled once more each day', () => {
  test('after three hundred days its address leads to the one record that is there', async () => {
    const slow = slowTables(STARTS_AT, 1);
    for (let number = 0; number < 300; number++) {
      if (number > 0) await leave(slow, enrolment(number - 1), day(number));
      await enrol(slow, enrolment(number), day(number));
    }
    expect((await ownersOf(slow)).more).toBe(true);

    expect(await clean(slow, day(300))).toBe(299);

    expect(await ownersOf(slow)).toEqual({ devices: [deviceKeyText(enrolment(299))], more: false });
    expect(await storesOf(slow.atOnce).devices.read(enrolment(0))).toBeUndefined();
    expect(await storesOf(slow.atOnce).devices.read(enrolment(299))).toMatchObject({ presence: 'present' });
  });

  test('what is gone for less than the time it is kept for stays', async () => {
    const slow = slowTables(STARTS_AT, 1);
    for (const number of [0, 1]) await enrol(slow, enrolment(number), day(0));
    await leave(slow, enrolment(0), day(1));
    await leave(slow, enrolment(1), day(5));
    expect(await clean(slow, day(3))).toBe(1);
    expect(await storesOf(slow.atOnce).devices.read(enrolment(1))).toMatchObject({ presence: 'gone' });
    expect(await ownersOf(slow)).toEqual({ devices: [deviceKeyText(enrolment(1))], more: false });
  });
});

describe('a device that comes back', () => {
  test('while its record is being removed keeps its record and the pointers to it', async () => {
    const device = enrolment(0);
    for (let killedAt = 0; killedAt < 12; killedAt++) {
      const slow = slowTables(STARTS_AT, 1);
      await enrol(slow, device, day(0));
      await leave(slow, device, day(1));
      let calls = 0;
      const { devices, identities } = storesOf(slow.atOnce);
      const returning = async (): Promise<void> => {
        if (calls++ === killedAt) await enrol(slow, device, day(100));
      };
      const watched = {
        devices: {
          listGone: async (...given: Parameters<typeof devices.listGone>) => {
            const gone = await devices.listGone(...given);
            await returning();
            return gone;
          },
          write: async (...given: Parameters<typeof devices.write>) => {
            await returning();
            const written = await devices.write(...given);
            await returning();
            return written;
          },
          remove: async (...given: Parameters<typeof devices.remove>) => {
            await returning();
            return devices.remove(...given);
          },
          readMany: (...given: Parameters<typeof devices.readMany>) => devices.readMany(...given),
        },
        identities,
      };
      for (const shard of SHARDS) await removeGoneDevices(watched, shard, day(50));
      const stored = await devices.read(device);
      if (calls <= killedAt) continue;
      expect(stored, `back at call ${killedAt}`).toMatchObject({ presence: 'present', indexed: true });
      expect(await ownersOf(slow)).toEqual({ devices: [deviceKeyText(device)], more: false });
    }
  });

  test('after a process died while it removed the record has its pointers put in place', async () => {
    const device = enrolment(0);
    for (let killedAfterMs = 1; killedAfterMs < 12; killedAfterMs++) {
      const slow = slowTables(STARTS_AT, 1);
      await enrol(slow, device, day(0));
      await leave(slow, device, day(1));
      const dying = storesOf(slow.openUntil(() => STARTS_AT + killedAfterMs));
      void removeGoneDevices(dying, deviceHash(device).charAt(0), day(50));
      await slow.time.runUntil(STARTS_AT + 1_000);
      await enrol(slow, device, day(100));
      expect(await ownersOf(slow), `killed after ${killedAfterMs} ms`).toEqual({
        devices: [deviceKeyText(device)],
        more: false,
      });
    }
  });
});

describe('an identity that more devices hold than its row lists', () => {
  test('lists them again as others let go of it', async () => {
    const slow = slowTables(STARTS_AT, 1);
    const { identities } = storesOf(slow.atOnce);
    const all = Array.from({ length: 450 }, (_, number) => aDeviceOfFleet(number));
    const entries = all.map((device) => ({ identity: DOCK_IDENTITY, device }));
    await identities.addOwners(entries.slice(0, 120));
    await identities.addOwners(entries.slice(100));
    expect(await ownersOf(slow)).toMatchObject({ more: true });
    for (let start = 0; start < 449; start += 40)
      await identities.removeOwners(entries.slice(start, Math.min(start + 40, 449)));
    expect(await ownersOf(slow)).toEqual({ devices: [deviceKeyText(aDeviceOfFleet(449))], more: false });
  });

  test('counts right whichever writers meet', async () => {
    const slow = slowTables(STARTS_AT, 1);
    const { identities } = storesOf(slow.tables);
    const entry = (number: number) => ({ identity: DOCK_IDENTITY, device: aDeviceOfFleet(number) });
    const many = Array.from({ length: 210 }, (_, number) => entry(number));
    await storesOf(slow.atOnce).identities.addOwners(many);
    await slow.run(() =>
      Promise.all([
        identities.removeOwners(many.slice(0, 205)),
        identities.addOwners([entry(300)]),
        identities.removeOwners([entry(209)]),
        identities.addOwners([entry(301)]),
      ]),
    );
    const { devices, more } = await ownersOf(slow);
    expect(more).toBe(false);
    expect(devices.toSorted()).toEqual(
      [205, 206, 207, 208, 300, 301].map((number) => deviceKeyText(entry(number).device)).toSorted(),
    );
  });
});
