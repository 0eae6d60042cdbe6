// What is wrong in policy.yaml is named with its place; conditions never vanish, and entries that can never match are
// found.

import { describe, expect, test } from 'vitest';
import { LARGEST_POLICY, readPolicy } from '../../../../shared/adapters/yaml/read-policy.ts';
import { evaluatePolicy } from '../../../../shared/domain/policy/policy.ts';
import { someFacts } from '../../../support/policy-facts.ts';
import { LAST, matches, problemsOf, ROLES, withRule } from '../../../support/policy-text.ts';

describe('what is wrong is named with its place', () => {
  test.each<[string, string, [number, number], RegExp]>([
    ['an unknown key', withRule('  - { name: a, wenn: { site: hq }, permit: staff }'), [5, 16], /is not known here/],
    [
      'an unknown condition',
      withRule('  - { name: a, when: { color: red }, permit: staff }'),
      [5, 24],
      /is not known here/,
    ],
    [
      'an unknown state',
      withRule('  - { name: a, when: { compliance: fine }, permit: staff }'),
      [5, 36],
      /must be one of/,
    ],
    [
      'an unknown role',
      withRule('  - { name: a, when: { site: hq }, permit: guest }'),
      [5, 44],
      /is no role of this policy.*staff/,
    ],
    ['neither permit nor reject', withRule('  - { name: a, when: { site: hq } }'), [5, 5], /either/],
    ['both', withRule('  - { name: a, when: { site: hq }, permit: staff, reject: true }'), [5, 5], /either/],
    [
      'a rule of the same name',
      withRule('  - { name: rest, when: { site: hq }, permit: staff }'),
      [6, 5],
      /second rule named/,
    ],
    [
      'a reserved name',
      withRule('  - { name: deny-not-authenticated, when: { site: hq }, permit: staff }'),
      [5, 13],
      /reserved/,
    ],
    ['a rule after the last', withRule('  - { name: a, permit: staff }'), [5, 5], /no rule after it/],
    [
      'a malformed limit',
      withRule('  - { name: a, when: { answerAge: 4h }, permit: staff }'),
      [5, 35],
      /limit with >= or </,
    ],
    [
      'an age without unit',
      withRule("  - { name: a, when: { answerAge: '< 4' }, permit: staff }"),
      [5, 35],
      /e\.g\. '>= 4h'/,
    ],
    [
      'a malformed address',
      withRule('  - { name: a, when: { nasAddress: 10.1.2.0/33 }, permit: staff }'),
      [5, 36],
      /no address or subnet/,
    ],
    [
      'a group by its name',
      withRule('  - { name: a, when: { group: [Contractors] }, permit: staff }'),
      [5, 32],
      /is no group: its object id/,
    ],
    [
      'a group twice, in other letters',
      withRule(
        '  - { name: a, when: { group: { 9A000000-0000-4000-8000-00000000000a: true, 9a000000-0000-4000-8000-00000000000A: false } }, permit: staff }',
      ),
      [5, 77],
      /stands there twice/,
    ],
    ['an empty list', withRule('  - { name: a, when: { site: [] }, permit: staff }'), [5, 30], /1 to 200 values/],
    ['a site that cannot be', withRule('  - { name: a, when: { site: HQ }, permit: staff }'), [5, 30], /is no site/],
    [
      'a key given twice',
      withRule('  - { name: a, name: b, when: { site: hq }, permit: staff }'),
      [5, 16],
      /Remove one/,
    ],
    [
      'a last rule with conditions',
      `${ROLES}rules:\n  - { name: a, when: { site: hq }, permit: staff }\n`,
      [5, 22],
      /last rule/,
    ],
    ['no rules', ROLES, [1, 1], /at least one rule/],
    ['no roles', `rules:\n${LAST}`, [1, 1], /at least one role/],
    ['a role without VLAN', `roles: { a: {} }\nrules:\n  - { name: rest, permit: a }\n`, [1, 13], /VLAN/],
    [
      'a role that cannot be',
      `roles: { 'a b': { vlan: 1 } }\nrules:\n  - { name: r, permit: 'a b' }\n`,
      [1, 10],
      /no role name/,
    ],
    [
      'a VLAN that cannot be',
      `roles: { a: { vlan: '1 2' } }\nrules:\n  - { name: r, permit: a }\n`,
      [1, 21],
      /letters, digits/,
    ],
    [
      'a session too short',
      `roles: { a: { vlan: 1, sessionTimeout: 5 } }\nrules:\n  - { name: r, permit: a }\n`,
      [1, 40],
      /1m to 7d/,
    ],
    [
      'an attribute not allowed',
      `roles: { a: { vlan: 1, attributes: { Service-Type: Admin } } }\nrules:\n  - { name: r, permit: a }\n`,
      [1, 38],
      /not among the attributes/,
    ],
    [
      'attributes that no RADIUS packet holds',
      `roles: { a: { vlan: 1, attributes: { NAS-Filter-Rule: [${Array(13).fill(`'${'x'.repeat(247)}'`)}] } } }\nrules:\n  - { name: r, permit: a }\n`,
      [1, 36],
      /take 3315 octets/,
    ],
    [
      'an expansion',
      `roles: { a: { vlan: 1, attributes: { Filter-Id: '%{echo:x}' } } }\nrules:\n  - { name: r, permit: a }\n`,
      [1, 49],
      /printable ASCII/,
    ],
    [
      'a redirect elsewhere',
      `roles: { a: { vlan: 1, redirectUrl: 'javascript:x' } }\nrules:\n  - { name: r, permit: a }\n`,
      [1, 37],
      /http/,
    ],
    [
      'a VLAN of an unknown role',
      `${ROLES}sites: { hq: { vlans: { guest: 1 } } }\nrules:\n${LAST}`,
      [4, 25],
      /is no role/,
    ],
    ['broken YAML', 'roles: [', [1, 9], /./],
    ['no mapping', 'hello', [1, 1], /must be a mapping/],
    ['nothing', '', [1, 1], /missing/],
  ])('%s', (_what, text, [line, column], problem) => {
    expect(problemsOf(text)).toContainEqual(
      expect.objectContaining({ line, column, problem: expect.stringMatching(problem) }),
    );
  });

  test('all at once, in the order of the file, with code and instruction', () => {
    const text = withRule('  - { name: A, when: { site: HQ, color: red }, permit: guest }');
    expect(problemsOf(text).map(({ column }) => column)).toEqual([13, 30, 34, 56]);
    try {
      readPolicy(text, { version: 'draft', file: 'my.yaml' });
    } catch (thrown) {
      expect(thrown).toMatchObject({ code: 'NAC_POLICY', status: 400 });
      expect(String(thrown)).toContain('my.yaml:5:13 rules[0].name: must be up to 64');
    }
    expect.assertions(3);
  });

  test('a file too large is not even looked at', () => {
    expect(problemsOf('#'.repeat(LARGEST_POLICY + 1))).toEqual([
      { path: '', line: 1, column: 1, problem: expect.stringContaining('characters') },
    ]);
  });
});

