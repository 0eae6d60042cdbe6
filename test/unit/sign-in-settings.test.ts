// The settings by which the connector signs in to Entra.

import { describe, expect, test } from 'vitest';
import { NATIONAL_CLOUD_NAMES } from '../../shared/domain/national-cloud-name.ts';
import { SettingsError } from '../../shared/errors.ts';
import { readSettings } from '../../shared/settings.ts';

const CLIENT = '7c9e6679-7425-40de-944b-e07fc1f90ae7';
const BARE = {
  ENTRA_TENANT_ID: '0f8fad5b-d9cb-469f-a165-70867728950e',
  ENTRA_CLIENT_ID: CLIENT,
  StorageConnection__tableServiceUri: 'https://nac.table.core.windows.net',
};
const WITH_SECRET = { ...BARE, ENTRA_CLIENT_SECRET: 'the-secret-value' };

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    readSettings(env);
  } catch (thrown) {
    if (thrown instanceof SettingsError) return thrown.problems;
    throw thrown;
  }
  return [];
}

describe('the credential', () => {
  const credentialOf = (env: Record<string, string>) => readSettings({ ...BARE, ...env }).entra.credential;

  test('may be several certificates at once, as text and as files, with one password', () => {
    expect(
      credentialOf({
        ENTRA_CLIENT_CERTIFICATE: 'MIIK',
        ENTRA_CLIENT_CERTIFICATE_2: '-----BEGIN',
        ENTRA_CLIENT_CERTIFICATE_FILE: '/run/a.pem',
        ENTRA_CLIENT_CERTIFICATE_FILE_2: '/run/b.pfx',
        ENTRA_CLIENT_CERTIFICATE_PASSWORD: 'pw',
      }),
    ).toEqual({
      kind: 'certificates',
      certificates: [
        { setting: 'ENTRA_CLIENT_CERTIFICATE', text: 'MIIK' },
        { setting: 'ENTRA_CLIENT_CERTIFICATE_2', text: '-----BEGIN' },
        { setting: 'ENTRA_CLIENT_CERTIFICATE_FILE', file: '/run/a.pem' },
        { setting: 'ENTRA_CLIENT_CERTIFICATE_FILE_2', file: '/run/b.pfx' },
      ],
      password: 'pw',
    });
  });

  test('may be a managed identity, whose audience is the cloud’s', () => {
    const audienceIn = (cloud: string) =>
      credentialOf({ ENTRA_MANAGED_IDENTITY_CLIENT_ID: CLIENT.toUpperCase(), ENTRA_CLOUD: cloud });
    expect(audienceIn('Public')).toEqual({
      kind: 'managed-identity',
      clientId: CLIENT,
      audience: 'api://AzureADTokenExchange',
    });
    expect(audienceIn('USGovDoD')).toMatchObject({ audience: 'api://AzureADTokenExchangeUSGov' });
    expect(audienceIn('China')).toMatchObject({ audience: 'api://AzureADTokenExchangeChina' });
  });

  test('is of one kind: none, or two of them, is one problem', () => {
    const secret = { ENTRA_CLIENT_SECRET: 's' };
    const certificate = { ENTRA_CLIENT_CERTIFICATE_FILE: '/a.pem' };
    const identity = { ENTRA_MANAGED_IDENTITY_CLIENT_ID: CLIENT };
    for (const given of [
      {},
      { ...secret, ...certificate },
      { ...secret, ...identity },
      { ...certificate, ...identity },
    ])
      expect(problemsOf({ ...BARE, ...given })).toEqual([expect.stringContaining('ENTRA_CLIENT_CERTIFICATE')]);
  });

  test.each([
    ['ENTRA_CLIENT_CERTIFICATE', BARE],
    ['ENTRA_CLIENT_CERTIFICATE_2', { ...BARE, ENTRA_CLIENT_CERTIFICATE: 'PEM' }],
    ['ENTRA_CLIENT_CERTIFICATE_PASSWORD', { ...BARE, ENTRA_CLIENT_CERTIFICATE: 'PEM' }],
    ['ENTRA_CLIENT_SECRET', BARE],
    ['HTTPS_PROXY', WITH_SECRET],
    ['LOG_IDENTITY_KEY', WITH_SECRET],
  ])('%s as a unresolved Key Vault reference is a problem, never a value', (name, others) => {
    const reference = '@Microsoft.KeyVault(SecretUri=https://nac.vault.azure.net/secrets/entra/)';
    expect(problemsOf({ ...others, [name]: reference })).toEqual([
      expect.stringMatching(new RegExp(`^${name} is a Key Vault reference.*Key Vault Secrets User`)),
    ]);
  });

  test('as a secret may say when it ends', () => {
    const expiring = (date: string) => ({ ...WITH_SECRET, ENTRA_CLIENT_SECRET_EXPIRES: date });
    expect(readSettings(expiring('2027-03-31')).entra.credential).toMatchObject({
      expiresAt: '2027-03-31T00:00:00.000Z',
    });
    for (const bad of ['soon', '31.03.2027', '2027-13-01'])
      expect(problemsOf(expiring(bad))).toEqual([expect.stringContaining('ENTRA_CLIENT_SECRET_EXPIRES')]);
  });
});

