// Settings: defaults, forms, and every problem at once.

import { describe, expect, test } from 'vitest';
import { parseNcrontab } from '../../local/functions-host/ncrontab.ts';
import { SettingsError } from '../../shared/errors.ts';
import { PRIVACY_MODES } from '../../shared/ports/privacy-mode.ts';
import { SETTINGS, type SettingDescription } from '../../shared/settings/settings-table.ts';
import { readSettings } from '../../shared/settings.ts';

const TENANT = '0f8fad5b-d9cb-469f-a165-70867728950e';
const CLIENT = '7c9e6679-7425-40de-944b-e07fc1f90ae7';
/** The fewest settings with which the product starts. */
const LEAST = {
  ENTRA_TENANT_ID: TENANT,
  ENTRA_CLIENT_ID: CLIENT,
  ENTRA_CLIENT_SECRET: 'the-secret-value',
  StorageConnection__tableServiceUri: 'https://nac.table.core.windows.net',
};

const { StorageConnection__tableServiceUri: _uri, ...WITHOUT_STORAGE } = LEAST;

const readWith = (env: Record<string, string | undefined>) => readSettings({ ...LEAST, ...env });

function refusal(env: Record<string, string | undefined>): SettingsError {
  try {
    readSettings(env);
  } catch (thrown) {
    if (thrown instanceof SettingsError) return thrown;
    throw thrown;
  }
  throw new Error('the settings were accepted');
}

function expectRefused(name: string, value: string): void {
  const { problems } = refusal({ ...LEAST, [name]: value });
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(name);
}

test('the fewest settings are enough; everything else has its default', () => {
  expect(readSettings(LEAST)).toEqual({
    entra: {
      cloud: 'Public',
      tenantId: TENANT,
      clientId: CLIENT,
      credential: { kind: 'secret', secret: 'the-secret-value' },
      authorityHost: 'https://login.microsoftonline.com',
    },
    graphEndpoint: 'https://graph.microsoft.com',
    intuneAudience: 'https://api.manage.microsoft.com/',
    intuneServiceHosts: ['manage.microsoft.com', 'manage.microsoft.us', 'manage.microsoft.cn'],
    network: { connectTimeoutMs: 10_000, readTimeoutMs: 30_000 },
    storage: { kind: 'managed-identity', tableServiceUri: 'https://nac.table.core.windows.net' },
    pollingIntervalMs: 7_200_000,
    changedDevicesIntervalMs: 60_000,
    entraDeviceDelta: false,
    hardwareMaxAgeMs: 604_800_000,
    fastLaneMs: 900_000,
    compliantStates: ['compliant', 'inGracePeriod'],
    mdmApi: {
      compliantStates: ['compliant', 'inGracePeriod'],
      enrolmentUrl: 'https://portal.manage.microsoft.com/',
    },
    maxCheckInAgeMs: 2_592_000_000,
    massChange: { share: 0.1, least: 50 },
    pollSchedule: '0 * * * * *',
    compliantRole: { name: 'compliant', vlan: '10', sessionTimeoutSeconds: 28_800 },
    quarantineRole: { name: 'quarantine', vlan: '666', sessionTimeoutSeconds: 1800 },
    weakIdentityRole: { name: 'weak-identity', vlan: '666', sessionTimeoutSeconds: 1800 },
    minimumAssurance: 'certificate-name',
    computerDomains: undefined,
    enforceSchedule: '*/10 * * * * *',
    jobsInFlightPerSite: 20,
    clientRequestsPerSecond: 200,
    auditHistoryMs: 365 * 24 * 60 * 60_000,
    deviceHistoryMs: 90 * 24 * 60 * 60_000,
    decisionHistoryMs: 7 * 24 * 3_600_000,
    intunePermissions: 'full',
    reauthIntervalMs: 7_200_000,
    liveQuery: { deadlineMs: 400, perSecond: 40, maximumInstances: 40 },
    jobHistoryMs: 30 * 24 * 3_600_000,
    housekeepingSchedule: '0 7 * * * *',
    lookupDeadlineMs: 700,
    unwritten: {
      writeDeadlineMs: 1_000,
      permitSeconds: 300,
      unknownStationsPerMinute: 600,
      newSessionsPerMinute: 1_000,
    },
    freshnessObjectiveMs: 14_400_000,
    telemetry: { intervalMs: 300_000 },
    logPrivacy: { mode: 'VendorKeyHashed' },
  });
});

test('a setting that is empty or blank counts as not set', () => {
  const blank = Object.fromEntries(Object.keys(SETTINGS).map((name) => [name, '  ']));
  expect(readSettings({ ...blank, ...LEAST })).toEqual(readSettings(LEAST));
});