describe('a condition never vanishes', () => {
  test.each([
    ['compliance:', 'rules[0].when.compliance: is empty'],
    ['macAddress: ~', 'rules[0].when.macAddress: is empty'],
    ['assurance: null', 'rules[0].when.assurance: is empty'],
    ['owner: # same', 'rules[0].when.owner: is empty'],
  ])('where its value was forgotten: %s', (when, problem) => {
    const text = withRule(`  - name: tried\n    when:\n      ${when}\n    permit: staff`);
    expect(problemsOf(text).map(({ path, problem: text }) => `${path}: ${text}`)).toEqual([
      expect.stringContaining(problem),
    ]);
  });

  test('where `when` has none', () => {
    expect(problemsOf(withRule('  - { name: tried, when: {}, permit: staff }'))).toMatchObject([
      { path: 'rules[0].when', problem: expect.stringContaining('has no condition') },
    ]);
  });

  test('nor a key elsewhere without its value', () => {
    const text = `${withRule('  - { name: tried, when: { medium: wired }, permit: staff }')}sites:\n  hq:\n  lab:\n    observe:\n`;
    expect(problemsOf(text).map(({ path }) => path)).toEqual(['sites.hq', 'sites.lab.observe']);
  });
});

test('numbers and blanks stand as they are written', () => {
  const wireless = { nasPortType: 'Wireless-802.11', calledStationId: '00-11-22-AA-BB-CC' };
  expect(matches('userName: 001122', { userName: '001122' })).toBe(true);
  expect(matches('ssid: 1.10', { ...wireless, ssids: ['1.10'] })).toBe(true);
  expect(matches('ssid: "Corp "', { ...wireless, ssids: ['Corp '] })).toBe(true);
  expect(matches('ssid: "Corp "', { ...wireless, ssids: ['Corp'] })).toBe(false);
});

