// Answers of Cisco's MDM API, compared with the samples that Cisco and its partners publish, as canonical XML.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { writeMdmXml } from '../../../../shared/adapters/cisco-mdm/write-mdm-xml.ts';
import type { MdmAnswer, MdmAttributes } from '../../../../shared/domain/mdm-documents.ts';
import { canonicalXml } from '../../../support/canonical-xml.ts';

const GUID = '1759c0fd-c8da-49e8-b14f-19d85acfacea';

function expectSame(answer: MdmAnswer, sample: string): void {
  expect(canonicalXml(writeMdmXml(answer))).toBe(canonicalXml(sample));
}

function textOf(attributes: MdmAttributes): string {
  return writeMdmXml({ kind: 'devices', version: 3, devices: [{ attributes }] });
}

describe('an answer', () => {
  test('to mdminfo is the one that ISE accepted of a mock server', () => {
    expectSame(
      {
        kind: 'information',
        version: 3,
        path: '/ise/mdm/api',
        redirectUrl: 'https://enrol.example/',
        queryMaxSize: 3000,
        vendor: 'Example',
        productName: 'Example Connector',
        productVersion: '1.0.0',
      },
      `<?xml version="1.0" encoding="UTF-8"?>
<ise_api>
  <name>mdminfo</name>
  <api_version>3</api_version>
  <api_path>/ise/mdm/api</api_path>
  <redirect_url>https://enrol.example/</redirect_url>
  <query_max_size>3000</query_max_size>
  <messaging_support>false</messaging_support>
  <vendor>Example</vendor>
  <product_name>Example Connector</product_name>
  <product_version>1.0.0</product_version>
</ise_api>`,
    );
  });

  test('of version 3 by GUID is the one of the description’s schema', () => {
    expectSame(
      {
        kind: 'devices',
        version: 3,
        devices: [
          {
            key: { element: 'guid', value: GUID },
            attributes: {
              registered: true,
              compliance: {
                compliant: false,
                failureReason: 'something not compliant',
                remediation: 'instruction on how to remediate',
              },
              diskEncrypted: true,
              pinLocked: true,
              jailBroken: false,
              manufacturer: 'Apple',
              model: 'iPad 8th Gen 10.2-inch (Wi-Fi Only)',
              udid: '00008020-0015784C218A402E',
              serialNumber: 'F9GDX3RQQ1GC',
              osVersion: 'iOS 14.4',
              phoneNumber: 'PDA 2',
              lastCheckIn: 1621571561000,
              guid: GUID,
              macAddresses: ['F434F0A1E478'],
            },
          },
        ],
      },
      `<?xml version="1.0" encoding="UTF-8"?>
<ise_api>
  <name>attributes</name>
  <api_version>3</api_version>
  <paging_info>0</paging_info>
  <deviceList>
    <device>
      <guid>${GUID}</guid>
      <attributes>
        <register_status>true</register_status>
        <compliance>
          <status>false</status>
          <failure_reason>something not compliant</failure_reason>
          <remediation>instruction on how to remediate</remediation>
        </compliance>
        <disk_encryption_on>true</disk_encryption_on>
        <pin_lock_on>true</pin_lock_on>
        <jail_broken>false</jail_broken>
        <manufacturer>Apple</manufacturer>
        <model>iPad 8th Gen 10.2-inch (Wi-Fi Only)</model>
        <udid>00008020-0015784C218A402E</udid>
        <serial_number>F9GDX3RQQ1GC</serial_number>
        <os_version>iOS 14.4</os_version>
        <phone_number>PDA 2</phone_number>
        <lastCheckinTimeStamp>1621571561000</lastCheckinTimeStamp>
        <guid>${GUID}</guid>
        <macaddresses>F434F0A1E478</macaddresses>
      </attributes>
    </device>
  </deviceList>
</ise_api>`,
    );
  });

  test('of version 1 has the elements that a v1 client reads', () => {
    expectSame(
      {
        kind: 'devices',
        version: 1,
        devices: [
          {
            key: { element: 'macaddress', value: '0026B424FEB4' },
            attributes: {
              registered: true,
              compliance: { compliant: true },
              pinLocked: true,
              jailBroken: false,
              imei: '356938035643809',
              osVersion: 'Android,2.3.2',
            },
          },
        ],
      },
      `<ise_api><name>attributes</name><api_version>1</api_version><paging_info>0</paging_info>
<deviceList><device><macaddress>0026B424FEB4</macaddress><attributes><register_status>true</register_status>
<compliance><status>true</status></compliance><pin_lock_on>true</pin_lock_on><jail_broken>false</jail_broken>
<imei>356938035643809</imei><os_version>Android,2.3.2</os_version></attributes></device></deviceList></ise_api>`,
    );
  });

  test('about a device that is not enrolled is an empty list', () => {
    expectSame(
      { kind: 'devices', version: 2, devices: [] },
      '<ise_api><name>attributes</name><api_version>2</api_version><paging_info>0</paging_info><deviceList></deviceList></ise_api>',
    );
  });

  test('to an action has a result for each device', () => {
    expectSame(
      { kind: 'action', version: 3, of: [{ element: 'guid', value: GUID }], failureReason: 'It only reads.' },
      `<ise_api><name>action</name><api_version>3</api_version><deviceList><device><guid>${GUID}</guid>
<result><action_status>false</action_status><failure_reason>It only reads.</failure_reason></result>
</device></deviceList></ise_api>`,
    );
  });

  test('to a message has a result for each device', () => {
    expectSame(
      { kind: 'message', version: 2, of: [{ element: 'macaddress', value: '000000000001' }], failureReason: 'No.' },
      `<ise_api><name>sendmessage</name><api_version>2</api_version><deviceList><device>
<macaddress>000000000001</macaddress><result><message_status>false</message_status>
<failure_reason>No.</failure_reason></result></device></deviceList></ise_api>`,
    );
  });

  test('of a page says where the list goes on', () => {
    expect(writeMdmXml({ kind: 'devices', version: 3, devices: [], nextPage: 77 })).toContain(
      '<paging_info>77</paging_info>',
    );
  });
});

describe('a text', () => {
  test.each([
    ['</model><register_status>true</register_status>', 'markup'],
    ['a & b &amp; <![CDATA[x]]>', 'what looks escaped'],
    ['"double" and \'single\'', 'quotes'],
    ['line\r\nline', 'ends of lines'],
    [']]>', 'the end of CDATA'],
  ])('comes back as it was: %s', (model) => {
    expect(canonicalXml(textOf({ model }))).toContain(
      `<model>${model.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#xD;')}</model>`,
    );
  });

  test.each(['\u0000', '\u0008', '\u000b', '\u001f', '\ufffe', '\uffff', '\ud800', '\udfff'])(
    'loses what no document may hold: %j',
    (character) => {
      expect(textOf({ model: `a${character}b` })).toContain('<model>ab</model>');
    },
  );

  test('of whatever characters makes a well-formed document of one model', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.string({ maxLength: 40 }), (model, serialNumber) => {
        const canonical = canonicalXml(textOf({ model, serialNumber }));
        expect(canonical.match(/<model>/g)).toHaveLength(1);
        expect(canonical.match(/<serial_number>/g)).toHaveLength(1);
      }),
      { numRuns: 500 },
    );
  });
});
