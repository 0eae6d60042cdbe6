// sources.yaml, key by key: what each becomes, and what is said where it is wrong.

import { describe, expect, test } from 'vitest';
import { MOST_SOURCES, readSources } from '../../../../shared/adapters/yaml/read-sources.ts';
import type { SourceDefinition } from '../../../../shared/domain/source/source-definition.ts';
import { SourcesError } from '../../../../shared/errors.ts';
import { HOME_CLIENT, HOME_TENANT, SOURCE_DEFAULTS } from '../../../support/source-defaults.ts';

const TENANT = '11111111-2222-3333-4444-555555555555';
const CLIENT = '66666666-7777-8888-9999-aaaaaaaaaaaa';
const MINUTE_MS = 60_000;
const SITES = new Set(['hq', 'branch']);

const INTUNE = { name: 'emea', kind: 'intune', tenantId: TENANT, signIn: { federated: CLIENT } };
const ENTRA = { name: 'entra', kind: 'entra', signIn: 'settings' };
const MDM = {
  name: 'meraki',
  kind: 'cisco-mdm',
  preset: 'meraki-systems-manager',
  address: 'https://mdm.example:8443/base',
  usernameSetting: 'SOURCE_MERAKI_USERNAME',
  passwordSetting: 'SOURCE_MERAKI_PASSWORD',
};

function read(text: string): readonly SourceDefinition[] {
  return readSources(text, { defaults: SOURCE_DEFAULTS, sites: SITES });
}

/** JSON is YAML. */
function one(entry: object): SourceDefinition | undefined {
  return read(JSON.stringify({ sources: [entry] }))[0];
}

function problems(text: string): string[] {
  try {
    read(text);
    return [];
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(SourcesError);
    return (thrown as SourcesError).problems.map(({ path, problem }) => `${path}: ${problem}`);
  }
}

function problemsOf(...entries: readonly object[]): string[] {
  return problems(JSON.stringify({ sources: entries }));
}

describe('a source of kind intune', () => {
  test('leaves to the settings what it does not say', () => {
    expect(one({ name: 'intune', kind: 'intune', signIn: 'settings' })).toEqual({
      name: 'intune',
      kind: 'intune',
      connection: {
        tenantId: HOME_TENANT,
        clientId: HOME_CLIENT,
        cloud: 'Public',
        signIn: { kind: 'settings' },
      },
      permissions: 'full',
      deviceDelta: false,
      pollingIntervalMs: 120 * MINUTE_MS,
      massChange: { share: 0.1, least: 50 },
    });
  });

  test('has every key', () => {
    const definition = one({
      ...INTUNE,
      tenantId: TENANT.toUpperCase(),
      clientId: CLIENT.toUpperCase(),
      cloud: 'USGov',
      signIn: {
        certificateSetting: ['SOURCE_EMEA_CERTIFICATE', 'SOURCE_EMEA_CERTIFICATE_2'],
        passwordSetting: 'SOURCE_EMEA_CERTIFICATE_PASSWORD',
      },
      permissions: 'compliance-only',
      deviceDelta: true,
      pollingInterval: 30,
      massChange: { percent: 5, devices: 7 },
      precedence: 3,
      sites: ['hq', 'branch'],
    });
    expect(definition).toEqual({
      name: 'emea',
      kind: 'intune',
      connection: {
        tenantId: TENANT,
        clientId: CLIENT,
        cloud: 'USGov',
        signIn: {
          kind: 'certificate',
          certificateSettings: ['SOURCE_EMEA_CERTIFICATE', 'SOURCE_EMEA_CERTIFICATE_2'],
          passwordSetting: 'SOURCE_EMEA_CERTIFICATE_PASSWORD',
        },
      },
      permissions: 'compliance-only',
      deviceDelta: true,
      pollingIntervalMs: 30 * MINUTE_MS,
      massChange: { share: 0.05, least: 7 },
      precedence: 3,
      sites: ['hq', 'branch'],
    });
  });

  test.each([
    [{ secretSetting: 'SOURCE_X_SECRET' }, { kind: 'secret', secretSetting: 'SOURCE_X_SECRET' }],
    [{ secretSetting: 'ENTRA_CLIENT_SECRET' }, { kind: 'secret', secretSetting: 'ENTRA_CLIENT_SECRET' }],
    [
      { certificateSetting: 'SOURCE_X_CERTIFICATE' },
      { kind: 'certificate', certificateSettings: ['SOURCE_X_CERTIFICATE'] },
    ],
    [{ federated: CLIENT.toUpperCase() }, { kind: 'federated', homeClientId: CLIENT }],
  ])('signs in by %j', (signIn, expected) => {
    expect(one({ ...INTUNE, signIn })?.connection).toMatchObject({ signIn: expected });
  });
});

