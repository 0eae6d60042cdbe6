// The doctor as operators run it, against the simulated tenant, Azurite and the Service Bus broker, with each failure
// staged.

import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type ClientCertificate, createClientCertificate } from '../../../local/certificates/client-certificate.ts';
import { startServiceBus } from '../../../local/service-bus/start-service-bus.ts';
import { startConnectProxy } from '../../support/connect-proxy.ts';
import { type ConnectorFixture, startConnector } from '../../support/connector-fixture.ts';
import { examine, runDoctor } from '../../support/run-doctor.ts';

const DAY_MS = 86_400_000;

let fixture: ConnectorFixture;
let uploaded: ClientCertificate;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  uploaded = await createClientCertificate();
  fixture = await startConnector({
    tenant: { clientCertificatePem: uploaded.certificatePem },
    env: { ENTRA_CLIENT_SECRET: '', ENTRA_CLIENT_CERTIFICATE: pemOf(uploaded), HTTPS_READ_TIMEOUT: '2s' },
  });
  ({ env } = fixture);
});

afterEach(() => {
  fixture.tenant.clearScripts();
  fixture.tenant.register({ roles: ALL_ROLES });
});

afterAll(() => fixture[Symbol.asyncDispose]());

const ALL_ROLES = {
  graph: ['Application.Read.All', 'Device.Read.All', 'DeviceManagementManagedDevices.Read.All'],
  intune: ['get_device_compliance'],
};

const pemOf = ({ certificatePem, privateKeyPem }: ClientCertificate): string => `${certificatePem}\n${privateKeyPem}`;
const with_ = (change: Record<string, string>) => examine({ ...env, ...change });

test('with everything in order it says so, in a hundred columns, and shows no secret', async () => {
  const { exitCode, stdout, stderr } = await runDoctor(env);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const statuses = [...stdout.matchAll(/^ {2}(ok|warning|FAILED|skipped) +(.*)$/gm)].map(([, status, title]) => [
    status,
    title?.split(':')[0],
  ]);
  expect(statuses).toEqual([
    ['ok', 'Credential of the application'],
    ['ok', 'DNS and TLS of Microsoft Entra'],
    ['ok', 'DNS and TLS of Microsoft Graph'],
    ['ok', 'Tenant and cloud'],
    ['ok', 'Clock'],
    ['ok', 'Token for Microsoft Graph'],
    ['ok', 'Token for the Intune API'],
    ['ok', 'Permissions in the tokens'],
    ['ok', 'A page of devices from Graph'],
    ['ok', 'Where Intune’s compliance service is'],
    ['ok', 'DNS and TLS of Intune’s compliance service'],
    ['ok', 'One compliance query'],
    ['ok', 'Table Storage'],
    ['warning', 'Last sweep'],
    ['warning', 'Policy in force'],
    ['ok', 'Definitions of sources in force'],
    ['skipped', 'Service Bus'],
  ]);
  expect(stdout).toContain('14 ok, 2 warnings, 0 failed, 1 skipped.');
  for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(100);
  expect(stdout).toContain(`thumbprint SHA-256 ${uploaded.thumbprintSha256}`);
  expect(stdout).toContain(`thumbprint SHA-1   ${uploaded.thumbprintSha1}`);
  expect(stdout).not.toMatch(/eyJ|PRIVATE KEY|AccountKey/);
});

test('a private certificate authority, such as that of a proxy that opens TLS, is named', async () => {
  const report = await with_({});
  expect(report.check('host-graph').saw).toMatch(/EXTRA_CA_FILE: CN=Simulated Intune tenant CA is a private/);
});

