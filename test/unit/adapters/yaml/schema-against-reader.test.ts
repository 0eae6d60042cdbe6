// infra/policy.schema.json, read by a validator, against the reader: what the reader takes the schema takes, whatever
// the file is.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { COMPLIANCE_WORDS, CONDITION_NAMES } from '../../../../shared/adapters/yaml/policy-conditions.ts';
import { OWNERSHIPS, REGISTRATION_STATES } from '../../../../shared/adapters/yaml/policy-patterns.ts';
import { readPolicy } from '../../../../shared/adapters/yaml/read-policy.ts';
import { METHOD_WORDS } from '../../../../shared/domain/identity/authentication-word.ts';
import { ASSURANCES } from '../../../../shared/domain/identity/identity.ts';
import { CONTRADICTIONS } from '../../../../shared/domain/identity/presented-identities.ts';
import { OWNER_WORDS } from '../../../../shared/domain/policy/device-owner.ts';
import { macSet } from '../../../../shared/domain/policy/mac-set.ts';
import { MEDIA } from '../../../../shared/domain/policy/policy-facts.ts';
import { REPLY_ATTRIBUTES } from '../../../../shared/domain/policy/reply-attributes.ts';
import { PolicyError } from '../../../../shared/errors.ts';

/** The part of ajv that is used here; its CommonJS module is loaded as such. */
type Ajv = new (
  options: Readonly<Record<string, boolean>>,
) => {
  compile(schema: object): ((value: unknown) => boolean) & { readonly errors?: unknown };
};
const { Ajv2020 }: { readonly Ajv2020: Ajv } = createRequire(import.meta.url)('ajv/dist/2020.js');

const schema = JSON.parse(readFileSync(join(import.meta.dirname, '../../../../infra/policy.schema.json'), 'utf8'));
const fits = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema);
const MAC_LISTS = new Map([['printers-1', macSet(['001122'], 'printers-1')]]);

function isTaken(text: string): boolean {
  try {
    readPolicy(text, { version: 'draft', macLists: MAC_LISTS });
    return true;
  } catch (thrown) {
    if (thrown instanceof PolicyError) return false;
    throw thrown;
  }
}

/** What the schema has against a text that the reader takes. */
function refusals(text: string): unknown {
  return fits(parse(text, { uniqueKeys: false })) ? [] : fits.errors;
}

/** A value among others that mean the same to a person, or nearly. */
const around = (word: string) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constant(word) },
    fc.constantFrom(
      ` ${word}`,
      `${word} `,
      word.toUpperCase(),
      word.toLowerCase(),
      `"${word}`,
      `${word}\n`,
      `\u00a0${word}`,
    ),
  );
const oneOf = (words: readonly string[]) => fc.constantFrom(...words).chain(around);
const pattern = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.constantFrom(
    'Corp*',
    '00112',
    'x'.repeat(253),
    'x'.repeat(254),
    ' '.repeat(300),
    `${' '.repeat(300)}x`,
    '💻'.repeat(130),
    '',
  ),
  fc.double(),
  fc.integer(),
);
const flag = fc.oneof(fc.boolean(), fc.constantFrom('true', 'yes', 1));
const limit = (value: fc.Arbitrary<string>) =>
  fc
    .tuple(
      fc.oneof({ weight: 3, arbitrary: fc.constantFrom('>=', '<') }, fc.constantFrom('>', '=', '<=', ' >=')),
      fc.constantFrom('', ' ', '  ', '\t'),
      value,
      fc.constantFrom('', ' '),
    )
    .map((parts) => parts.join(''));
const digits = fc.oneof(fc.nat(999_999).map(String), fc.constantFrom('0', '60', '007', '9999999999', '-1', '1.5'));
const duration = fc.constantFrom(
  '4h',
  '4 h',
  '1.5H',
  '30',
  '90s',
  '500MS',
  '1w',
  '4h ',
  ' 4h',
  '1e3',
  30,
  1800,
  90.5,
  0,
  60,
);
const mac = fc.constantFrom(
  '00:11:22',
  '001122',
  '00-11-22-33-44-55',
  '0011.2233.4455',
  '00:11:22:*',
  '00:11:22:00:00:00/24',
  '00:11',
  1122334455,
  112233,
  'list:printers-1',
  'list:printers-2',
  'list:',
  ' 001122',
);
const site = fc.constantFrom('hq', 'HQ', 'branch-2', '-hq', 7, 1.5, -1, 'x'.repeat(40), 'x'.repeat(41));

