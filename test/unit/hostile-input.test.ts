// Whatever comes from outside: at least ten thousand generated texts for each parser. Each ends in a reading or in a
// coded error, and what it gives is bounded, however long the text is.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readComplianceXml } from '../../shared/adapters/cisco-mdm/read-compliance-xml.ts';
import { readDevices } from '../../shared/adapters/cisco-mdm/read-devices.ts';
import { readInformation } from '../../shared/adapters/cisco-mdm/read-information.ts';
import { MOST_SOURCES, readSources } from '../../shared/adapters/yaml/read-sources.ts';
import { isDeviceId } from '../../shared/domain/device/device.ts';
import { distinguishedNameMatches } from '../../shared/domain/distinguished-name.ts';
import type { CertificateNames } from '../../shared/domain/identity/access-request.ts';
import { certificateIdentities } from '../../shared/domain/identity/certificate-identities.ts';
import { computerAccountNames, computerNames, nameBeforeDomain } from '../../shared/domain/identity/computer-name.ts';
import { presentedIdentities } from '../../shared/domain/identity/presented-identities.ts';
import { listsNamedIn, MOST_LISTS, readMacList } from '../../shared/domain/policy/mac-list.ts';
import { macDigits } from '../../shared/domain/policy/mac-set.ts';
import { requestFacts, ssidCandidates } from '../../shared/domain/policy/policy-facts.ts';
import { ConnectorError, SourcesError } from '../../shared/errors.ts';
import { readAccessRequest } from '../../shared/lookup/read-access-request.ts';
import { readAccountingEvent } from '../../shared/lookup/read-accounting-event.ts';
import { HOSTILE_PIECES } from '../support/hostile-pieces.ts';
import { someFacts } from '../support/policy-facts.ts';
import { SOURCE_DEFAULTS } from '../support/source-defaults.ts';

const RUNS = { numRuns: 10_000 };
const AT = '2026-11-20T10:00:00.000Z';

/**
 * Pieces that mean something to one of the parsers, and anything else; now and then the same piece thousands of times.
 */
const piece = fc.oneof(fc.constantFrom(...HOSTILE_PIECES), fc.string({ unit: 'binary', maxLength: 6 }));
const text = fc.oneof(
  { weight: 9, arbitrary: fc.array(piece, { maxLength: 10 }).map((pieces) => pieces.join('')) },
  {
    weight: 1,
    arbitrary: fc.tuple(piece, fc.integer({ min: 1, max: 2_000 })).map(([one, times]) => one.repeat(times)),
  },
);
const list = fc.array(text, { maxLength: 4 });
const ABSENT = { requiredKeys: [] };

function orCodedError<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(ConnectorError);
    expect(String((thrown as ConnectorError).message).length).toBeLessThan(1_000);
    return undefined;
  }
}

test('names of computers', () => {
  fc.assert(
    fc.property(text, (name) => {
      for (const found of [computerNames(name), computerAccountNames(name), nameBeforeDomain(name)]) {
        expect(found.length).toBeLessThanOrEqual(2);
        for (const one of found) expect(one.length <= 255 && !/[\p{Cc}\\$@]/u.test(one)).toBe(true);
      }
    }),
    RUNS,
  );
});

test('names of certificates', () => {
  const names = fc.record(
    {
      subjectAltName: text,
      sanUri: list,
      sanDns: list,
      sanEmail: list,
      sanUpn: list,
      commonName: text,
      furtherCommonNames: list,
      subject: text,
    },
    ABSENT,
  );
  fc.assert(
    fc.property(names, (certificate) => {
      const { identities, problems } = certificateIdentities(certificate as CertificateNames);
      expect(identities.length).toBeLessThanOrEqual(10);
      for (const { value } of identities) expect(value.length).toBeLessThanOrEqual(255);
      expect(new Set(problems).size).toBe(problems.length);
    }),
    RUNS,
  );
});