describe('failures that documentation names', () => {
  test('trust store: no trusted issuer vouches for the certificate', async () => {
    const report = await with_({ EXTRA_CA_FILE: '' });
    expect(report.exitCode).toBe(1);
    const host = report.check('host-entra');
    expect(host).toMatchObject({ status: 'failed', code: 'NAC_SOURCE_UNTRUSTED' });
    expect(host.means).toMatch(/Trust store.*PKIX path building failed.*CN=Simulated Intune tenant CA/);
    expect(host.action).toContain('EXTRA_CA_FILE');
    expect(host.details?.join('\n')).toMatch(/1 {2}CN=localhost\n.*issued by CN=Simulated.*\n.*SHA-256 [0-9A-F]{64}/);
    expect(report.check('token-graph')).toMatchObject({
      status: 'skipped',
      saw: expect.stringContaining('“DNS and TLS of Microsoft Entra”, which failed'),
    });
    expect(report.check('storage').status).toBe('ok');
  });

  test('wrong certificate uploaded', async () => {
    const report = await with_({ ENTRA_CLIENT_CERTIFICATE: pemOf(await createClientCertificate()) });
    expect(report.check('token-graph')).toMatchObject({
      status: 'failed',
      code: 'NAC_SOURCE_TOKEN',
      saw: expect.stringContaining('AADSTS700027'),
      means: expect.stringContaining('Wrong certificate uploaded'),
      action: expect.stringContaining('Certificates & secrets'),
    });
    expect(report.check('roles').status).toBe('skipped');
  });

  test('permission missing', async () => {
    fixture.tenant.register({ roles: { graph: ['Application.Read.All'], intune: [] } });
    const report = await with_({});
    expect(report.check('roles')).toMatchObject({ status: 'failed', code: 'NAC_SOURCE_FORBIDDEN' });
    expect(report.check('roles').saw).toContain('DeviceManagementManagedDevices.Read.All');
    expect(report.check('roles').means).toMatch(/Permission missing, or consent not granted/);
    expect(report.check('devices')).toMatchObject({ status: 'failed', code: 'NAC_SOURCE_FORBIDDEN' });
    expect(report.check('compliance')).toMatchObject({ status: 'failed', code: 'NAC_SOURCE_FORBIDDEN' });
    expect(report.check('discovery').status).toBe('ok');
  });

  test('consent not granted', async () => {
    fixture.tenant.register({ roles: { graph: [], intune: [] } });
    const { means, action } = (await with_({})).check('roles');
    expect(means).toMatch(/Consent not granted/);
    expect(action).toContain('Grant admin consent');
  });

  test('wrong audience', async () => {
    const report = await with_({ INTUNE_AUDIENCE: 'https://api.manage.microsoft.us/' });
    expect(report.check('token-intune')).toMatchObject({
      status: 'failed',
      means: expect.stringContaining('Wrong audience'),
      action: expect.stringContaining('INTUNE_AUDIENCE'),
    });
    expect(report.check('token-graph').status).toBe('ok');
    expect(report.check('devices').status).toBe('ok');
    expect(report.check('compliance').status).toBe('skipped');
  });

  test('tenant or cloud', async () => {
    const wrongTenant = await with_({ ENTRA_TENANT_ID: crypto.randomUUID() });
    expect(wrongTenant.check('tenant')).toMatchObject({
      status: 'failed',
      means: expect.stringContaining('Wrong tenant or cloud'),
      action: expect.stringContaining('ENTRA_TENANT_ID'),
    });
    const wrongApp = await with_({ ENTRA_CLIENT_ID: crypto.randomUUID() });
    expect(wrongApp.check('token-graph').means).toMatch(/Wrong tenant, cloud or application/);
  });

  test('a secret’s id instead of its value', async () => {
    const report = await with_({ ENTRA_CLIENT_CERTIFICATE: '', ENTRA_CLIENT_SECRET: crypto.randomUUID() });
    expect(report.check('credential')).toMatchObject({ status: 'warn', saw: expect.stringContaining('not known') });
    expect(report.check('token-graph').means).toMatch(/its id was copied instead of its value/);
  });
});

