// The reading of `$filter` by the simulated tenant.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { devicePredicate } from '../../../../local/intune-tenant/device-filter.ts';
import { generatedDevice } from '../../../../local/intune-tenant/generated-device.ts';

const reference = new Date('2026-03-01T00:00:00Z');
const device = generatedDevice({ seed: 1, index: 1, reference });

test('any text in quotes is compared as it is', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (name, other) => {
      const filter = `deviceName eq '${other.replaceAll("'", "''")}'`;
      const holds = devicePredicate(filter)?.({ ...device, deviceName: name });
      expect(holds).toBe(name.toLowerCase() === other.toLowerCase());
    }),
  );
});

test('gt and lt divide time without the instant itself', () => {
  const instant = fc.date({ min: new Date('2000-01-01'), max: new Date('2099-01-01'), noInvalidDate: true });
  fc.assert(
    fc.property(instant, instant, (synced, bound) => {
      const candidate = { ...device, lastSyncDateTime: synced.toISOString() };
      const later = devicePredicate(`lastSyncDateTime gt ${bound.toISOString()}`)?.(candidate);
      const earlier = devicePredicate(`lastSyncDateTime lt ${bound.toISOString()}`)?.(candidate);
      expect([later, earlier]).toEqual([synced > bound, synced < bound]);
    }),
  );
});

test('no text breaks the reading', () => {
  const piece = fc.constantFrom('deviceName', ' eq ', ' and ', ' or ', "'x'", "'", '(', 'contains(', ',', ')', ' gt ');
  const text = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 12 }).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(text, (filter) => {
      expect(['boolean', 'undefined']).toContain(typeof devicePredicate(filter)?.(device));
    }),
  );
});