describe('the cloud', () => {
  test.each([
    ['public', 'https://login.microsoftonline.com', 'https://graph.microsoft.com', 'https://api.manage.microsoft.com/'],
    ['USGov', 'https://login.microsoftonline.us', 'https://graph.microsoft.us', 'https://api.manage.microsoft.us/'],
    [
      'usgovdod',
      'https://login.microsoftonline.us',
      'https://dod-graph.microsoft.us',
      'https://api.manage.microsoft.us/',
    ],
    [
      'China',
      'https://login.chinacloudapi.cn',
      'https://microsoftgraph.chinacloudapi.cn',
      'https://api.manage.microsoft.cn/',
    ],
  ])('%s sets every address', (cloud, authorityHost, graphEndpoint, intuneAudience) => {
    const settings = readSettings({ ...WITH_SECRET, ENTRA_CLOUD: cloud });
    expect(settings).toMatchObject({ entra: { authorityHost }, graphEndpoint, intuneAudience });
  });

  test('is one of those there are', () => {
    expect(problemsOf({ ...WITH_SECRET, ENTRA_CLOUD: 'Germany' })).toEqual([
      `ENTRA_CLOUD must be one of ${NATIONAL_CLOUD_NAMES.join(', ')}`,
    ]);
  });

  test('gives way to each address that is set on its own', () => {
    const settings = readSettings({
      ...BARE,
      ENTRA_MANAGED_IDENTITY_CLIENT_ID: CLIENT,
      ENTRA_CLOUD: 'China',
      ENTRA_AUTHORITY_HOST: 'https://login.partner.microsoftonline.cn/',
      GRAPH_ENDPOINT: 'https://graph.example.cn',
      INTUNE_AUDIENCE: 'https://intune.example.cn',
      ENTRA_FEDERATED_AUDIENCE: 'api://example',
    });
    expect(settings).toMatchObject({
      entra: { authorityHost: 'https://login.partner.microsoftonline.cn', credential: { audience: 'api://example' } },
      graphEndpoint: 'https://graph.example.cn',
      intuneAudience: 'https://intune.example.cn/',
    });
  });

  test.each([
    'https://api.manage.microsoft.com',
    'https://api.manage.microsoft.com/',
    'https://api.manage.microsoft.com//.default',
    'https://api.manage.microsoft.com/.default',
  ])('Intune’s audience may be written as %s', (audience) => {
    const { intuneAudience } = readSettings({ ...WITH_SECRET, INTUNE_AUDIENCE: audience });
    expect(intuneAudience).toBe('https://api.manage.microsoft.com/');
  });
});

