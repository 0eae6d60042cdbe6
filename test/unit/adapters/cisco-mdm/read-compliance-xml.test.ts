// Answers of the Compliance Retrieval service in both versions of Cisco's XML, whole and damaged.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readComplianceXml } from '../../../../shared/adapters/cisco-mdm/read-compliance-xml.ts';
import { SourceError } from '../../../../shared/errors.ts';

const GUID = 'ee9d3792-6859-4b71-93aa-56aba42581c5';

/** Version 3, as the Compliance Retrieval service writes it: a namespace, some names capitalised. */
function version3(...devices: string[]): string {
  return `<ise_api xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns="http://schemas.datacontract.org/2004/07/Microsoft.Intune.ResourceAccess.ComplianceRetrievalService.Model">
    <name>attributes</name><api_version>3</api_version><paging_info>0</paging_info>
    <deviceList>${devices.join('')}</deviceList></ise_api>`;
}

const device3 = (status: string, id = GUID): string =>
  `<device><guid>${id}</guid><Attributes><guid>${id}</guid><register_status>true</register_status>
   <Compliance><status>${status}</status></Compliance></Attributes></device>`;

function refusedWith(xml: string): string {
  try {
    readComplianceXml(xml);
  } catch (thrown) {
    if (thrown instanceof SourceError && thrown.code === 'NAC_SOURCE_PAGE') return thrown.message;
    throw thrown;
  }
  throw new Error('it was read');
}

describe('an answer of the Compliance Retrieval service', () => {
  test('of version 3 is read', () => {
    expect(readComplianceXml(version3(device3('false')))).toEqual({
      devices: [{ id: GUID, registered: true, compliant: false }],
      problems: [],
    });
  });

  test('of version 2, lower case and by address, is read', () => {
    const xml = `<?xml version="1.0"?><ise_api><name>attributes</name><api_version>2</api_version><paging_info>0</paging_info>
      <deviceList><device><macaddress>005056A4895A</macaddress><attributes><register_status>true</register_status>
      <compliance><status>true</status></compliance><pin_lock_on>false</pin_lock_on><udid/></attributes></device></deviceList></ise_api>`;
    expect(readComplianceXml(xml).devices).toEqual([{ mac: '005056a4895a', registered: true, compliant: true }]);
  });

  test.each([
    ['a prefix', (xml: string) => xml.replace(/<(\/?)(\w)/g, '<$1m:$2')],
    ['capitals', (xml: string) => xml.replace(/<(\/?)(\w+)/g, (_, slash, name) => `<${slash}${name.toUpperCase()}`)],
    ['attributes', (xml: string) => xml.replace(/<(\w+)>/g, '<$1 i:type="a" other="&lt;b&gt;">')],
    ['comments and instructions', (xml: string) => xml.replace(/<(\w+)>/g, '<$1><!-- x --><?y z?>')],
    ['CDATA', (xml: string) => xml.replace(/>(true|false)</g, '><![CDATA[$1]]><')],
    ['white space', (xml: string) => xml.replace(/>(true|false)</g, '>\n\t$1 \r\n<')],
  ])('means the same with %s', (_, vary) => {
    const xml = version3(device3('true')).replace(/xmlns\S*="[^"]*"/g, '');
    expect(readComplianceXml(vary(xml))).toEqual(readComplianceXml(version3(device3('true'))));
  });

  test.each([['True'], ['TRUE'], ['1']])('calls %s compliant', (status) => {
    expect(readComplianceXml(version3(device3(status))).devices).toMatchObject([{ compliant: true }]);
  });

  test('without devices, with an empty list or with an empty verdict says nothing', () => {
    expect(readComplianceXml(version3()).devices).toEqual([]);
    expect(readComplianceXml('<ise_api><name>attributes</name></ise_api>').devices).toEqual([]);
    expect(readComplianceXml(version3(device3(''))).devices).toEqual([{ id: GUID, registered: true }]);
  });

  test.each([
    ['0', undefined],
    ['000', undefined],
    ['', undefined],
    ['2', '2'],
    ['next%20', 'next%20'],
  ])('with paging_info "%s" goes on with %j', (info, next) => {
    const xml = version3().replace('<paging_info>0<', `<paging_info>${info}<`);
    expect(readComplianceXml(xml).nextPage).toBe(next);
  });

  test.each([
    ['no id and no address', '<device><Attributes/></device>', 'guid'],
    ['an id that is none', device3('true', '../admin'), 'guid'],
    ['two different ids', `<device><guid>${GUID}</guid><a><guid>0${GUID.slice(1)}</guid></a></device>`, 'guid'],
    ['an unknown verdict', device3('perhaps'), 'compliance'],
    [
      'two verdicts',
      device3('true').replace('</Attributes>', '<compliance><status>false</status></compliance></Attributes>'),
      'compliance',
    ],
  ])('leaves out a device with %s, and says so', (_, device, field) => {
    const { devices, problems } = readComplianceXml(version3(device, device3('false', GUID.replace('e', 'a'))));
    expect(devices).toMatchObject([{ compliant: false }]);
    expect(problems).toMatchObject([{ field }]);
  });

  test('keeps a device whose address makes no sense: it is still that device', () => {
    const odd = device3('false').replace('<Attributes>', '<macaddress>n/a</macaddress><Attributes>');
    expect(readComplianceXml(version3(odd))).toMatchObject({
      devices: [{ id: GUID, compliant: false }],
      problems: [{ field: 'macaddress' }],
    });
  });
});

