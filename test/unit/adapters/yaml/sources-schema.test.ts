// The JSON schema of sources.yaml, its samples and its page agree with the reader.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { KEYS, readSources } from '../../../../shared/adapters/yaml/read-sources.ts';
import { sourcesSchema } from '../../../../shared/adapters/yaml/sources-schema.ts';
import { SOURCE_KINDS } from '../../../../shared/domain/source/source-definition.ts';
import { SourcesError } from '../../../../shared/errors.ts';
import { SOURCE_DEFAULTS } from '../../../support/source-defaults.ts';

/** The part of ajv that is used here; its CommonJS module is loaded as such. */
type Ajv = new (
  options: Readonly<Record<string, boolean>>,
) => {
  compile(schema: object): ((value: unknown) => boolean) & { readonly errors?: unknown };
};
const { Ajv2020 }: { readonly Ajv2020: Ajv } = createRequire(import.meta.url)('ajv/dist/2020.js');

function file(path: string): string {
  return readFileSync(join(import.meta.dirname, '../../../..', path), 'utf8');
}

const schema = JSON.parse(file('infra/sources.schema.json'));
const fits = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema);

test('infra/sources.schema.json is what `npm run schema` writes', () => {
  expect(schema).toEqual(JSON.parse(JSON.stringify(sourcesSchema())));
});

describe.each(['infra/sources.yaml', 'infra/sources.examples.yaml'])('%s', (path) => {
  test('is taken by the reader and by the schema', () => {
    expect(readSources(file(path), { defaults: SOURCE_DEFAULTS }).length).toBeGreaterThan(1);
    expect(fits(parse(file(path))), JSON.stringify(fits.errors)).toBe(true);
  });
});

test('infra/sources.examples.yaml has every key of every kind', () => {
  const { sources }: { readonly sources: readonly Readonly<Record<string, unknown>>[] } = parse(
    file('infra/sources.examples.yaml'),
  );
  const used = new Set(sources.flatMap((source) => Object.keys(source)));
  expect([...used].toSorted()).toEqual([...new Set(Object.values(KEYS).flat())].toSorted());
  expect(new Set(sources.map(({ kind }) => kind))).toEqual(new Set(SOURCE_KINDS));
});

test('docs/sources/sources-yaml.md describes every key', () => {
  const described = [...file('docs/sources/sources-yaml.md').matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  expect(described).toEqual(expect.arrayContaining([...new Set(Object.values(KEYS).flat())]));
});

const ID = '0f8fad5b-d9cb-469f-a165-70867728950e';
const nothing = fc.constantFrom(null, '', [], {}, 'x', 1, true);
const mostly = (arbitrary: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 9, arbitrary }, { weight: 1, arbitrary: nothing });
const oneOrMany = (item: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof(item, fc.uniqueArray(item, { maxLength: 3 }));
const guid = fc.constantFrom(ID, ID.toUpperCase(), ` ${ID}`, `${ID}0`);
const setting = (end: string): fc.Arbitrary<string> =>
  fc.constantFrom(`SOURCE_A_${end}`, `SOURCE_${end}`, `source_a_${end}`, `SOURCE_A_${end}_2`, 'MDM_PASSWORD');

const VALUES = {
  name: fc.constantFrom('intune', 'emea', 'meraki-2', 'Emea', '2emea', 'a'.repeat(31), 'a'.repeat(32)),
  pollingInterval: fc.constantFrom('15m', 15, 1.5, '90 s', '1H', '2d', '1e3', 0, -1, '30S '),
  massChange: fc.record(
    { percent: fc.constantFrom(1, 100, 101, 1.5), devices: fc.constantFrom(1, 50, 0), share: fc.constant(1) },
    { requiredKeys: [] },
  ),
  precedence: fc.constantFrom(0, 1, 1000, 1001, 1.5, '1'),
  sites: oneOrMany(fc.constantFrom('hq', 'branch-2', 7, 'HQ', '')),
  tenantId: guid,
  clientId: guid,
  cloud: fc.constantFrom('Public', 'China', 'public'),
  signIn: fc.oneof(
    fc.constant('settings'),
    fc.record(
      {
        certificateSetting: oneOrMany(setting('CERTIFICATE')),
        passwordSetting: setting('CERTIFICATE_PASSWORD'),
        secretSetting: setting('SECRET'),
        federated: guid,
      },
      { requiredKeys: [] },
    ),
  ),
  permissions: fc.constantFrom('full', 'compliance-only', 'Full'),
  deviceDelta: fc.constantFrom(true, false, 'true'),
  users: fc.constantFrom(true, false, 'yes'),
  groups: oneOrMany(guid),
  preset: fc.constantFrom('generic', 'ivanti-neurons', 'jamf'),
  address: fc.constantFrom('https://mdm.example', 'https://mdm.example:8443/a/', 'http://mdm.example', 'https://a@b'),
  instance: fc.constantFrom('a', 'a-1', 7, '..', 'a/b'),
  usernameSetting: setting('USERNAME'),
  passwordSetting: setting('PASSWORD'),
  listsAll: fc.constantFrom(true, false, 1),
} as const satisfies Record<Exclude<(typeof KEYS)[keyof typeof KEYS][number], 'kind'>, fc.Arbitrary<unknown>>;

const NEEDED = {
  intune: ['name', 'signIn'],
  entra: ['name', 'signIn'],
  'cisco-mdm': ['name', 'preset', 'address', 'usernameSetting', 'passwordSetting'],
} as const;

const entry = fc.constantFrom(...SOURCE_KINDS).chain((kind) => {
  const keys = fc.uniqueArray(fc.constantFrom(...KEYS[kind].filter((key) => key !== 'kind')), { maxLength: 4 });
  return keys.chain((chosen) => {
    const all = [...new Set<keyof typeof VALUES>([...NEEDED[kind], ...chosen])];
    return fc.record({
      kind: fc.constant(kind),
      ...Object.fromEntries(all.map((key) => [key, mostly(VALUES[key])])),
    });
  });
});

test('the schema takes what the reader takes', () => {
  let taken = 0;
  fc.assert(
    fc.property(entry, (source) => {
      const text = JSON.stringify({ sources: [source] });
      try {
        readSources(text, { defaults: { ...SOURCE_DEFAULTS, mdmAddress: 'unknown' } });
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(SourcesError);
        return;
      }
      taken += 1;
      expect(fits(JSON.parse(text)), `${text} ${JSON.stringify(fits.errors)}`).toBe(true);
    }),
    { numRuns: 5_000 },
  );
  expect(taken).toBeGreaterThan(200);
});