describe('retired endpoints are refused, and what replaced them is named', () => {
  test.each([
    ['GRAPH_ENDPOINT', 'https://graph.windows.net/47f09275-5bc0-4807-8aae-f35cb0341329', 'https://graph.microsoft.com'],
    ['GRAPH_ENDPOINT', 'https://graph.windows.net', 'https://graph.microsoft.com'],
    ['GRAPH_ENDPOINT', 'https://graph.chinacloudapi.cn', 'https://microsoftgraph.chinacloudapi.cn'],
    ['INTUNE_AUDIENCE', '00000002-0000-0000-c000-000000000000', 'https://graph.microsoft.com'],
    ['INTUNE_AUDIENCE', 'https://fef.amsua0102.manage.microsoft.com/StatelessNACService', 'Compliance Retrieval'],
    ['INTUNE_AUDIENCE', 'https://fef.msua06.manage.microsoft.com', 'https://api.manage.microsoft.com/'],
    ['GRAPH_ENDPOINT', 'https://fef.msua06.manage.microsoft.com/TrafficGateway', 'found through Microsoft Graph'],
    ['ENTRA_AUTHORITY_HOST', 'https://login.windows.net', 'https://login.microsoftonline.com'],
    ['ENTRA_AUTHORITY_HOST', 'https://login.microsoftonline.de', 'ENTRA_CLOUD=Public'],
  ])('%s=%s', (setting, value, replacement) => {
    const problems = problemsOf({ ...WITH_SECRET, [setting]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${setting} `));
    expect(problems[0]).toContain(replacement);
  });

  test('the whole token address of older instructions is shortened to its host', () => {
    const value = 'https://login.microsoftonline.com/0f8fad5b-d9cb-469f-a165-70867728950e/oauth2/v2.0/token';
    expect(problemsOf({ ...WITH_SECRET, ENTRA_AUTHORITY_HOST: value })[0]).toMatch(
      /host alone.*https:\/\/login\.microsoftonline\.com$/,
    );
  });
});

describe('the way to Microsoft', () => {
  const networkOf = (env: Record<string, string>) => readSettings({ ...WITH_SECRET, ...env }).network;

  test('may lead through a proxy, past which some hosts are reached', () => {
    expect(networkOf({ HTTPS_PROXY: 'http://nac:pw@proxy:3128', NO_PROXY: 'login.example,.corp' }).proxy).toEqual({
      url: 'http://nac:pw@proxy:3128',
      bypass: 'login.example,.corp',
    });
    expect(networkOf({ NO_PROXY: 'x' }).proxy).toBeUndefined();
  });

  test('a proxy that is none is refused without showing its password', () => {
    const [problem] = problemsOf({ ...WITH_SECRET, HTTPS_PROXY: 'socks5://nac:hidden@proxy' });
    expect(problem).toContain('HTTPS_PROXY');
    expect(problem).not.toContain('hidden');
  });

  test('has deadlines, and a proxy’s own certificate authority', () => {
    expect(
      networkOf({ HTTPS_CONNECT_TIMEOUT: '3', HTTPS_READ_TIMEOUT: '1500ms', EXTRA_CA_FILE: '/etc/ssl/proxy.pem' }),
    ).toEqual({ connectTimeoutMs: 3000, readTimeoutMs: 1500, extraCaFile: '/etc/ssl/proxy.pem' });
    for (const bad of ['0', '2h', 'never'])
      expect(problemsOf({ ...WITH_SECRET, HTTPS_READ_TIMEOUT: bad })).toEqual([
        expect.stringContaining('HTTPS_READ_TIMEOUT'),
      ]);
  });
});

test('hosts of Intune’s services are a list of names', () => {
  const hostsOf = (value: string) => readSettings({ ...WITH_SECRET, INTUNE_SERVICE_HOSTS: value }).intuneServiceHosts;
  expect(hostsOf('Manage.Example.com , localhost')).toEqual(['manage.example.com', 'localhost']);
  for (const bad of ['https://manage.microsoft.com', ',', '*.example.com'])
    expect(problemsOf({ ...WITH_SECRET, INTUNE_SERVICE_HOSTS: bad })).toHaveLength(1);
});
