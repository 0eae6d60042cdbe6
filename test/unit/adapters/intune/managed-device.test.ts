// Single records of Graph: complete, sparse, and with values that the documents do not know.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readManagedDevice } from '../../../../shared/adapters/intune/managed-device.ts';
import { cheapValue } from '../../../support/cheap-value.ts';

const ID = '705c034c-034c-705c-4c03-5c704c035c70';

/** The least that a record needs; a test adds what it is about. */
const read = (fields: Record<string, unknown>) =>
  readManagedDevice('intune', { id: ID, complianceState: 'compliant', ...fields });

describe('a record of Graph', () => {
  test('is read with all its fields', () => {
    const record = {
      id: ID.toUpperCase(),
      azureADDeviceId: '2C1F0000-0000-4000-8000-00000000ABCD',
      deviceName: 'LT-0042',
      complianceState: 'inGracePeriod',
      complianceGracePeriodExpirationDateTime: '2026-11-27T08:00:00Z',
      wiFiMacAddress: 'A0B1C2D3E4F5',
      ethernetMacAddress: 'A0B1C2000001',
      serialNumber: 'PF3XYZ12',
      imei: '356938035643809',
      meid: 'A1000009D1F3A2',
      udid: '00008030-001A2D3E1E38802E',
      lastSyncDateTime: '2026-11-20T07:59:58.1234567Z',
      enrolledDateTime: '2025-01-02T03:04:05Z',
      userPrincipalName: 'alice@contoso.com',
      operatingSystem: 'Windows',
      osVersion: '10.0.26100.1',
      managementState: 'managed',
      managementAgent: 'mdm',
      deviceRegistrationState: 'registered',
      managedDeviceOwnerType: 'company',
      isEncrypted: true,
      jailBroken: 'Unknown',
    };
    expect(readManagedDevice('intune', record)).toEqual({
      device: {
        source: 'intune',
        id: ID,
        entraDeviceId: '2c1f0000-0000-4000-8000-00000000abcd',
        name: 'LT-0042',
        complianceState: 'inGracePeriod',
        graceExpiresAt: '2026-11-27T08:00:00.000Z',
        wifiMac: 'a0b1c2d3e4f5',
        ethernetMac: 'a0b1c2000001',
        serialNumber: 'PF3XYZ12',
        imei: '356938035643809',
        meid: 'A1000009D1F3A2',
        udid: '00008030-001A2D3E1E38802E',
        lastSyncAt: '2026-11-20T07:59:58.123Z',
        enrolledAt: '2025-01-02T03:04:05.000Z',
        userPrincipalName: 'alice@contoso.com',
        operatingSystem: 'Windows',
        osVersion: '10.0.26100.1',
        managementState: 'managed',
        managementAgent: 'mdm',
        registrationState: 'registered',
        ownership: 'company',
        isEncrypted: true,
        jailBroken: 'unknown',
      },
      problems: [],
    });
  });

  test('with null or empty text everywhere is a device without these fields', () => {
    const nothing = { azureADDeviceId: '00000000-0000-0000-0000-000000000000', deviceName: '', wiFiMacAddress: '' };
    const nulls = { ethernetMacAddress: null, imei: null, isEncrypted: null, enrolledDateTime: null, udid: null };
    expect(read({ ...nothing, ...nulls })).toEqual({
      device: { source: 'intune', id: ID, complianceState: 'compliant' },
      problems: [],
    });
  });

  test('may hold properties and enum values that are not known yet', () => {
    const { device, problems } = read({
      managementState: 'unknownFutureValue',
      '@odata.type': '#x',
      brandNew: { a: 1 },
    });
    expect(device).toMatchObject({ managementState: 'unknownFutureValue' });
    expect(device).not.toHaveProperty('brandNew');
    expect(problems).toEqual([]);
  });
});

describe('the compliance state', () => {
  test('in another letter case is understood', () => {
    expect(read({ complianceState: 'NonCompliant' }).device?.complianceState).toBe('noncompliant');
  });

  test('that Microsoft adds one day counts as unknown, and the device stays a device', () => {
    expect(read({ complianceState: 'quarantined' }).device?.complianceState).toBe('unknown');
  });

  test.each([[null], [undefined], [''], [1], [true], [['compliant']]])(
    '%j rejects the record, so that what was stored before stays',
    (complianceState) => {
      const { device, problems } = read({ complianceState });
      expect(device).toBeUndefined();
      expect(problems).toMatchObject([{ id: ID, field: 'complianceState' }]);
    },
  );
});