test('a source of kind entra asks every 15 minutes, for devices alone unless it says more', () => {
  expect(one(ENTRA)).toMatchObject({ kind: 'entra', users: false, groups: [], pollingIntervalMs: 15 * MINUTE_MS });
  expect(one({ ...ENTRA, users: true, groups: CLIENT.toUpperCase(), pollingInterval: '90s' })).toMatchObject({
    users: true,
    groups: [CLIENT],
    pollingIntervalMs: 90_000,
  });
});

test('a source of kind cisco-mdm has preset, address, instance and account', () => {
  expect(one(MDM)).toEqual({
    name: 'meraki',
    kind: 'cisco-mdm',
    connection: {
      preset: 'meraki-systems-manager',
      address: 'https://mdm.example:8443/base',
      usernameSetting: 'SOURCE_MERAKI_USERNAME',
      passwordSetting: 'SOURCE_MERAKI_PASSWORD',
    },
    listsAll: false,
    pollingIntervalMs: 15 * MINUTE_MS,
    massChange: { share: 0.1, least: 50 },
  });
  expect(one({ ...MDM, address: 'https://mdm.example/', instance: 'c-1', listsAll: true })).toMatchObject({
    connection: { address: 'https://mdm.example', instance: 'c-1' },
    listsAll: true,
  });
});

