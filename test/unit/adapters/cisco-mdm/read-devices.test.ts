// Devices in Cisco's MDM dialect, as Cisco's own description, public servers and Intune write them.

import { describe, expect, test } from 'vitest';
import { type DeviceAnswer, readDevices } from '../../../../shared/adapters/cisco-mdm/read-devices.ts';
import { toDevice } from '../../../../shared/adapters/cisco-mdm/to-device.ts';
import type { DialectVersion } from '../../../../shared/domain/mdm-dialect.ts';

const GUID = '1759c0fd-c8da-49e8-b14f-19d85acfacea';

/** Of Cisco's "Mobile Device Management APIs", version 3.0.0. */
const VERSION_3 = `<?xml version="1.0" encoding="UTF-8"?>
<ise_api>
  <name>attributes</name><api_version>3</api_version><paging_info>0</paging_info>
  <deviceList><device><guid>${GUID}</guid><attributes>
    <register_status>true</register_status>
    <compliance><status>false</status><failure_reason>something not compliant</failure_reason>
      <remediation>instruction on how to remediate</remediation></compliance>
    <disk_encryption_on>true</disk_encryption_on><pin_lock_on>true</pin_lock_on><jail_broken>false</jail_broken>
    <manufacturer>Apple</manufacturer><model>iPad 8th Gen 10.2-inch (Wi-Fi Only)</model>
    <udid>00008020-0015784C218A402E</udid><serial_number>F9GDX3RQQ1GC</serial_number>
    <os_version>iOS 14.4</os_version><phone_number>PDA 2</phone_number>
    <lastCheckinTimeStamp>1621571561000</lastCheckinTimeStamp>
    <guid>${GUID}</guid><macaddresses>F434F0A1E478</macaddresses>
  </attributes></device></deviceList>
</ise_api>`;

const read = (xml: string, version: DialectVersion = 3): DeviceAnswer => readDevices(xml, version, 'The server');
/** One device with these elements inside `attributes`. */
const withAttributes = (content: string): DeviceAnswer =>
  read(
    `<ise_api><name>attributes</name><deviceList><device><guid>${GUID}</guid><attributes>${content}</attributes></device></deviceList></ise_api>`,
  );
const factsOf = (content: string) => withAttributes(content).devices[0]?.facts;

test('the sample of version 3 is read with every attribute that is kept', () => {
  const { devices, problems, rejected, busySeconds } = read(VERSION_3);
  expect([problems, rejected, busySeconds]).toEqual([[], [], 0]);
  expect(devices.map((device) => toDevice('meraki', device))).toEqual([
    {
      source: 'meraki',
      id: GUID,
      complianceState: 'noncompliant',
      wifiMac: 'f434f0a1e478',
      serialNumber: 'F9GDX3RQQ1GC',
      udid: '00008020-0015784C218A402E',
      operatingSystem: 'iOS',
      osVersion: '14.4',
      manufacturer: 'Apple',
      model: 'iPad 8th Gen 10.2-inch (Wi-Fi Only)',
      phoneNumber: 'PDA 2',
      jailBroken: 'false',
      isEncrypted: true,
      pinLocked: true,
      lastSyncAt: '2021-05-21T04:32:41.000Z',
    },
  ]);
});

test('an answer of version 2 names its device by the address it was asked for', () => {
  const xml = `<ise_api><name>attributes</name><api_version>2</api_version><deviceList><device>
    <macaddress>0026b424feb4</macaddress><attributes><register_status>true</register_status>
    <compliance><status>true</status></compliance><imei>350000000000001</imei><meid>A1000031212121</meid>
    <os_version>Android,2.3.2</os_version></attributes></device></deviceList></ise_api>`;
  const [device] = read(xml, 2).devices;
  expect(device).toMatchObject({
    id: 'address-0026b424feb4',
    macs: ['0026b424feb4'],
    registered: true,
    compliant: true,
  });
  expect(device?.facts).toEqual({
    imei: '350000000000001',
    meid: 'A1000031212121',
    operatingSystem: 'Android',
    osVersion: '2.3.2',
  });
});

test('an answer with neither key is a device without id', () => {
  const xml = `<ise_api><deviceList><device><attributes><register_status>true</register_status>
    <compliance><status>false</status></compliance></attributes></device></deviceList></ise_api>`;
  const [device] = read(xml).devices;
  expect(device).toEqual({ macs: [], registered: true, compliant: false, facts: {} });
  expect(device && toDevice('mdm', device)).toBeUndefined();
});

test('the answer of Intune’s own service is read as well', () => {
  const xml = `<ise_api xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns="http://schemas.datacontract.org/2004/07/X">
    <name>attributes</name><api_version>3</api_version><deviceList><device><guid>${GUID}</guid>
    <Attributes><guid>${GUID}</guid><register_status>true</register_status><Compliance><status>false</status></Compliance>
    </Attributes></device></deviceList></ise_api>`;
  expect(read(xml).devices).toMatchObject([{ id: GUID, registered: true, compliant: false }]);
});