const source = fc.constantFrom('intune', 'intune-emea', 'Intune', '7', 'x7', '-x', 'x'.repeat(31), 'x'.repeat(32), '');

const group = fc.constantFrom(
  '9a000000-0000-4000-8000-000000000001',
  '9A000000-0000-4000-8000-00000000000A',
  '9a000000-0000-4000-8000-00000000000a',
  ' 9a000000-0000-4000-8000-000000000001',
  'Contractors',
  90000000,
);

/** For every condition there is: the type asks for those that come later. */
const CONDITIONS: Record<(typeof CONDITION_NAMES)[number], fc.Arbitrary<unknown>> = {
  compliance: oneOf(COMPLIANCE_WORDS),
  assurance: oneOf(ASSURANCES),
  ownership: fc.oneof(oneOf(OWNERSHIPS), pattern),
  platform: pattern,
  osVersion: limit(fc.constantFrom('10.0.19045', '17', '17.1', 'x', '1', '10.', '.5', '10.0.22631 SP1')),
  contradiction: fc.oneof(flag, oneOf(CONTRADICTIONS)),
  method: oneOf(METHOD_WORDS),
  macAddress: mac,
  certificateIssuer: fc.oneof(fc.constantFrom('CN=Issuing CA *,O=Contoso', '/O=x/CN=y', 'O=', 'CN=a/O=b'), pattern),
  deviceName: pattern,
  model: pattern,
  category: pattern,
  encrypted: flag,
  jailbroken: flag,
  managementAgent: fc.oneof(oneOf(['mdm', 'easMdm', 'jamf']), pattern),
  registrationState: fc.oneof(oneOf(REGISTRATION_STATES), pattern),
  owner: oneOf(OWNER_WORDS),
  source,
  group: fc.oneof(group, fc.dictionary(group.map(String), flag, { maxKeys: 3 })),
  sourceReachable: fc.oneof(flag, fc.dictionary(source.map(String), flag, { maxKeys: 3 })),
  daysSinceCheckIn: limit(digits),
  registered: flag,
  site,
  medium: oneOf(MEDIA),
  ssid: pattern,
  nasAddress: fc.constantFrom(
    '10.1.2.3',
    '10.1.0.0/16',
    '2001:db8::/48',
    '10.1.2.3/33',
    'fe80::1%eth0',
    ' 10.1.2.3',
    10.1,
  ),
  nasIdentifier: pattern,
  userName: pattern,
  minutesSinceEnrolment: limit(digits),
  removalPending: flag,
  answerAge: limit(duration.map(String)),
};

const nothing = fc.constantFrom(null, '', [], {}, 'x', 1, true);
/** Mostly one value or a few, now and then too many or something else. */
const values = (item: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 8, arbitrary: item },
    { weight: 5, arbitrary: fc.array(item, { maxLength: 3 }) },
    { weight: 1, arbitrary: fc.array(item, { minLength: 201, maxLength: 202 }) },
    { weight: 1, arbitrary: fc.array(fc.oneof(item, nothing), { maxLength: 3 }) },
    { weight: 1, arbitrary: nothing },
  );
const sometimes = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 2 });
const roleName = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('staff', 'rest') },
  fc.constantFrom('none', 10, 1.5, true),
);

const when = fc
  .uniqueArray(fc.constantFrom(...CONDITION_NAMES), { maxLength: 3 })
  .chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, values(CONDITIONS[name])]))));
const rule = fc.record(
  {
    name: fc.oneof(
      { weight: 8, arbitrary: fc.stringMatching(/^[a-z][a-z0-9-]{3,8}$/) },
      fc.constantFrom('Rule 1', ' a', 7, ''),
    ),
    when: fc.oneof({ weight: 9, arbitrary: when }, nothing),
    permit: roleName,
    reject: fc.constantFrom(true, true, true, false, 'true'),
    observe: sometimes(roleName),
    note: sometimes(fc.constant('x')),
  },
  { requiredKeys: ['name', 'when'] },
);
const attributes = fc
  .uniqueArray(fc.constantFrom(...Object.entries(REPLY_ATTRIBUTES), ['Reply-Message', 'text'] as const), {
    maxLength: 3,
  })
  .chain((entries) =>
    fc.record(
      Object.fromEntries(
        entries.map(([name, type]) => [
          name,
          values(
            type === 'text'
              ? fc.oneof(pattern, fc.constantFrom('a', '%{x}', 'ü'))
              : fc.oneof(fc.nat(), fc.constantFrom(-1, 1.5, 2 ** 32, '5')),
          ),
        ]),
      ),
    ),
  );