test('settings cannot be changed afterwards, however deep', () => {
  const settings = readSettings(LEAST);
  for (const part of [settings, settings.entra, settings.entra.credential, settings.compliantRole, settings.storage]) {
    expect(Object.isFrozen(part)).toBe(true);
  }
});

describe('problems', () => {
  test('are all reported in one message, each with the name of its setting', () => {
    const error = refusal({
      ENTRA_TENANT_ID: 'contoso.onmicrosoft.com',
      GRAPH_ENDPOINT: 'http://graph.microsoft.com',
      POLLING_INTERVAL: 'often',
      POLL_SCHEDULE: '* * * * *',
      COMPLIANT_VLAN: 'two words',
      LOG_IDENTITY_PRIVACY: 'Some',
    });
    const named = [
      'ENTRA_TENANT_ID',
      'ENTRA_CLIENT_ID',
      'ENTRA_CLIENT_SECRET',
      'GRAPH_ENDPOINT',
      'StorageConnection__tableServiceUri',
      'POLLING_INTERVAL',
      'POLL_SCHEDULE',
      'COMPLIANT_VLAN',
      'LOG_IDENTITY_PRIVACY',
    ];
    for (const name of named) expect(error.message).toContain(name);
    expect(error.problems).toHaveLength(named.length);
  });

  test('with no setting at all name what is required, and what it is', () => {
    const { message } = refusal({});
    for (const name of ['ENTRA_TENANT_ID', 'ENTRA_CLIENT_ID', 'ENTRA_CLIENT_CERTIFICATE', 'StorageConnection']) {
      expect(message).toContain(name);
    }
    expect(message).toContain(SETTINGS.ENTRA_TENANT_ID.meaning);
  });

  test('never show a secret, not even one that is itself wrong', () => {
    const secret = 'S3cr3t-do-not-show';
    const names = (Object.entries(SETTINGS) as [string, SettingDescription][]).filter(([, { secret }]) => secret);
    expect(names.length).toBeGreaterThan(0);
    const error = refusal(Object.fromEntries(names.map(([name]) => [name, secret])));
    expect(error.message).not.toContain(secret);
    expect(JSON.stringify(error)).not.toContain(secret);
  });
});

describe('ids of tenant and application', () => {
  test('are taken in any letter case', () => {
    expect(readWith({ ENTRA_TENANT_ID: TENANT.toUpperCase() }).entra.tenantId).toBe(TENANT);
  });

  test.each(['common', 'contoso.com', TENANT.slice(1), `${TENANT}0`, `{${TENANT}}`])('are GUIDs, not "%s"', (value) => {
    expectRefused('ENTRA_TENANT_ID', value);
    expectRefused('ENTRA_CLIENT_ID', value);
  });
});

describe('the storage account', () => {
  test('is reached with a managed identity, which may be a certain one', () => {
    expect(readWith({ StorageConnection__clientId: CLIENT }).storage).toEqual({
      kind: 'managed-identity',
      tableServiceUri: 'https://nac.table.core.windows.net',
      clientId: CLIENT,
    });
  });

  test.each([
    'DefaultEndpointsProtocol=https;AccountName=nac;AccountKey=a2V5;EndpointSuffix=core.windows.net',
    'AccountName=devstoreaccount1;AccountKey=a2V5;TableEndpoint=http://127.0.0.1:10002/devstoreaccount1',
  ])('is reached with a connection string', (connectionString) => {
    const { storage } = readSettings({ ...WITHOUT_STORAGE, StorageConnection: connectionString });
    expect(storage).toEqual({ kind: 'connection-string', connectionString });
  });

  test('is named exactly once', () => {
    expect(refusal(WITHOUT_STORAGE).problems).toHaveLength(1);
    expect(refusal({ ...LEAST, StorageConnection: 'AccountName=nac' }).problems).toHaveLength(1);
  });

  test('is not reached by what is neither', () => {
    expectRefused('StorageConnection__tableServiceUri', 'nac.table.core.windows.net');
    expect(refusal({ ...WITHOUT_STORAGE, StorageConnection: 'nac' }).problems).toHaveLength(1);
  });
});