describe('paging', () => {
  const next = (info: string): string | undefined =>
    read(`<ise_api><name>attributes</name>${info}<deviceList/></ise_api>`).nextPaging;

  test.each([
    ['', undefined],
    ['<paging_info/>', undefined],
    ['<paging_info>0</paging_info>', undefined],
    ['<paging_info>00</paging_info>', undefined],
    ['<paging_info>-1</paging_info>', undefined],
    ['<paging_info>100</paging_info>', '100'],
    ['<PAGING_INFO> 7 </PAGING_INFO>', '7'],
  ])('%s leads to %s', (info, place) => {
    expect(next(info)).toBe(place);
  });

  test('a busy server says for how long', () => {
    const xml = '<ise_api><server_busy_wait_seconds>20</server_busy_wait_seconds><deviceList/></ise_api>';
    expect(read(xml).busySeconds).toBe(20);
  });
});

describe('a record that contradicts itself', () => {
  test.each([
    ['two GUIDs', `<guid>0${GUID.slice(1)}</guid>`, 'guid'],
    ['a GUID that is none', '<guid>../admin</guid>', 'guid'],
    ['two verdicts', '<compliance><status>true</status><status>false</status></compliance>', 'compliance'],
    ['a verdict that is none', '<compliance><status>maybe</status></compliance>', 'compliance'],
    [
      'two registrations',
      '<register_status>true</register_status><register_status>0</register_status>',
      'register_status',
    ],
  ])('is not used: %s', (_, content, field) => {
    const { devices, rejected, problems } = withAttributes(content);
    expect(devices).toEqual([]);
    expect(rejected).toHaveLength(1);
    expect(problems).toMatchObject([{ field }]);
  });

  test('keeps its id, so that what is stored of the device stays', () => {
    expect(withAttributes('<compliance><status>maybe</status></compliance>').rejected).toEqual([{ id: GUID }]);
  });

  test('repeating the same is no contradiction', () => {
    const { devices, problems } = withAttributes(
      `<guid>${GUID.toUpperCase()}</guid><register_status>1</register_status><register_status>TRUE</register_status>`,
    );
    expect(problems).toEqual([]);
    expect(devices).toMatchObject([{ id: GUID, registered: true }]);
  });
});

describe('attributes that say nothing, or nonsense', () => {
  test.each([['n/a'], ['unknown'], ['NULL'], ['0'], ['000000000000000'], ['-'], ['']])(
    '"%s" is no serial number',
    (text) => {
      expect(factsOf(`<serial_number>${text}</serial_number><imei>${text}</imei>`)).toEqual({});
    },
  );

  test.each([
    ['seconds instead of milliseconds', '1621571561'],
    ['a year that is none', '99999999999999'],
    ['a date as text', '2021-05-21T04:32:41Z'],
  ])('a check-in in %s is left out and reported', (_, time) => {
    const { devices, problems } = withAttributes(`<lastCheckinTimeStamp>${time}</lastCheckinTimeStamp>`);
    expect(devices[0]?.facts).toEqual({});
    expect(problems).toMatchObject([{ id: GUID, field: expect.stringMatching(/^lastcheckintimestamp$/i) }]);
  });

  test('a check-in of 0 means that none is known', () => {
    expect(withAttributes('<lastCheckinTimeStamp>0</lastCheckinTimeStamp>').problems).toEqual([]);
  });

  test.each([
    ['10.0.19043.2006', { osVersion: '10.0.19043.2006' }],
    ['Windows 10.0.19045', { operatingSystem: 'Windows', osVersion: '10.0.19045' }],
    ['macOS', { osVersion: 'macOS' }],
  ])('os_version %s', (text, facts) => {
    expect(factsOf(`<os_version>${text}</os_version>`)).toEqual(facts);
  });
});

describe('addresses', () => {
  const macsOf = (content: string): readonly string[] | undefined => withAttributes(content).devices[0]?.macs;

  test('five of a list count, in any notation, none of them twice', () => {
    const list = 'F4:34:F0:A1:E4:78, f434.f0a1.e479,F434F0A1E478;F434F0A1E47A,F434F0A1E47B,F434F0A1E47C,F434F0A1E47D';
    expect(macsOf(`<macaddresses>${list}</macaddresses>`)).toEqual([
      'f434f0a1e478',
      'f434f0a1e479',
      'f434f0a1e47a',
      'f434f0a1e47b',
    ]);
  });

  test.each([['000000000000'], ['FFFFFFFFFFFF'], ['020000000000'], ['01005E000001']])('%s is of no device', (mac) => {
    expect(macsOf(`<macaddresses>${mac}</macaddresses>`)).toEqual([]);
  });

  test('one that is none is reported, and the device stays', () => {
    const { devices, problems } = withAttributes('<macaddresses>hidden,F434F0A1E478</macaddresses>');
    expect(devices[0]?.macs).toEqual(['f434f0a1e478']);
    expect(problems).toMatchObject([{ field: 'macaddresses' }]);
  });
});