describe('the least permissions are enough', () => {
  test('for single devices, without sweeps', async () => {
    fixture.tenant.register({ roles: { graph: ['Application.Read.All'], intune: ['get_device_compliance'] } });
    const report = await with_({ INTUNE_PERMISSIONS: 'compliance-only' });
    expect(report.exitCode).toBe(0);
    expect(report.check('roles')).toMatchObject({ status: 'warn', means: expect.stringContaining('sweeps') });
    expect(report.check('sweep').status).toBe('skipped');
    expect(report.check('devices')).toMatchObject({
      status: 'skipped',
      saw: expect.stringContaining('DeviceManagementManagedDevices.Read.All'),
    });
    expect(report.check('compliance').status).toBe('ok');
  });

  test('for sweeps alone', async () => {
    fixture.tenant.register({ roles: { graph: ['DeviceManagementManagedDevices.Read.All'], intune: [] } });
    const report = await with_({});
    expect(report.exitCode).toBe(0);
    expect(report.check('devices').status).toBe('ok');
    expect(report.check('discovery').status).toBe('skipped');
    expect(report.check('compliance').status).toBe('skipped');
  });

  test.each([
    ['sweeps are set', { graph: ['Application.Read.All'] }, {}, 'INTUNE_PERMISSIONS to compliance-only'],
    [
      'single devices are set',
      { graph: ['DeviceManagementManagedDevices.Read.All'], intune: [] },
      { INTUNE_PERMISSIONS: 'compliance-only' },
      'INTUNE_PERMISSIONS to full',
    ],
    [
      'Entra is to be asked for changes',
      { graph: ['DeviceManagementManagedDevices.Read.All'] },
      { ENTRA_DEVICE_DELTA: 'on' },
      'ENTRA_DEVICE_DELTA to off',
    ],
  ])('but not for what the settings count on: %s', async (_, roles, settings, instead) => {
    fixture.tenant.register({ roles: { ...ALL_ROLES, ...roles } });
    const report = await with_(settings as Record<string, string>);
    expect(report.exitCode).toBe(1);
    expect(report.check('roles')).toMatchObject({ status: 'failed', action: expect.stringContaining(instead) });
  });

  test('and more than that is called so', async () => {
    const graph = [...ALL_ROLES.graph, 'DeviceManagementManagedDevices.ReadWrite.All'];
    fixture.tenant.register({ roles: { ...ALL_ROLES, graph } });
    expect((await with_({})).check('roles')).toMatchObject({
      status: 'warn',
      saw: expect.stringContaining('DeviceManagementManagedDevices.ReadWrite.All'),
    });
  });
});

describe('the credential’s days', () => {
  const certificateWith = async (days: number) => {
    const notBefore = new Date(Date.now() - 90 * DAY_MS);
    const notAfter = new Date(Date.now() + (days + 0.5) * DAY_MS);
    return { ENTRA_CLIENT_CERTIFICATE: pemOf(await createClientCertificate({ notBefore, notAfter })) };
  };

  test('are counted, and warned about', async () => {
    const report = await with_(await certificateWith(12));
    expect(report.check('credential')).toMatchObject({ status: 'warn', saw: expect.stringContaining('12 days left') });
  });

  test('that are over are a failure, before anybody is asked', async () => {
    const report = await with_(await certificateWith(-3));
    expect(report.check('credential').status).toBe('failed');
    expect(report.check('token-graph').status).toBe('skipped');
  });
});

describe('the way to Microsoft', () => {
  test('a name that does not resolve', async () => {
    const report = await with_({ GRAPH_ENDPOINT: 'https://graph.invalid' });
    expect(report.check('host-graph')).toMatchObject({ status: 'failed', code: 'NAC_SOURCE_UNREACHABLE' });
    expect(report.check('host-graph').action).toMatch(/DNS/);
    expect(report.check('devices').status).toBe('skipped');
  });

  test('a host that never speaks', async () => {
    await using sockets = new AsyncDisposableStack();
    const mute = createServer((socket) => void sockets.defer(async () => void socket.destroy()));
    await new Promise<void>((resolve) => mute.listen(0, 'localhost', resolve));
    sockets.defer(() => new Promise((resolve) => mute.close(() => resolve())));
    const { port } = mute.address() as { port: number };
    const change = { GRAPH_ENDPOINT: `https://localhost:${port}`, HTTPS_CONNECT_TIMEOUT: '300ms' };
    expect((await with_(change)).check('host-graph')).toMatchObject({
      status: 'failed',
      action: expect.stringContaining('in time'),
    });
  });

  test('a proxy is gone through, and shown', async () => {
    await using proxy = await startConnectProxy();
    const report = await with_({ HTTPS_PROXY: proxy.url, NO_PROXY: '127.0.0.1' });
    expect(report.exitCode).toBe(0);
    expect(report.check('host-entra').saw).toContain('through the proxy');
    expect(new Set(proxy.tunnels)).toEqual(new Set([new URL(fixture.tenant.baseUrl).host]));
  });

  test('a proxy that wants a password is named', async () => {
    await using proxy = await startConnectProxy({ credential: 'nac:right' });
    const report = await with_({ HTTPS_PROXY: proxy.url, NO_PROXY: '127.0.0.1' });
    expect(report.check('host-entra')).toMatchObject({
      status: 'failed',
      action: expect.stringContaining('HTTPS_PROXY'),
    });
  });

  test('a captive portal in the place of Entra', async () => {
    fixture.tenant.script({ target: 'discovery', body: '<html>Please sign in</html>', times: 5 });
    expect((await with_({})).check('tenant')).toMatchObject({
      status: 'failed',
      means: expect.stringContaining('answers in the place of Microsoft Entra'),
    });
  });

  test.each([
    [-400, 'failed', /4\d\d s ahead/],
    [90, 'warn', /(8|9)\d s behind/],
  ])('a clock %i seconds off is %s', async (seconds, status, saw) => {
    const { authorityHost, tenantId } = fixture.tenant;
    const document = { token_endpoint: `${authorityHost}/${tenantId}/oauth2/v2.0/token` };
    const date = new Date(Date.now() + seconds * 1000).toUTCString();
    fixture.tenant.script({ target: 'discovery', headers: { Date: date }, body: JSON.stringify(document) });
    const { check } = await with_({});
    expect(check('clock')).toMatchObject({ status, saw: expect.stringMatching(saw) });
  });
});