describe('all problems come at once', () => {
  test('each with line and column, in the order of the file', () => {
    const text = [
      'sources:',
      '  - name: Intune',
      '    kind: jamf',
      '  - name: meraki',
      '    kind: cisco-mdm',
      '    address: http://mdm.example',
      '    usernameSetting: SOURCE_A_USERNAME',
      '    colour: red',
    ].join('\n');
    try {
      read(text);
      expect.unreachable();
    } catch (thrown) {
      const { problems: found, message } = thrown as SourcesError;
      expect(found.map(({ line, column, path }) => `${line}:${column} ${path}`)).toEqual([
        '2:11 sources[0].name',
        '3:11 sources[0].kind',
        '4:5 sources[1].preset',
        '4:5 sources[1].passwordSetting',
        '6:14 sources[1].address',
        '8:5 sources[1].colour',
      ]);
      expect(message).toContain('sources.yaml:3:11 sources[0].kind: must be one of intune, entra, cisco-mdm.');
      expect(thrown).toMatchObject({ code: 'NAC_SOURCES', status: 400, field: 'sources' });
    }
  });

  test.each<[string, object, RegExp]>([
    ['no name', { ...ENTRA, name: undefined }, /^sources\[0\]\.name: is missing/],
    ['a name with blanks', { ...ENTRA, name: 'a b' }, /\.name: must be up to 31 lower-case letters/],
    ['a name that is a number', { ...ENTRA, name: 7 }, /\.name: must be up to 31/],
    ['a long name', { ...ENTRA, name: 'a'.repeat(32) }, /\.name: must be up to 31/],
    ["Intune's name for another", { ...ENTRA, name: 'intune' }, /\.name: is the name that certificates give Intune/],
    ['no kind', { ...ENTRA, kind: undefined }, /\.kind: is missing: enter one of intune, entra, cisco-mdm/],
    ['no sign-in', { ...INTUNE, signIn: undefined }, /\.signIn: is missing/],
    ['another word as sign-in', { ...INTUNE, signIn: 'secret' }, /\.signIn: must be `settings`, or have one of/],
    ['two ways to sign in', { ...INTUNE, signIn: { federated: CLIENT, secretSetting: 'SOURCE_X_SECRET' } }, /one of/],
    ['no way to sign in', { ...INTUNE, signIn: {} }, /\.signIn: must be `settings`, or have one of/],
    ['a password alone', { ...INTUNE, signIn: { passwordSetting: 'SOURCE_X_CERTIFICATE_PASSWORD' } }, /name that too/],
    ['no tenant', { ...INTUNE, tenantId: undefined }, /\.tenantId: is missing/],
    ['a tenant by its domain', { ...INTUNE, tenantId: 'contoso.com' }, /\.tenantId: must be a GUID/],
    ['a client beside the federated one', { ...INTUNE, clientId: CLIENT }, /\.clientId: is that under `federated`/],
    ['a tenant beside the settings', { ...ENTRA, tenantId: TENANT }, /\.tenantId: is as the settings say/],
    ['a cloud beside the settings', { ...ENTRA, cloud: 'China' }, /\.cloud: is as the settings say/],
    ['a cloud that is not there', { ...INTUNE, cloud: 'Germany' }, /\.cloud: must be one of Public, USGov/],
    [
      'three certificates',
      { ...INTUNE, signIn: { certificateSetting: [1, 2, 3].map((n) => `SOURCE_${n}_CERTIFICATE`) } },
      /certificateSetting: must have 1 to 2 values/,
    ],
    [
      'the same certificate twice',
      { ...INTUNE, signIn: { certificateSetting: ['SOURCE_X_CERTIFICATE', 'SOURCE_X_CERTIFICATE'] } },
      /names the same setting twice/,
    ],
    ['a key of another kind', { ...ENTRA, permissions: 'full' }, /\.permissions: is nothing that .* entra has/],
    ['permissions that are not there', { ...INTUNE, permissions: 'all' }, /must be one of full, compliance-only/],
    ['a group by its name', { ...ENTRA, groups: ['Staff'] }, /groups\[0\]: must be a GUID/],
    [
      '21 groups',
      { ...ENTRA, groups: Array.from({ length: 21 }, (_, n) => CLIENT.replace(/..$/, String(n + 10))) },
      /1 to 20/,
    ],
    ['no preset', { ...MDM, preset: undefined }, /\.preset: is missing/],
    ['a preset that is not there', { ...MDM, preset: 'jamf' }, /\.preset: must be one of meraki-systems-manager/],
    ['no address', { ...MDM, address: undefined }, /\.address: is missing/],
    [
      'no account',
      { ...MDM, usernameSetting: undefined },
      /\.usernameSetting: is missing: enter the name of a setting/,
    ],
    ['an instance that is a path', { ...MDM, instance: 'a/b' }, /\.instance: must be one part of a path/],
    ['an instance above', { ...MDM, instance: '..' }, /\.instance: must be one part of a path/],
    ['a short interval', { ...MDM, pollingInterval: '9s' }, /must be a time from 10s to 1d/],
    ['a long interval', { ...ENTRA, pollingInterval: '25h' }, /must be a time from 1s to 1d/],
    ['an interval that is no time', { ...ENTRA, pollingInterval: 'PT5M' }, /must be a time from/],
    [
      'a breaker that holds nothing',
      { ...ENTRA, massChange: { percent: 0 } },
      /percent: must be a whole number from 1 to 100/,
    ],
    ['a breaker with another key', { ...ENTRA, massChange: { share: 1 } }, /massChange\.share: is not known here/],
    ['a negative precedence', { ...ENTRA, precedence: -1 }, /precedence: must be a whole number from 0 to 1000/],
    ['no site', { ...ENTRA, sites: [] }, /sites: must have 1 to 500 values/],
    ['a site without a client', { ...ENTRA, sites: ['hq', 'moon'] }, /sites\[1\]: is a site without any client/],
    ['a site twice', { ...ENTRA, sites: ['hq', 'hq'] }, /sites\[1\]: stands there twice/],
    ['a site in capitals', { ...ENTRA, sites: ['HQ'] }, /sites\[0\]: is no site/],
  ])('%s', (_what, entry, expected) => {
    const found = problemsOf(entry);
    expect(found).toContainEqual(expect.stringMatching(expected));
  });

  test.each([
    'http://mdm.example',
    'HTTPS://mdm.example',
    'https://olga:hunter2@mdm.example',
    'https://mdm.example?key=hunter2',
    'https://mdm.example/#hunter2',
    'https://mdm.example/a/../b c',
    'https:mdm.example',
    'https://mdm.example\\evil.example',
    'https://mdm.example:99999',
    'https://-mdm.example',
    'https://[::1]/',
    `https://mdm.example/${'a'.repeat(512)}`,
    '//mdm.example',
    'mdm.example',
  ])('the address %s', (address) => {
    const found = problemsOf({ ...MDM, address });
    expect(found).toEqual([expect.stringMatching(/^sources\[0\]\.address: must be https:\/\/host/)]);
    expect(found.join()).not.toContain('hunter2');
  });

  test('two of one name, and two that ask the same', () => {
    expect(problemsOf(ENTRA, { ...MDM, name: 'entra' })).toEqual([
      'sources[1].name: is the second source named "entra": each has a name of its own.',
    ]);
    expect(problemsOf(INTUNE, { ...INTUNE, name: 'again', sites: ['hq'] })).toEqual([
      'sources[1]: asks what "emea" asks: remove one of the two.',
    ]);
    expect(problemsOf(MDM, { ...MDM, name: 'again', address: 'https://MDM.example:8443/base/' })).toHaveLength(1);
    expect(problemsOf(MDM, { ...MDM, name: 'other', instance: 'b' })).toEqual([]);
    expect(problemsOf(INTUNE, { ...ENTRA, tenantId: TENANT, signIn: { federated: CLIENT } })).toEqual([]);
  });

  test('an empty file, no list, too many sources, too many characters', () => {
    expect(problems('')).toEqual(['sources: is missing: enter at least one source.']);
    expect(problems('sources: []')).toEqual(['sources: is missing: enter at least one source.']);
    expect(problems('sources: intune')).toContainEqual(expect.stringContaining('must be a list'));
    const many = Array.from({ length: MOST_SOURCES + 1 }, (_, n) => ({ ...MDM, name: `m${n}`, instance: `i${n}` }));
    expect(problemsOf(...many)).toEqual([`sources: has more than ${MOST_SOURCES} sources.`]);
    expect(problemsOf(...many.slice(1))).toEqual([]);
    expect(problems(`# ${'x'.repeat(100_000)}`)).toEqual([': has more than 100000 characters.']);
  });

  test.each([
    ['an alias', 'sources: [{ name: &a entra, kind: entra, signIn: settings }, *a ]', 'is an alias'],
    ['a key twice', 'sources: [{ name: entra, kind: entra, kind: entra, signIn: settings }]', 'must be unique'],
    ['a second document', 'sources: [{ name: entra, kind: entra, signIn: settings }]\n---\nx: 1', 'second document'],
    ['a merge', 'sources: [{ <<: { name: entra }, kind: entra, signIn: settings }]', 'is not known here'],
    ['a key without a value', 'sources: [{ name: entra, kind: entra, signIn: settings, users: }]', 'is empty'],
    ['a bracket too few', 'sources: [{ name: entra', 'a bracket before it is not closed'],
  ])('%s', (_what, text, expected) => {
    expect(problems(text)).toContainEqual(expect.stringContaining(expected));
  });
});

