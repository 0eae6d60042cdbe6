// Odd questions in Cisco's MDM API: a well-formed answer or a refusal with a code, never a mistake of the connector. An
// empty list is said of devices that are not enrolled alone, never of a store that failed.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { writeMdmXml } from '../../../shared/adapters/cisco-mdm/write-mdm-xml.ts';
import type { Device } from '../../../shared/domain/device/device.ts';
import { toConnectorError } from '../../../shared/errors.ts';
import { statusOf } from '../../../shared/http/show-error.ts';
import { deviceAttributes } from '../../../shared/mdm-api/device-attributes.ts';
import { aDevice, DEVICE_ID } from '../../support/a-device.ts';
import { canonicalXml } from '../../support/canonical-xml.ts';
import { iseInMemory } from '../../support/ise-in-memory.ts';

/** Char of XML 1.0, section 2.2. */
const NO_CHARACTER = /[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
const HOSTILE = [']]>', '</model>', '<!--', '&', '&#0;', '\u0000', '\ud800', '\u202e', '\ufffe', '<![CDATA[', '"', "'"];

const oddText = fc.oneof(
  fc.constantFrom(...HOSTILE, '%', '%2f', '%00', '%ff', '..', '.', '', ' ', '__proto__', 'constructor'),
  fc.string({ unit: 'binary', maxLength: 40 }),
);
const anyCase = (text: string) =>
  fc.constantFrom(
    text,
    text.toUpperCase(),
    text.replace(/^./, (first) => first.toUpperCase()),
  );
const WORDS = [
  ...['ciscoise', 'mdminfo', 'mdmapi', 'v1', 'v2', 'v3', 'v4', 'devices', 'devicess', 'batchdevices', 'action'],
  ...['actionType=pin_lock', 'sendmessage', '0', 'macaddress', 'guid', 'compliance', 'false', 'all', 'A0B1C2D3E4F5'],
];
const path = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('', '/x', '/%00', '/'),
      anyCase('ciscoise'),
      fc.constantFrom('', '/mdmapi/v1', '/mdmapi/V2', '/mdmapi/v3', '/'),
      fc.constantFrom('mdminfo', 'devices', 'batchdevices', 'action', 'sendmessage', 'devices/0/macaddress'),
      fc.array(oddText, { maxLength: 3 }),
    )
    .map(([instance, root, api, resource, rest]) => [`${instance}/${root}${api}/${resource}`, ...rest].join('/')),
  fc
    .array(fc.oneof(...WORDS.map(anyCase), oddText), { maxLength: 8 })
    .map((segments) => `/ciscoise/${segments.join('/')}`),
);
const parameter = fc.oneof(
  fc.tuple(fc.constant('querycriteria'), fc.constantFrom('macaddress', 'guid', 'guidhn', 'udid', 'compliance', 'x')),
  fc.tuple(fc.constant('value'), fc.oneof(fc.constantFrom('false', DEVICE_ID, 'A0B1C2D3E4F5'), oddText)),
  fc.tuple(
    fc.constantFrom('paging', 'ise_api_version'),
    fc.constantFrom('0', '3', '2147483647', '2147483648', '-1', '1e3', 'x'),
  ),
  fc.tuple(fc.constantFrom('filter', 'deviceidentifier', 'actionType', '__proto__'), oddText),
);
const body = fc.oneof(
  oddText,
  fc.constantFrom('value=A0B1C2D3E4F5&value=%ff', '<ise_api/>', '<ise_api><value>A0B1C2D3E4F5</value></ise_api>'),
  oddText.map((text) => `<ise_api><value>${text}</value></ise_api>`),
);
const odd = fc.record({
  method: fc.constantFrom('GET', 'GET', 'get', 'POST', 'PUT', 'DELETE', ''),
  path,
  query: fc.array(parameter, { maxLength: 5 }),
  body,
});
/** Of one device, or of the list: what leads to the store. */
const question = fc
  .tuple(
    fc.constantFrom(
      ...(['guid', 'macaddress', 'udid', 'imei', 'guidhn'] as const).map((criterion) => [criterion, 'A0B1C2D3E4F5']),
      ['guid', DEVICE_ID],
      ['compliance', 'false'],
    ),
    fc.constantFrom('', '/mdmapi/v1', '/mdmapi/v2', '/mdmapi/v3'),
    oddText,
  )
  .map(([[criterion = '', value = ''], api, filter]) => ({
    method: 'GET',
    path: `/ciscoise${api}/devices/`,
    query: Object.entries({ paging: '0', querycriteria: criterion, value, filter }),
    body: '',
  }));
