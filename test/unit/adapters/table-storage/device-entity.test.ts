// The row of a device record: the same columns and values as every version before has written, and read back whole.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Columns, optionalFlag, optionalText, text } from '../../../../shared/adapters/table-storage/columns.ts';
import { fromDeviceEntity, toDeviceEntity } from '../../../../shared/adapters/table-storage/device-entity.ts';
import { deviceRow } from '../../../../shared/adapters/table-storage/row-keys.ts';
import { COMPLIANCE_STATES } from '../../../../shared/domain/device/compliance-state.ts';
import type { Device, DeviceRecord } from '../../../../shared/domain/device/device.ts';
import type { Identity } from '../../../../shared/domain/identity/identity.ts';
import { aDevice, aMac } from '../../../support/a-device.ts';

const instant = fc.date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true }).map(iso);
const mac = fc.constantFrom(aMac('a0b1c2d3e4f5'), aMac('000c29000001'));
const someText = fc.string({ unit: 'grapheme', minLength: 1 });

const device = fc.record<Required<Device>, 'source' | 'id' | 'complianceState'>(
  {
    source: fc.constantFrom('intune', 'meraki'),
    id: fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,63}$/),
    complianceState: fc.constantFrom(...COMPLIANCE_STATES),
    name: someText,
    entraDeviceId: fc.uuid(),
    wifiMac: mac,
    ethernetMac: mac,
    serialNumber: someText,
    imei: someText,
    meid: someText,
    udid: someText,
    userPrincipalName: someText,
    operatingSystem: someText,
    osVersion: someText,
    ownership: someText,
    manufacturer: someText,
    model: someText,
    phoneNumber: someText,
    category: someText,
    managementState: someText,
    managementAgent: someText,
    registrationState: someText,
    trustType: someText,
    profileType: someText,
    mdmAppId: someText,
    jailBroken: someText,
    isEncrypted: fc.boolean(),
    pinLocked: fc.boolean(),
    accountEnabled: fc.boolean(),
    ownerAccount: someText,
    groups: someText,
    graceExpiresAt: instant,
    enrolledAt: instant,
    lastSyncAt: instant,
  },
  { requiredKeys: ['source', 'id', 'complianceState'], noNullPrototype: true },
) as fc.Arbitrary<Device>;

const record = fc.record(
  {
    device,
    presence: fc.constantFrom('present' as const, 'gone' as const),
    version: fc.nat(),
    observedAt: instant,
    indexed: fc.boolean(),
    confirmedUntil: instant,
    unswept: fc.constant(true as const),
    hardwareAt: instant,
    held: fc.record(
      { runId: someText, observedAt: instant, device },
      { requiredKeys: ['runId', 'observedAt'], noNullPrototype: true },
    ),
    reauthenticationAskedAt: instant,
  },
  { requiredKeys: ['device', 'presence', 'version', 'observedAt', 'indexed'], noNullPrototype: true },
) as fc.Arbitrary<DeviceRecord>;

const identities = fc.array(fc.constant<Identity>({ kind: 'mac', value: 'a0b1c2d3e4f5' }), { maxLength: 2 });

test('a row has the columns that every version before has written', () => {
  fc.assert(
    fc.property(record, identities, (written, retiredIdentities) => {
      const { device: fields, confirmedUntil, unswept, hardwareAt, held, reauthenticationAskedAt, ...others } = written;
      const columns = {
        ...deviceRow(fields),
        ...fields,
        ...others,
        confirmedUntil: confirmedUntil ?? '',
        unswept: unswept === true,
        retiredIdentities: retiredIdentities.length > 0 ? JSON.stringify(retiredIdentities) : '',
        hardwareAt: hardwareAt ?? '',
        held: held === undefined ? '' : JSON.stringify(held),
        ...(reauthenticationAskedAt !== undefined && { reauthenticationAskedAt }),
      };
      expect(toDeviceEntity({ record: written, retiredIdentities })).toStrictEqual(columns);
    }),
  );
});

test('a record is read from its row as it was written', () => {
  fc.assert(
    fc.property(record, identities, (written, retiredIdentities) => {
      const row = { ...toDeviceEntity({ record: written, retiredIdentities }), etag: 'one' };
      expect(fromDeviceEntity(row)).toStrictEqual({ ...written, retiredIdentities, etag: 'one' });
    }),
  );
});

test('a row of another shape is refused, and its key is named', () => {
  const row = {
    ...toDeviceEntity({
      record: { device: aDevice(), presence: 'present', version: 1, observedAt: iso(new Date(0)), indexed: true },
      retiredIdentities: [],
    }),
    etag: 'one',
  };
  const damages = {
    source: 7,
    id: 'no device id',
    complianceState: 'excellent',
    presence: 'hidden',
    version: '1',
    observedAt: undefined,
    retiredIdentities: '[',
    held: '{',
  };
  for (const [column, value] of Object.entries(damages)) {
    expect(() => fromDeviceEntity({ ...row, [column]: value }), column).toThrow(
      expect.objectContaining({ code: 'NAC_STORE_ROW', message: expect.stringContaining(row.rowKey) }),
    );
  }
});

test('attributes that are no texts or truth values are left out', () => {
  const stored = fromDeviceEntity({
    ...toDeviceEntity({
      record: { device: aDevice(), presence: 'present', version: 1, observedAt: iso(new Date(0)), indexed: true },
      retiredIdentities: [],
    }),
    etag: 'one',
    name: 7,
    isEncrypted: 'yes',
  });
  expect(stored.device).not.toHaveProperty('name');
  expect(stored.device).not.toHaveProperty('isEncrypted');
});

test('the compiler refuses a table of columns that leaves out a field, or has a column of another kind', () => {
  interface Fields {
    readonly name: string;
    readonly isEncrypted?: boolean;
  }
  const whole: Columns<Fields> = { name: text, isEncrypted: optionalFlag };
  // @ts-expect-error: a field that may be absent has a column all the same
  const short: Columns<Fields> = { name: text };
  // @ts-expect-error: a text is no truth value
  const other: Columns<Fields> = { name: text, isEncrypted: optionalText };
  expect(Object.keys({ ...whole, ...short, ...other })).toEqual(['name', 'isEncrypted']);
});

function iso(date: Date): string {
  return date.toISOString();
}