const role = fc.record(
  {
    vlan: fc.constantFrom(10, '10', 'staff', 1.5, -5, ' 10', '10 ', 'a b', 1e21, Number.POSITIVE_INFINITY, '', null),
    sessionTimeout: duration,
    acl: pattern,
    redirectUrl: fc.constantFrom(
      'https://help.example.com/',
      'HTTP://help.example.com',
      'https:help',
      'ftp://x',
      ' https://x',
      'http://x y',
    ),
    attributes: fc.oneof({ weight: 8, arbitrary: attributes }, nothing),
  },
  { requiredKeys: ['vlan'] },
);
const issuers = values(fc.oneof(pattern, fc.constant('CN=Issuing CA')));
const siteOfPolicy = fc.record(
  {
    observe: roleName,
    vlans: fc.record({ staff: fc.constantFrom(110, 'x', 1.5, ' x') }, { requiredKeys: [] }),
    certificateIssuers: issuers,
  },
  { requiredKeys: [] },
);
const document = fc.record({
  certificateIssuers: sometimes(issuers),
  roles: fc.record({
    staff: fc.oneof({ weight: 3, arbitrary: fc.constant({ vlan: 10 }) }, role),
    rest: fc.constant({ vlan: 666 }),
  }),
  sites: sometimes(
    fc.oneof({ weight: 8, arbitrary: fc.dictionary(site.map(String), siteOfPolicy, { maxKeys: 2 }) }, nothing),
  ),
  rules: fc.array(rule, { maxLength: 2 }).map((rules) => [...rules, { name: 'everyone-else', permit: 'rest' }]),
});

describe('the schema takes what the reader takes', () => {
  test.each(CONDITION_NAMES)('of %s', (name) => {
    let taken = 0;
    fc.assert(
      fc.property(values(CONDITIONS[name]), (value) => {
        const text = stringify({
          roles: { a: { vlan: 1 } },
          rules: [
            { name: 'r', when: { [name]: value }, permit: 'a' },
            { name: 'z', permit: 'a' },
          ],
        });
        if (!isTaken(text)) return;
        taken += 1;
        expect(refusals(text), text).toEqual([]);
      }),
      { numRuns: 200 },
    );
    expect(taken).toBeGreaterThan(5);
  });

  test('of whole files', () => {
    let taken = 0;
    fc.assert(
      fc.property(document, (policy) => {
        const text = stringify(policy, { keepUndefined: false });
        if (!isTaken(text)) return;
        taken += 1;
        expect(refusals(text), text).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
    expect(taken).toBeGreaterThan(30);
  });

  test('of texts that an author writes by hand', () => {
    const scalar = fc.constantFrom(
      'Corp',
      '0123',
      '1e3',
      '.5',
      '.inf',
      '-.inf',
      '.nan',
      '0x1F',
      '0o17',
      '1_000',
      '~',
      'null',
      'true',
      '"a b "',
      "' a'",
      '""',
      '|\n        x\n',
      '2026-11-30',
      '*a',
      '&a x',
      '!!str 5',
      '!!int "5"',
      '0b1',
      '12:30:00',
      '1.10',
      '+1',
    );
    const key = fc.constantFrom(...CONDITION_NAMES, 'vlan', 'sessionTimeout', 'acl');
    let taken = 0;
    fc.assert(
      fc.property(key, scalar, (name, value) => {
        const isOfRole = !(CONDITION_NAMES as readonly string[]).includes(name);
        const rule = isOfRole ? '' : `  - name: r\n    when:\n      ${name}: ${value}\n    permit: a\n`;
        const role = isOfRole && name !== 'vlan' ? `    ${name}: ${value}\n` : '';
        const text = `roles:\n  a:\n    vlan: ${name === 'vlan' ? value : 1}\n${role}rules:\n${rule}  - name: z\n    permit: a\n`;
        if (!isTaken(text)) return;
        taken += 1;
        expect(refusals(text), text).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
    expect(taken).toBeGreaterThan(30);
  });
});