describe('settings that may be named', () => {
  const named = (key: 'usernameSetting' | 'passwordSetting', name: string) => problemsOf({ ...MDM, [key]: name });

  test.each([
    'StorageConnection',
    'ServiceBusConnection',
    'AzureWebJobsStorage',
    'LOG_IDENTITY_KEY',
    'HTTPS_PROXY',
    'APPLICATIONINSIGHTS_CONNECTION_STRING',
    'IDENTITY_HEADER',
    'ENTRA_CLIENT_SECRET',
    'ENTRA_CLIENT_CERTIFICATE',
    'ENTRA_CLIENT_CERTIFICATE_PASSWORD',
    'SOURCE_EMEA_SECRET',
    'SOURCE_EMEA_CERTIFICATE',
    'SOURCE_EMEA_CERTIFICATE_PASSWORD',
    'SOURCE__CERTIFICATE_PASSWORD',
    'SOURCE_PASSWORD',
    'source_meraki_password',
    'SOURCE_A-B_PASSWORD',
    'constructor',
  ])('%s is never sent to an MDM server', (name) => {
    expect(named('passwordSetting', name)).toEqual([expect.stringContaining('must be the name of an application')]);
    expect(named('usernameSetting', name)).toHaveLength(1);
  });

  test('the account of the MDM_* settings goes to their server alone', () => {
    const account = { usernameSetting: 'MDM_USERNAME', passwordSetting: 'MDM_PASSWORD' };
    expect(problemsOf({ ...MDM, ...account, address: 'https://mdm.example/' })).toEqual([]);
    expect(problemsOf({ ...MDM, ...account, address: 'https://mdm.evil.example' })).toHaveLength(2);
  });

  test('an account of an MDM server signs in to no tenant', () => {
    expect(problemsOf({ ...INTUNE, signIn: { secretSetting: 'SOURCE_MERAKI_PASSWORD' } })).toHaveLength(1);
    expect(problemsOf({ ...INTUNE, signIn: { secretSetting: 'StorageConnection' } })).toHaveLength(1);
  });
});

test.each(['name: !secret meraki', 'name: ! meraki', '!key name: meraki', '!mine { name: meraki }'])(
  'a tag of a program’s own is refused, and not shown: %s',
  (entry) => {
    const found = problems(`sources:\n  - ${entry}\n`).filter((problem) => problem.includes('tag'));
    expect(found).toEqual([
      expect.stringMatching(/^sources\[0\](?:\.name)?: has a tag \(`!`\): write the value alone\.$/),
    ]);
  },
);