describe('an entry that can never match is a problem with its place', () => {
  test.each([
    '=',
    '"=Contoso"',
    'CN=',
    '"CN= "',
    '/=',
    '/CN=',
    '","',
    '\'""\'',
    '"CN=Issuing CA,O="',
    '"CN=Issuing CA, =Contoso"',
    'CM=Issuing CA',
    'issuer=CN=Issuing CA',
    '"issuer=CN = Issuing CA, O = Contoso"',
    'subject=/CN=Issuing CA',
    'CN=Issuing CA/O=Contoso',
    '"/CN=Issuing CA, O=Contoso"',
    '"/CN=Issuing CA,O = Contoso"',
    `'CN="Issuing CA, O=Contoso'`,
    '"1=Contoso"',
    `'${'O=a,'.repeat(33)}CN=b'`,
  ])('issuer %s', (issuer) => {
    const text = withRule(
      `  - name: tried\n    when:\n      certificateIssuer:\n        - CN=Issuing CA\n        - ${issuer}\n    permit: staff`,
    );
    expect(problemsOf(text)).toEqual([
      expect.objectContaining({ line: 9, column: 11, path: 'rules[0].when.certificateIssuer[1]' }),
    ]);
    const declared = `certificateIssuers: [CN=A, ${issuer}]\nsites:\n  hq:\n    certificateIssuers: ${issuer}\n`;
    expect(problemsOf(`${declared}${ROLES}rules:\n${LAST}`)).toEqual([
      expect.objectContaining({ line: 1, column: 28, path: 'certificateIssuers[1]' }),
      expect.objectContaining({ line: 4, column: 25, path: 'sites.hq.certificateIssuers' }),
    ]);
  });

  test.each([
    ['CN=Issuing CA', 'CN=Issuing CA,O=Contoso'],
    ['Issuing CA', '/O=Contoso/CN=Issuing CA'],
    ['commonName=Issuing *', '/O=Contoso/CN=Issuing CA'],
    ['2.5.4.3=Issuing CA', 'CN = Issuing CA, O = Contoso'],
    ['"OID.2.5.4.97=NTRDE-HRB1"', 'organizationIdentifier=NTRDE-HRB1,CN=x'],
    ['"DC=contoso,DC=com,CN=ca"', '/DC=com/DC=contoso/CN=ca'],
    [`'O="Contoso, CN=x",CN=ca'`, 'CN=ca,O=Contoso\\, CN\\=x'],
    ["'O=A/B Ltd'", 'CN=ca, O=A/B Ltd'],
    ['1.3.6.1.4.1.99999.1=x', '/CN=ca/1.3.6.1.4.1.99999.1=x'],
    ["'*=Contoso'", 'CN=ca,O=Contoso'],
    ["'CN=*'", 'CN=ca,O=Contoso'],
    ["'*'", 'CN=ca,O=Contoso'],
    ['E=pki@contoso.com', '/CN=ca/emailAddress=pki@contoso.com'],
  ])('issuer %s is none: it is that of %s', (written, certificateIssuer) => {
    expect(matches(`certificateIssuer: ${written}`, { certificateIssuer })).toBe(true);
  });

  test.each([
    ['ownership', 'corporate'],
    ['ownership', '"corp*"'],
    ['ownership', '"company "'],
    ['platform', '" macOS"'],
    ['managementAgent', '"config-*"'],
    ['managementAgent', '"config manager"'],
    ['registrationState', 'blocked'],
    ['registrationState', 'revoked?'],
    ['deviceName', '"LT-* "'],
    ['model', '" Latitude *"'],
    ['category', '"Kiosk "'],
    ['ssid', '"123456789012345678901234567890123"'],
    ['ssid', '"Büro Büro Büro Büro Büro Büro B*"'],
    ['nasAddress', '0.0.0.0'],
    ['nasAddress', '0.0.0.0/32'],
    ['nasAddress', '"::"'],
    ['osVersion', '"< 0"'],
    ['daysSinceCheckIn', '"< 0"'],
    ['minutesSinceEnrolment', '"< 0"'],
    ['answerAge', '"< 0h"'],
  ])('%s: %s', (name, value) => {
    const text = withRule(`  - name: tried\n    when:\n      ${name}: ${value}\n    permit: staff`);
    expect(problemsOf(text)).toEqual([
      expect.objectContaining({ line: 7, column: 9 + name.length, path: `rules[0].when.${name}` }),
    ]);
  });

  test.each([
    ['osVersion', "['>= 18', '< 17.5']"],
    ['osVersion', "['>= 17', '< 17.0']"],
    ['daysSinceCheckIn', "['< 7', '>= 7']"],
    ['answerAge', "['>= 1d', '< 24h']"],
  ])('%s: %s is an empty range', (name, value) => {
    const text = withRule(`  - name: tried\n    when: { ${name}: ${value} }\n    permit: staff`);
    expect(problemsOf(text)).toEqual([expect.objectContaining({ line: 6, path: `rules[0].when.${name}` })]);
  });

  test.each([
    ['ownership: [Company, UNKNOWN]'],
    ["ssid: '12345678901234567890123456789012*'"],
    ["nasAddress: ['0.0.0.0/0', '::/0', '::ffff:10.1.2.3']"],
    ["osVersion: ['>= 17', '< 17.0.1']"],
    ["minutesSinceEnrolment: '< 1'"],
    ['platform: Windows Phone'],
    ['registrationState: not*'],
    ['managementAgent: configurationManagerClientMdmEas'],
  ])('%s is none', (when) => {
    expect(problemsOf(withRule(`  - { name: tried, when: { ${when} }, permit: staff }`))).toEqual([]);
  });

  test('a site with a number for its name is that site, zeros and all', () => {
    const text = `sites: { 007: { observe: staff }, 1e3: { observe: staff } }\n${ROLES}rules:\n${LAST}`;
    const policy = readPolicy(text, { version: 'v' });
    for (const [site, role] of [
      ['007', 'staff'],
      ['1e3', 'staff'],
      ['7', 'quarantine'],
      ['1000', 'quarantine'],
    ] as const) {
      expect(evaluatePolicy(policy, someFacts({ site })).outcome).toMatchObject({ role });
    }
  });

  test.each([
    ["platform: 'win*'", true],
    ["ownership: 'comp?ny'", true],
    ["platform: 'mac*'", false],
  ])('%s stands for what begins like it: %j', (when, expected) => {
    expect(matches(when)).toBe(expected);
    expect(matches(when, { device: { complianceState: 'compliant', operatingSystem: 'unknown' } })).toBe(false);
  });

  test('a name is compared however its letters are composed', () => {
    const device = { complianceState: 'compliant', name: 'Bu\u0308ro-1' } as const;
    expect(matches("deviceName: 'b\u00fcro-*'", { device })).toBe(true);
  });
});
