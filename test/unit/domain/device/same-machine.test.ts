// Several records of one machine: which of them counts.

import { describe, expect, test } from 'vitest';
import { type Device, isSilent } from '../../../../shared/domain/device/device.ts';
import { currentEnrolment } from '../../../../shared/domain/device/same-machine.ts';
import type { StoredDevice } from '../../../../shared/ports/device-store.ts';
import { aDevice, aStoredDevice } from '../../../support/a-device.ts';

const OLD = aStoredDevice({ device: aDevice({ id: 'old', lastSyncAt: '2026-10-01T08:00:00.000Z' }) });
const NEW = aStoredDevice({
  device: aDevice({ id: 'new', lastSyncAt: '2026-11-20T08:00:00.000Z', complianceState: 'noncompliant' }),
});

const standing = (records: readonly StoredDevice[]) => currentEnrolment(records)?.record;

describe('one machine enrolled twice', () => {
  test('is what the record says that checked in last, in whichever order they are read', () => {
    expect(standing([OLD, NEW])).toBe(NEW);
    expect(standing([NEW, OLD])).toBe(NEW);
  });

  test('is what the record says that was enrolled last, when both checked in at once', () => {
    const enrolled = (id: string, enrolledAt: string) => aStoredDevice({ device: aDevice({ id, enrolledAt }) });
    const later = enrolled('a', '2026-11-02T00:00:00.000Z');
    expect(standing([enrolled('b', '2026-11-01T00:00:00.000Z'), later])).toBe(later);
  });

  test('is never a record that is being removed, unless all are', () => {
    const leaving = aStoredDevice({ device: { ...NEW.device, managementState: 'wipePending' } });
    expect(standing([OLD, leaving])).toBe(OLD);
    const alsoLeaving = aStoredDevice({ device: { ...OLD.device, managementState: 'retireIssued' } });
    expect(standing([alsoLeaving, leaving])).toBe(leaving);
  });

  test.each([{ accountEnabled: false }, { ownerAccount: 'disabled' }, { ownerAccount: 'gone' }] as const)(
    'is the one with %o, whichever source it is of and whatever the others say',
    (account) => {
      const entraDeviceId = '2c1f0000-0000-4000-8000-000000000001';
      const ofIntune = aStoredDevice({ device: aDevice({ entraDeviceId, complianceState: 'noncompliant' }) });
      const ofDirectory = aStoredDevice({
        device: aDevice({ source: 'entra', id: 'o', entraDeviceId, complianceState: 'compliant', ...account }),
      });
      expect(currentEnrolment([ofIntune, ofDirectory])?.record).toBe(ofDirectory);
    },
  );

  test('is recognised by its Entra device id, too', () => {
    const withEntra = (id: string, serialNumber: string) =>
      aStoredDevice({ device: aDevice({ id, serialNumber, entraDeviceId: '2c1f0000-0000-4000-8000-000000000001' }) });
    expect(currentEnrolment([withEntra('a', 'SN1'), withEntra('b', 'SN2')])).toBeDefined();
  });
});

describe('records that disagree', () => {
  const record = (fields: Partial<Device>) => aStoredDevice({ device: aDevice(fields) });
  const ENTRA = '2c1f0000-0000-4000-8000-000000000001';
  const LATER = '2026-11-21T08:00:00.000Z';

  test.each([['noncompliant'], ['unknown'], ['conflict'], ['error'], ['configManager'], ['inGracePeriod']] as const)(
    'stand as the worse: %s before compliant, however often the other checks in',
    (complianceState) => {
      for (const entraDeviceId of [undefined, ENTRA]) {
        const marks = entraDeviceId === undefined ? {} : { entraDeviceId };
        const worse = record({ id: 'a', complianceState, ...marks });
        const better = record({ id: 'b', lastSyncAt: LATER, ...marks });
        expect(standing([worse, better])).toBe(worse);
        expect(standing([better, worse])).toBe(worse);
      }
    },
  );

  test('stand as the company’s, never as the personal one', () => {
    const company = record({ id: 'a', ownership: 'company', entraDeviceId: ENTRA });
    const personal = record({ id: 'b', ownership: 'personal', entraDeviceId: ENTRA, lastSyncAt: LATER });
    expect(standing([company, personal])).toBe(company);
    expect(standing([personal, company])).toBe(company);
  });

  test.each([
    ['Entra devices', { entraDeviceId: ENTRA }, { entraDeviceId: '2c1f0000-0000-4000-8000-000000000002' }],
    ['models', { model: 'Latitude 7450' }, { model: 'Virtual Machine' }],
    ['users', { userPrincipalName: 'alice@contoso.com' }, { userPrincipalName: 'bob@contoso.com' }],
    ['kinds of owner', { ownership: 'company' }, { ownership: 'personal' }],
  ])('about their %s are of two machines, whatever the serial number is', (_what, one, other) => {
    for (const serialNumber of ['PF3XYZ12', 'SystemSerialNumb', 'OEM_Serial', '0123456789', '(null string)']) {
      const records = [record({ id: 'a', serialNumber, ...one }), record({ id: 'b', serialNumber, ...other })];
      expect(currentEnrolment(records)).toBeUndefined();
    }
  });

  test('of which each agrees with a third are still two', () => {
    const third = record({ id: 'c' });
    const records = [third, record({ id: 'a', model: 'x' }), record({ id: 'b', model: 'y' })];
    expect(currentEnrolment(records)).toBeUndefined();
  });
});

describe('several machines', () => {
  const machine = (id: string, serialNumber?: string) => {
    const { serialNumber: _, ...device } = aDevice({ id });
    return aStoredDevice({ device: { ...device, ...(serialNumber !== undefined && { serialNumber }) } });
  };

  test.each([
    ['SN1', 'SN2'],
    [undefined, undefined],
    ['0', '0'],
    ['To be filled by O.E.M.', 'To Be Filled By O.E.M.'],
    ['Default string', 'Default string'],
    ['System Serial Number', 'System Serial Number'],
    ['None', 'none'],
  ])('with serial numbers %s and %s are not one', (one, other) => {
    expect(currentEnrolment([machine('a', one), machine('b', other)])).toBeUndefined();
  });

  test('stay several when two records of one of them are among them', () => {
    expect(currentEnrolment([machine('a', 'SN1'), machine('b', 'SN1'), machine('c', 'SN2')])).toBeUndefined();
  });

  test('are not made of one record or none', () => {
    const one = machine('a', 'SN1');
    expect(standing([one])).toBe(one);
    expect(currentEnrolment([])).toBeUndefined();
  });
});

describe('a device is silent', () => {
  const DAY_MS = 24 * 3_600_000;
  test.each([
    ['a moment more than thirty days', '2026-10-21T09:59:59.999Z', true],
    ['exactly thirty days', '2026-10-21T10:00:00.000Z', false],
    ['an hour', '2026-11-20T09:00:00.000Z', false],
    ['a time to come, by a clock that runs ahead', '2026-11-20T10:05:00.000Z', false],
  ])('after %s: %s, %s', (_, lastSyncAt, silent) => {
    expect(isSilent(aDevice({ lastSyncAt }), '2026-11-20T10:00:00.000Z', 30 * DAY_MS)).toBe(silent);
  });

  test('not when it has never checked in', () => {
    const { lastSyncAt: _, ...device } = aDevice();
    expect(isSilent(device, '2026-11-20T10:00:00.000Z', DAY_MS)).toBe(false);
  });
});
