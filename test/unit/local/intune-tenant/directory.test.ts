// The Entra side of the simulated tenant: following its changes always leads to what a full round gives.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ENTRA_DEVICE_PROPERTIES, type EntraDevice } from '../../../../local/intune-tenant/entra-device.ts';
import { EntraDirectory } from '../../../../local/intune-tenant/entra-directory.ts';
import { Fleet } from '../../../../local/intune-tenant/fleet.ts';
import { COMPLIANCE_STATES } from '../../../../local/intune-tenant/managed-device.ts';

const step = fc.record({
  action: fc.constantFrom('patch', 'remove', 'add', 'enrolAgain', 'hide', 'show', 'unlink', 'delete', 'read', 'wait'),
  device: fc.nat(30),
  state: fc.constantFrom(...COMPLIANCE_STATES),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

function full(directory: EntraDirectory, end: number): Map<string, EntraDevice> {
  const objects: EntraDevice[] = [];
  let place: number | undefined = 0;
  while (place !== undefined) {
    const page: ReturnType<EntraDirectory['page']> = directory.page(place, 4, end);
    objects.push(...page.objects);
    place = page.next;
  }
  const byId = new Map(objects.map((object) => [object.id, object]));
  // A directory holds each object once, however often the device is enrolled.
  expect(byId.size).toBe(objects.length);
  return byId;
}

function act(fleet: Fleet, directory: EntraDirectory, { action, device, state }: Step): void {
  const devices = fleet.list({ limit: 100 }).value;
  const chosen = devices[device % Math.max(1, devices.length)];
  if (action === 'add') {
    fleet.add({ complianceState: state });
  } else if (action === 'show') {
    fleet.show();
  } else if (chosen !== undefined) {
    switch (action) {
      case 'patch':
        fleet.patch(chosen.id, { complianceState: state });
        break;
      case 'remove':
        fleet.remove(chosen.id);
        break;
      case 'enrolAgain':
        fleet.enrollAgain(chosen.id, { complianceState: state });
        break;
      case 'hide':
        fleet.hide(chosen.id);
        break;
      case 'unlink':
        fleet.patch(chosen.id, { azureADDeviceId: null });
        break;
      case 'delete': {
        const unmanaged = [...full(directory, directory.visibleEnd(0)).values()].find((object) => !object.isManaged);
        if (unmanaged !== undefined) {
          directory.delete(unmanaged.deviceId);
        }
        break;
      }
    }
  }
}

test.each([0, 60])('with a lag of %i seconds', (lag) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let now = Date.parse('2026-03-01T00:00:00Z');
      const fleet = new Fleet({ size: 8, seed: 3, now: () => new Date(now) });
      const directory = new EntraDirectory(fleet, () => new Date(now));
      let position = directory.visibleEnd(lag);
      const followed = full(directory, position);
      for (const taken of [...steps, { action: 'read', device: 0, state: 'unknown' } as const]) {
        if (taken.action === 'wait') {
          now += 25_000;
        } else if (taken.action === 'read') {
          const end = directory.visibleEnd(lag);
          for (const { objectId, after } of directory.changes(position, end)) {
            if (after === undefined) {
              followed.delete(objectId);
            } else {
              followed.set(objectId, after);
            }
          }
          position = end;
          const shown = full(directory, end);
          const sorted = (objects: Map<string, EntraDevice>) =>
            [...objects.values()]
              .map((object) => ENTRA_DEVICE_PROPERTIES.map((name) => String(object[name])).join())
              .sort();
          expect(sorted(shown)).toEqual(sorted(followed));
        } else {
          act(fleet, directory, taken);
        }
      }
    }),
    { numRuns: 300 },
  );
});