describe('what is no such answer', () => {
  test.each([
    ['nothing', ''],
    ['a captive portal', '<html><body>Sign in</body></html>'],
    ['JSON', '{"compliant":true}'],
    ['an answer cut off', version3(device3('true')).slice(0, -30)],
    ['an answer of another name', '<ise_api><name>error</name></ise_api>'],
    ['a device within a device', version3('<device><device/></device>')],
    ['two documents', version3() + version3()],
    ['an undeclared entity', version3(device3('&yes;'))],
  ])('%s is refused', (_, xml) => {
    expect(refusedWith(xml)).toMatch(/answer/);
  });

  test('a billion laughs are not begun', () => {
    const levels = Array.from({ length: 9 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join('');
    const xml = `<?xml version="1.0"?><!DOCTYPE ise_api [<!ENTITY l0 "lol">${levels}]><ise_api><name>&l9;</name></ise_api>`;
    expect(refusedWith(xml)).toMatch(/DOCTYPE/);
  });

  test('a file from outside is not read', () => {
    const xml = '<!DOCTYPE ise_api [<!ENTITY f SYSTEM "file:///etc/passwd">]><ise_api><name>&f;</name></ise_api>';
    expect(refusedWith(xml)).toMatch(/DOCTYPE/);
  });

  test('bottomless nesting ends early', () => {
    expect(refusedWith(`<ise_api>${'<a>'.repeat(1_000_000)}`)).toMatch(/nested/);
  });

  test('one endless name, value or attribute ends', () => {
    const long = 'a'.repeat(1_000_000);
    for (const xml of [`<${long}`, `<ise_api b="${long}`, `<ise_api><!--${long}`, `<ise_api>&${long}`]) {
      expect(refusedWith(xml)).toMatch(/answer/);
    }
    expect(readComplianceXml(`<ise_api><a>${long}</a></ise_api>`).devices).toEqual([]);
  });
});

test('whatever comes, it is read or refused by its code', () => {
  const pieces = fc.constantFrom(
    ...['<ise_api>', '</ise_api>', '<device>', '</device>', '<guid>', GUID, '</guid>', '<Attributes>', '</Attributes>'],
    ...[
      '<Compliance><status>',
      'true',
      '</status></Compliance>',
      '<![CDATA[',
      ']]>',
      '&lt;',
      '&x;',
      '<!DOCTYPE a>',
      '\u0000',
      '<',
    ],
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join('')),
        fc.string({ unit: 'binary', maxLength: 20 }),
      ),
      (xml) => {
        for (const text of [xml, version3(xml), version3(`<device>${xml}</device>`)]) {
          try {
            for (const { id, mac } of readComplianceXml(text).devices)
              expect(id ?? mac).toMatch(/^[a-z0-9][a-z0-9._-]{0,63}$/);
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(SourceError);
          }
        }
      },
    ),
    { numRuns: 10_000 },
  );
});