describe('the MAC addresses', () => {
  test.each(['000000000000', '00:00:00:00:00:00', '020000000000', '02:00:00:00:00:00'])(
    '%s means that there is none, and is no problem',
    (wiFiMacAddress) => {
      const { device, problems } = read({ wiFiMacAddress });
      expect(device).toBeDefined();
      expect(device).not.toHaveProperty('wifiMac');
      expect(problems).toEqual([]);
    },
  );

  test('a random one stays visible', () => {
    expect(read({ wiFiMacAddress: 'D2B1C2D3E4F5' }).device?.wifiMac).toBe('d2b1c2d3e4f5');
  });

  test.each(['01005E0000FB', '333300000001', 'FFFFFFFFFFFF'])('%s is for groups and no address of a device', (mac) => {
    expect(read({ wiFiMacAddress: mac }).device).not.toHaveProperty('wifiMac');
  });

  test('what is no address is left out and reported, and the device stays a device', () => {
    const { device, problems } = read({ wiFiMacAddress: 'n/a', ethernetMacAddress: 'A0B1C2000001' });
    expect(device?.ethernetMac).toBe('a0b1c2000001');
    expect(device).not.toHaveProperty('wifiMac');
    expect(problems).toMatchObject([{ id: ID, field: 'wiFiMacAddress' }]);
  });
});

describe('a record that cannot be trusted', () => {
  test.each([[null], [undefined], ['text'], [7], [[]], [[{ id: ID }]]])('%j is no record', (record) => {
    const { device, problems } = readManagedDevice('intune', record);
    expect(device).toBeUndefined();
    expect(problems).toHaveLength(1);
  });

  test.each([[undefined], [null], [''], [7], [{}], ['not an id'], ['a/b'], ["x' or 'y"], ['a'.repeat(65)]])(
    'has the id %j',
    (id) => {
      const { device, problems } = readManagedDevice('intune', { id, complianceState: 'compliant' });
      expect(device).toBeUndefined();
      expect(problems).toMatchObject([{ field: 'id' }]);
    },
  );

  test.each([
    ['deviceName', 7],
    ['deviceName', { value: 'x' }],
    ['wiFiMacAddress', 123456789012],
    ['isEncrypted', 'true'],
    ['lastSyncDateTime', 1_700_000_000],
    ['serialNumber', ['x']],
  ])('has the wrong type in %s, and says which device it is', (field, value) => {
    const { device, problems } = read({ [field]: value });
    expect(device).toBeUndefined();
    expect(problems).toMatchObject([{ id: ID, field }]);
  });
});

describe('names that users chose', () => {
  test('lose line ends and other control characters', () => {
    const { device, problems } = read({ deviceName: '\u0000LT\r\nrole=admin\u007f\u0085' });
    expect(device?.name).not.toMatch(/\p{Cc}/u);
    expect(device?.name).toContain('LT');
    expect(problems).toEqual([]);
  });

  test('that are far too long are cut', () => {
    expect(read({ deviceName: 'x'.repeat(100_000) }).device?.name).toBe('x'.repeat(256));
  });

  test.each(['LT\ud800', '\udc00LT', `${'x'.repeat(255)}😀`])(
    'with half a character can be stored all the same',
    (name) => {
      const read256 = read({ deviceName: name }).device?.name;
      expect(read256?.isWellFormed()).toBe(true);
      expect(read256?.length).toBeLessThanOrEqual(256);
    },
  );

  test('that try to be more than a name stay a name', () => {
    expect(read({ deviceName: '%{echo:/bin/id}' }).device?.name).toBe('%{echo:/bin/id}');
  });
});

describe('dates', () => {
  test.each(['0001-01-01T00:00:00Z', '9999-12-31T23:59:59.9999999Z', '9999-12-31T23:59:59Z'])(
    '%s means never, and is no problem',
    (date) => {
      const { device, problems } = read({ complianceGracePeriodExpirationDateTime: date, lastSyncDateTime: date });
      expect(device).not.toHaveProperty('graceExpiresAt');
      expect(device).not.toHaveProperty('lastSyncAt');
      expect(problems).toEqual([]);
    },
  );

  test.each(['yesterday', '2026-13-45T00:00:00Z'])('"%s" is left out and reported', (lastSyncDateTime) => {
    const { device, problems } = read({ lastSyncDateTime });
    expect(device).toBeDefined();
    expect(device).not.toHaveProperty('lastSyncAt');
    expect(problems).toMatchObject([{ id: ID, field: 'lastSyncDateTime' }]);
  });

  test('with an offset are turned into UTC', () => {
    expect(read({ enrolledDateTime: '2026-11-20T09:00:00+01:00' }).device?.enrolledAt).toBe('2026-11-20T08:00:00.000Z');
  });
});

test('no record of any shape makes it fail, and what it gives back is either a device or a reason', () => {
  const property = fc.constantFrom(
    'id',
    'complianceState',
    'deviceName',
    'wiFiMacAddress',
    'isEncrypted',
    'lastSyncDateTime',
  );
  const value = fc.oneof(
    cheapValue,
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom(ID, 'compliant', 'A0B1C2D3E4F5'),
  );
  fc.assert(
    fc.property(fc.oneof(cheapValue, fc.dictionary(property, value, { maxKeys: 4 })), (record) => {
      const { device, problems } = readManagedDevice('intune', record);
      expect(device !== undefined || problems.length > 0).toBe(true);
      if (device) for (const text of Object.values(device)) expect(String(text)).not.toMatch(/\p{Cc}/u);
    }),
    { numRuns: 10_000 },
  );
});