describe('Intune', () => {
  test('that lists no compliance service, or one on a strange host', async () => {
    fixture.tenant.script({ target: 'endpoints', body: '{"value":[]}' });
    expect((await with_({})).check('discovery').code).toBe('NAC_SOURCE_DISCOVERY');
    const strange = await with_({ INTUNE_SERVICE_HOSTS: 'manage.microsoft.com' });
    expect(strange.check('discovery')).toMatchObject({ action: expect.stringContaining('INTUNE_SERVICE_HOSTS') });
  });

  test('that throttles', async () => {
    fixture.tenant.script({ target: 'page', status: 429, headers: { 'Retry-After': '9' }, times: 5 });
    expect((await with_({})).check('devices')).toMatchObject({ status: 'failed', code: 'NAC_SOURCE_THROTTLED' });
  });
});

describe('storage and Service Bus', () => {
  test('storage that does not answer hides nothing else', async () => {
    const StorageConnection = 'AccountName=nac;AccountKey=a2V5;TableEndpoint=http://127.0.0.1:9/nac';
    const report = await with_({ StorageConnection });
    expect(report.check('storage')).toMatchObject({ status: 'failed', code: 'NAC_STORE_UNAVAILABLE' });
    expect(report.check('sweep').status).toBe('skipped');
    expect(report.check('compliance').status).toBe('ok');
  });

  test('a wrong storage key', async () => {
    const { StorageConnection = '' } = env;
    const wrong = StorageConnection.replace(/AccountKey=[^;]+/, 'AccountKey=d3Jvbmc=');
    expect((await with_({ StorageConnection: wrong })).check('storage').action).toMatch(
      /Storage Table Data Contributor/,
    );
  });

  test('queues of every site are looked for', async () => {
    const session = { requiresSession: true, lockDurationMs: 30_000, duplicateDetectionWindowMs: 600_000 };
    const results = { name: 'coa-results', lockDurationMs: 30_000, duplicateDetectionWindowMs: 600_000 };
    await using stack = new AsyncDisposableStack();
    const start = async (names: readonly string[]) => {
      const broker = await startServiceBus({
        queues: [...names.map((name) => ({ name, ...session })), results],
        port: 0,
      });
      stack.defer(() => broker.close());
      return { ServiceBusConnection: broker.connectionString };
    };
    const good = await with_(await start(['coa-hq']));
    expect(good.check('service-bus')).toMatchObject({ status: 'ok', saw: expect.stringContaining('hq') });
    const missing = (await with_(await start(['coa-elsewhere']))).check('service-bus');
    expect(missing).toMatchObject({ status: 'failed', code: 'NAC_QUEUE_MISSING' });
    expect(missing.details).toEqual([expect.stringMatching(/^site hq: /)]);
  });
});

test('settings that are wrong are all named, and nothing else is done', async () => {
  const { exitCode, stdout, stderr } = await runDoctor({
    ...env,
    ENTRA_TENANT_ID: 'contoso',
    GRAPH_ENDPOINT: 'https://graph.windows.net',
  });
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  expect(stderr).toMatch(/ENTRA_TENANT_ID/);
  expect(stderr).toMatch(/https:\/\/graph\.microsoft\.com/);
});