const request = fc.oneof({ arbitrary: odd, weight: 4 }, { arbitrary: question, weight: 1 });

async function outcome(work: Promise<string>): Promise<{ readonly xml?: string; readonly status: number }> {
  return work.then(
    (xml) => ({ xml, status: 200 }),
    (thrown: unknown) => ({ status: statusOf(toConnectorError(thrown)) }),
  );
}

test('a thousand odd requests are answered by well-formed XML or refused as wrong', { timeout: 120_000 }, async () => {
  const site = await iseInMemory({ CLIENT_REQUESTS_PER_SECOND: '1000' });
  await site.store(aDevice({ name: ']]>\ud800', model: '</model>\u0000' }));
  const statuses = new Set<number>();
  await fc.assert(
    fc.asyncProperty(request, async ({ body: sent, ...asked }) => {
      site.clock.advance(1_000);
      const { xml, status } = await outcome(site.app.mdmApi(site.key, asked, sent));
      expect([200, 400, 404]).toContain(status);
      statuses.add(status);
      if (xml === undefined) return;
      expect(xml).not.toMatch(NO_CHARACTER);
      canonicalXml(xml);
    }),
    { numRuns: 1_000 },
  );
  expect(statuses).toEqual(new Set([200, 400, 404]));
});

test('while the store fails no request is answered by a list of devices', { timeout: 120_000 }, async () => {
  const site = await iseInMemory({ CLIENT_REQUESTS_PER_SECOND: '1000' });
  await site.store(aDevice());
  await site.get('/ciscoise/mdminfo');
  site.failing.add('devices.').add('identities.');
  const statuses = new Set<number>();
  await fc.assert(
    fc.asyncProperty(request, async ({ body: sent, ...asked }) => {
      site.clock.advance(1_000);
      const { xml = '', status } = await outcome(site.app.mdmApi(site.key, asked, sent));
      // An action is refused all the same: it reads nothing.
      expect(xml).not.toContain('<name>attributes</name>');
      expect(status).not.toBe(500);
      statuses.add(status);
    }),
    { numRuns: 1_000 },
  );
  expect(statuses).toContain(503);
});

test('whatever a device calls itself, its document is well-formed and says nothing else', () => {
  const text = fc.oneof(
    oddText,
    fc.array(oddText, { maxLength: 4 }).map((parts) => parts.join('x')),
  );
  const hostile = fc.record({
    model: text,
    imei: text,
    meid: text,
    udid: text,
    serialNumber: text,
    operatingSystem: text,
    osVersion: text,
    jailBroken: text,
  });
  fc.assert(
    fc.property(hostile, text, (fields: Partial<Device>, value) => {
      const attributes = deviceAttributes(aDevice(fields), { compliant: false }, { version: 3, filter: undefined });
      const devices = [{ key: { element: 'guid', value } as const, attributes }];
      const xml = writeMdmXml({ kind: 'devices', version: 3, devices });
      expect(xml).not.toMatch(NO_CHARACTER);
      canonicalXml(xml);
      expect(xml.match(/<device>/g)).toHaveLength(1);
      expect(xml.match(/<status>(?:true|false)<\/status>/g)).toEqual(['<status>false</status>']);
    }),
    { numRuns: 1_000 },
  );
});