describe('times have limits', () => {
  test.each([
    ['POLLING_INTERVAL', ['1s', '1d', '15', '0.5h'], ['0', '0.9s', '25h', '1441', '-5m', 'often']],
    ['COMPLIANT_SESSION_TIMEOUT', ['1m', '60', '7d'], ['59', '8d', '59s']],
    ['QUARANTINE_SESSION_TIMEOUT', ['1m', '1800', '7d'], ['59', '8d']],
    ['LOOKUP_DEADLINE', ['50', '50ms', '10s'], ['49', '11s', '10001']],
    ['SESSION_WRITE_DEADLINE', ['50', '1500ms'], ['49', '1501ms', '2s']],
    ['UNWRITTEN_SESSION_TIMEOUT', ['60', '1h'], ['59', '61m']],
  ])('%s', (name, good, bad) => {
    for (const value of good) expect(() => readWith({ [name]: value })).not.toThrow();
    for (const value of bad) expectRefused(name, value);
  });

  test('a plain number means minutes for the poll, seconds for sessions, milliseconds for the lookup', () => {
    const settings = readWith({ POLLING_INTERVAL: '15', COMPLIANT_SESSION_TIMEOUT: '3600', LOOKUP_DEADLINE: '900' });
    expect(settings.pollingIntervalMs).toBe(900_000);
    expect(settings.compliantRole.sessionTimeoutSeconds).toBe(3600);
    expect(settings.lookupDeadlineMs).toBe(900);
  });
});

test.each(['COMPLIANT_ROLE', 'COMPLIANT_VLAN', 'QUARANTINE_ROLE', 'QUARANTINE_VLAN'])(
  '%s is a word that cannot break the answer line',
  (name) => {
    expect(() => readWith({ [name]: 'Staff_v2.0-x' })).not.toThrow();
    for (const value of ['two words', 'x'.repeat(65), 'a=b', '%{x}', 'büro', 'a\nb']) expectRefused(name, value);
  },
);

test.each([
  'sb-nac',
  'sb://sb-nac.servicebus.windows.net',
  'https://sb-nac.servicebus.windows.net:443/',
  'sb nac.example',
])('"%s" is no host of Service Bus', (value) => {
  expectRefused('ServiceBusConnection__fullyQualifiedNamespace', value);
  expect(
    readWith({ ServiceBusConnection__fullyQualifiedNamespace: 'sb-nac.servicebus.windows.net' }).serviceBus,
  ).toEqual(expect.objectContaining({ kind: 'managed-identity' }));
});

// https://github.com/atifaziz/NCrontab: what Azure's timers take. The local host parses schedules by a code of its own.
describe('a schedule', () => {
  test.each([
    ...[
      '* * * * *',
      'every minute',
      '0 * * * * * *',
      '00:01:00',
      '@daily',
      'a b c d e f',
      '0 0 0 0 * *',
      '0 0 0 * 0 *',
    ],
    ...[
      '60 * * * * *',
      '0 0 24 * * *',
      '*/0 * * * * *',
      '0 5-1 * * * *',
      '0 0 0 32 * *',
      '0 0 0 * * 7',
      '0 0 0 * 13 *',
    ],
    ...[
      '0 0 0 L * *',
      '0 0 0 * * MON#1',
      '0 0 0 ? * *',
      '0 0 0 15W * *',
      '0 , * * * *',
      '*-5 * * * * *',
      '-1 * * * * *',
    ],
    ...['0 0 0 * MON *', '0 /5 * * * *', '0 */ * * * *'],
  ])('of "%s" is refused: its function would never run', (value) => {
    expectRefused('POLL_SCHEDULE', value);
    if (value.split(' ').length === 6) expect(() => parseNcrontab(value)).toThrow();
  });

  test.each([
    ...[
      '* * * * * *',
      '*/10 * * * * *',
      '0 7 * * * *',
      '0 0,30 8-17 * * MON-FRI',
      '0 5/10 * * * *',
      '0 0 12 * * Monday',
    ],
    ...['0 0 0 1 jan,July *', '0-30/5 * * * * 0', '  0   0 3 * *  sun '],
  ])('of "%s" is taken', (value) => {
    expect(readWith({ ENFORCE_SCHEDULE: value }).enforceSchedule).toBe(value.trim().replaceAll(/\s+/g, ' '));
    expect(() => parseNcrontab(value)).not.toThrow();
  });
});

describe('how logs show people', () => {
  test.each(PRIVACY_MODES)('%s is a mode in any letter case', (mode) => {
    expect(readWith({ LOG_IDENTITY_PRIVACY: mode.toLowerCase() }).logPrivacy.mode).toBe(mode);
  });

  test('an unknown mode is refused with those there are', () => {
    expectRefused('LOG_IDENTITY_PRIVACY', 'None');
    expect(refusal({ ...LEAST, LOG_IDENTITY_PRIVACY: 'None' }).message).toContain('VendorKeyHashed');
  });

  test('a key can be shared by all instances', () => {
    expect(readWith({ LOG_IDENTITY_KEY: 'k1' }).logPrivacy).toEqual({ mode: 'VendorKeyHashed', key: 'k1' });
  });
});

test('every setting says what it means', () => {
  for (const { meaning } of Object.values(SETTINGS)) expect(meaning).not.toBe('');
});