test('fields of a RADIUS request, from the JSON body to the identities and facts', () => {
  const field = fc.oneof(text, list, fc.constantFrom(null, 7, true, {}));
  const request = fc.record(
    {
      method: fc.constantFrom('mab', 'eap-tls', 'site', 'none', '', undefined),
      userName: text,
      callingStationId: text,
      calledStationId: text,
      nasPortType: fc.constantFrom('Ethernet', 'Wireless-802.11', 'Virtual', 'x'),
      ciscoAvPairs: field,
      ssid: field,
      cut: field,
      certificate: fc.oneof(
        field,
        fc.record({ commonName: field, subjectAltName: field, sanDns: field, issuer: field }, ABSENT),
      ),
    },
    ABSENT,
  );
  fc.assert(
    fc.property(request, (asked) => {
      const read = orCodedError(() => readAccessRequest(JSON.stringify(asked)));
      if (read === undefined) return;
      expect(presentedIdentities(read).identities.length).toBeLessThanOrEqual(20);
      const facts = requestFacts('hq', read);
      // A control character is six characters in JSON.
      expect(JSON.stringify(facts).replaceAll(/\\u[0-9a-f]{4}/g, '?').length).toBeLessThan(20_000);
      expect((ssidCandidates(someFacts(facts)) ?? []).length).toBeLessThanOrEqual(8);
    }),
    RUNS,
  );
});

test('JSON bodies of any kind, of a lookup and of accounting', () => {
  const body = fc.oneof(
    text,
    fc.json({ depthSize: 'small' }),
    fc.integer({ min: 1, max: 5_000 }).map((depth) => '['.repeat(depth)),
  );
  fc.assert(
    fc.property(body, (written) => {
      orCodedError(() => readAccessRequest(written));
      orCodedError(() => readAccountingEvent(written, AT));
    }),
    RUNS,
  );
});

test('XML of a compliance service and of MDM servers', () => {
  const element = fc.constantFrom(
    ...['ise_api', 'deviceList', 'device', 'attributes', 'compliance', 'status', 'macaddress', 'x'],
    ...['guid', 'register_status', 'macaddresses', 'lastCheckinTimeStamp', 'os_version', 'serial_number'],
    ...['api_path', 'api_version', 'paging_info'],
  );
  const tree = fc
    .array(fc.tuple(element, text), { maxLength: 8 })
    .map((parts) => parts.reduceRight((inner, [name, content]) => `<${name}>${content}${inner}</${name}>`, ''));
  fc.assert(
    fc.property(
      fc.oneof(
        tree,
        text,
        tree.map((xml) => xml.slice(0, -3)),
      ),
      (xml) => {
        orCodedError(() => readComplianceXml(xml));
        orCodedError(() => readInformation(xml, 'https://mdm.example', 'The server'));
        for (const version of [1, 3] as const) {
          const { devices = [], nextPaging = '' } = orCodedError(() => readDevices(xml, version, 'The server')) ?? {};
          // One more than any value may have, so that what is too long is seen to be: no place of a list is.
          expect(nextPaging.length).toBeLessThanOrEqual(257);
          for (const device of devices) {
            expect(isDeviceId(device.id ?? 'none')).toBe(true);
            expect(device.macs.length).toBeLessThanOrEqual(6);
            for (const fact of Object.values(device.facts)) expect(String(fact).length).toBeLessThanOrEqual(256);
          }
        }
      },
    ),
    RUNS,
  );
});

test('distinguished names, beginnings of addresses and lists of them', () => {
  fc.assert(
    fc.property(text, text, (pattern, name) => {
      expect(typeof distinguishedNameMatches(pattern, name)).toBe('boolean');
      expect(macDigits(name) ?? '000000').toMatch(/^[0-9a-f]{6,12}$/);
      const { digits, problems } = readMacList(`${pattern}\n${name}\n00:11:22`);
      for (const each of digits) expect(each).toMatch(/^[0-9a-f]{6,12}$/);
      expect(problems.length).toBeLessThanOrEqual(50);
      expect(listsNamedIn(`${pattern}list:${name}`).length).toBeLessThanOrEqual(MOST_LISTS + 1);
    }),
    RUNS,
  );
});

test('sources.yaml', () => {
  const key = fc.constantFrom('name', 'kind', 'signIn', 'address', 'sites', 'massChange', 'passwordSetting', 'x');
  const entries = fc
    .array(fc.tuple(key, text), { maxLength: 6 })
    .map(
      (pairs) => `sources:\n${pairs.map(([name, value], n) => `${n === 0 ? '-' : ' '} ${name}: ${value}\n`).join('')}`,
    );
  fc.assert(
    fc.property(fc.oneof(entries, text), (written) => {
      try {
        const definitions = readSources(written, { defaults: SOURCE_DEFAULTS });
        expect(definitions.length).toBeLessThanOrEqual(MOST_SOURCES);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(SourcesError);
        // Fifty problems, each of bounded length.
        expect(String((thrown as SourcesError).message).length).toBeLessThan(20_000);
      }
    }),
    RUNS,
  );
});
