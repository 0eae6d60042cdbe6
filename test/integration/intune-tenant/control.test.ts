// The control port of the simulated Intune tenant, the answers that tests script, its start and its end.

import { execFile } from 'node:child_process';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { Agent, request } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startIntuneTenant } from '../../../local/intune-tenant/intune-tenant.ts';
import {
  agent,
  ask,
  askForToken,
  control,
  DEVICES_PATH,
  graph,
  INTUNE_APP_ID,
  PUBLIC_GRAPH_SCOPE,
  secretForm,
  start,
  stop,
  tenant,
  tenantModule,
  tokenFor,
  useCertificate,
} from './asked-tenant.ts';

useCertificate();

describe('control port', () => {
  let now: Date;
  beforeEach(async () => {
    now = new Date('2026-03-01T10:00:00Z');
    await start({ now: () => now });
  });
  afterEach(() => stop());

  test('finds devices by part of the name and by MAC address in any notation', async () => {
    const { wiFiMacAddress } = tenant.fleet.get('NAC-00003');
    const mac = (wiFiMacAddress ?? '').toLowerCase().replaceAll(/(..)(?=.)/g, '$1:');
    const shared = await control('GET', `/devices?mac=${encodeURIComponent(mac)}`);
    expect(shared.json.value.map((device) => device['deviceName'] ?? '')).toEqual(['NAC-00003', 'NAC-00004']);
    const wired = tenant.fleet.get('NAC-00001').ethernetMacAddress ?? '';
    expect((await control('GET', `/devices?mac=${wired}`)).json.total).toBe(1);
    const named = await control('GET', '/devices?name=nac-0001&limit=3');
    expect(named.json.total).toBe(10);
    expect(named.json.value).toHaveLength(3);
  });

  test('shows one device by id and by name, with nothing kept back', async () => {
    const byName = await control('GET', '/devices/nac-00001');
    const byId = await control('GET', `/devices/${byName.json.id}`);
    expect(byId.json).toEqual(byName.json);
    expect(byName.json.ethernetMacAddress).toMatch(/^[0-9A-F]{12}$/);
  });

  test('a change of compliance moves lastSyncDateTime to now and shows in Graph', async () => {
    const before = tenant.fleet.get('NAC-00001');
    now = new Date('2026-03-01T11:22:33.456Z');
    const same = await control('PATCH', '/devices/NAC-00001', { complianceState: 'compliant' });
    expect(same.json.lastSyncDateTime).toBe(before.lastSyncDateTime);
    const changed = await control('PATCH', '/devices/NAC-00001', { complianceState: 'noncompliant' });
    expect(changed.status).toBe(200);
    expect(changed.json.lastSyncDateTime).toBe('2026-03-01T11:22:33Z');
    const token = await tokenFor(PUBLIC_GRAPH_SCOPE);
    const seen = await graph(`${DEVICES_PATH}/${before.id}?$select=complianceState,lastSyncDateTime`, token);
    expect(seen.json).toMatchObject({
      complianceState: 'noncompliant',
      lastSyncDateTime: '2026-03-01T11:22:33Z',
    });
    const sent = { complianceState: 'compliant', lastSyncDateTime: '2026-01-01T00:00:00Z' };
    expect((await control('PATCH', '/devices/NAC-00001', sent)).json).toMatchObject(sent);
  });

  test('renames a device', async () => {
    const renamed = await control('PATCH', '/devices/NAC-00001', { deviceName: 'Büro 1' });
    expect(renamed.status).toBe(200);
    expect((await control('GET', `/devices/${encodeURIComponent('büro 1')}`)).json.id).toBe(renamed.json.id);
    expect((await control('GET', '/devices/NAC-00001')).status).toBe(404);
  });

  test.each<[string, unknown, string]>([
    ['an unknown property', { compliance: 'compliant' }, 'complianceState'],
    ['a value outside an enumeration', { complianceState: 'Compliant' }, 'inGracePeriod'],
    ['null for an enumeration', { managementState: null }, 'retirePending'],
    ['a number for text', { deviceName: 7 }, 'string'],
    ['text for a boolean', { isEncrypted: 'yes' }, 'true or false'],
    ['a date without a zone', { lastSyncDateTime: '2026-01-01' }, '2026-01-02T03:04:05Z'],
    ['a new id', { id: '00000000-0000-4000-8000-000000000000' }, 'never changes'],
    ['an inherited name', { constructor: 'x' }, 'no property'],
    ['a list', [], 'object'],
    ['no JSON', '{', 'JSON'],
  ])('refuses %s, says what to do and changes nothing', async (_name, body, hint) => {
    const before = tenant.fleet.get('NAC-00001');
    const answer = await control('PATCH', '/devices/NAC-00001', body);
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual({ code: expect.any(String), message: expect.stringContaining(hint) });
    expect(tenant.fleet.get('NAC-00001')).toBe(before);
  });

  test('adds a device with generated properties and refuses a second one with its id', async () => {
    const added = await control('POST', '/devices', { wiFiMacAddress: 'A0B1C2D3E4F5' });
    expect(added.status).toBe(201);
    expect(added.json).toMatchObject({
      deviceName: 'NAC-00026',
      wiFiMacAddress: 'A0B1C2D3E4F5',
      enrolledDateTime: '2026-03-01T10:00:00Z',
    });
    expect((await control('POST', '/devices')).json.deviceName).toBe('NAC-00027');
    const again = await control('POST', '/devices', { id: added.json.id.toUpperCase() });
    expect(again.status).toBe(409);
    expect(again.json.code).toBe('device_exists');
    expect(tenant.stats().devices).toBe(27);
  });

  test('asks for the id when two devices bear the name', async () => {
    await control('POST', '/devices', { deviceName: 'nac-00001' });
    const answer = await control('DELETE', '/devices/NAC-00001');
    expect(answer.status).toBe(409);
    expect(answer.json.message).toContain(tenant.fleet.list().value[0]?.id);
  });

  test('retires and removes', async () => {
    const retired = await control('POST', '/devices/NAC-00001/retire');
    expect(retired.json.managementState).toBe('retirePending');
    const removed = await control('DELETE', '/devices/NAC-00001');
    expect(removed.status).toBe(204);
    expect(removed.text).toBe('');
    expect((await control('DELETE', '/devices/NAC-00001')).status).toBe(404);
    expect((await control('POST', '/devices/NAC-00001/retire')).json.code).toBe('device_not_found');
  });

  test('reseeds the fleet', async () => {
    const first = tenant.fleet.get('NAC-00001').id;
    expect((await control('POST', '/fleet', { size: 7, seed: 2 })).json).toEqual({ size: 7, seed: 2 });
    expect(tenant.fleet.get('NAC-00001').id).not.toBe(first);
    expect((await control('POST', '/fleet', { seed: 1 })).json).toEqual({ size: 7, seed: 1 });
    expect(tenant.fleet.get('NAC-00001').id).toBe(first);
    for (const wrong of [{ size: -1 }, { size: 1.5 }, { size: '7' }, { count: 7 }]) {
      expect((await control('POST', '/fleet', wrong)).status).toBe(400);
    }
    expect(tenant.fleet.size).toBe(7);
  });

  test('counts requests per endpoint', async () => {
    const token = await tokenFor(PUBLIC_GRAPH_SCOPE);
    await graph(DEVICES_PATH, token);
    await graph(DEVICES_PATH, 'wrong');
    await graph('/favicon.ico', token);
    const { json } = await control('GET', '/stats');
    expect(json.requests).toMatchObject({ token: 1, page: 2, device: 0, unknown: 1 });
    expect(json).toEqual(tenant.stats());
  });

  test.each([
    ['GET', '/'],
    ['GET', '/fleet'],
    ['POST', '/devices/NAC-00001/reboot'],
    ['DELETE', '/devices'],
  ] as const)('points to what there is for %s %s', async (method, path) => {
    const answer = await control(method, path);
    expect(answer.status).toBe(404);
    expect(answer.json.message).toContain('/script');
  });

  test('refuses a body that is too large', async () => {
    const answer = await control('PATCH', '/devices/NAC-00001', { deviceName: 'x'.repeat(5_000_000) });
    expect(answer.status).toBe(413);
  });
});

describe('scripted answers', () => {
  beforeEach(() => start({ pageSize: 10 }));
  afterEach(() => stop());

  const portal = { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Sign in</html>' };

  test('replace the next answers of their target only, then the tenant answers again', async () => {
    const scripted = await control('POST', '/script', { target: 'token', ...portal, times: 2 });
    expect(scripted.status).toBe(201);
    expect(scripted.json).toEqual({ target: 'token', pending: 2 });
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const answer = await askForToken(secretForm());
      expect(answer.text).toBe(portal.body);
      expect(answer.headers['content-type']).toBe('text/html');
    }
    const token = await tokenFor(PUBLIC_GRAPH_SCOPE);
    expect((await graph(DEVICES_PATH, token)).status).toBe(200);
    expect(tenant.stats()).toMatchObject({ scripted: { token: 2, page: 0 }, pendingScripts: { token: 0 } });
  });

  test('cover every target', async () => {
    const token = await tokenFor(PUBLIC_GRAPH_SCOPE);
    for (const target of ['token', 'page', 'device', 'discovery', 'endpoints'] as const) {
      tenant.script({ target, status: 503, headers: { 'retry-after': '7' } });
    }
    const paths = [
      `/${tenant.tenantId}/oauth2/v2.0/token`,
      DEVICES_PATH,
      `${DEVICES_PATH}/x`,
      `/${tenant.tenantId}/v2.0/.well-known/openid-configuration`,
      `/v1.0/servicePrincipals/appId=${INTUNE_APP_ID}/endpoints`,
    ];
    for (const path of paths) {
      const answer = await graph(path, token);
      expect([path, answer.status, answer.headers['retry-after']]).toEqual([path, 503, '7']);
    }
  });

  test('can break a page in the middle of a list', async () => {
    const token = await tokenFor(PUBLIC_GRAPH_SCOPE);
    tenant.script({ target: 'page', status: 504, skip: 1 });
    const first = await graph(DEVICES_PATH, token);
    const next: string = first.json['@odata.nextLink'];
    const bearer = { headers: { authorization: `Bearer ${token}` } };
    expect((await ask(next, bearer)).status).toBe(504);
    expect((await ask(next, bearer)).json.value).toHaveLength(10);
  });

  test('play in order and can be cleared', async () => {
    const token = await tokenFor(PUBLIC_GRAPH_SCOPE);
    tenant.script({ target: 'page', status: 500 });
    tenant.script({ target: 'page', status: 502, times: 5 });
    expect((await graph(DEVICES_PATH, token)).status).toBe(500);
    expect((await graph(DEVICES_PATH, token)).status).toBe(502);
    expect((await control('DELETE', '/script')).status).toBe(204);
    expect((await graph(DEVICES_PATH, token)).status).toBe(200);
  });

  test('a delay alone lets the own answer follow', async () => {
    const token = await tokenFor(PUBLIC_GRAPH_SCOPE);
    tenant.script({ target: 'page', delayMs: 30 });
    const began = performance.now();
    expect((await graph(DEVICES_PATH, token)).json.value).toHaveLength(10);
    expect(performance.now() - began).toBeGreaterThan(25);
  });

  test('can leave a request without any answer', async () => {
    const token = await tokenFor(PUBLIC_GRAPH_SCOPE);
    tenant.script({ target: 'page', hang: true });
    const headers = { authorization: `Bearer ${token}` };
    await expect(ask(`${tenant.graphUrl}${DEVICES_PATH}`, { headers, headersTimeout: 50 })).rejects.toThrow(/Timeout/);
    expect((await graph(DEVICES_PATH, token)).status).toBe(200);
  });

  test.each<[unknown, string]>([
    [{ target: 'pages', status: 200 }, 'endpoints'],
    [{ target: 'page' }, 'what happens'],
    [{ target: 'page', status: 99 }, 'status'],
    [{ target: 'page', body: { value: [] } }, 'string'],
    [{ target: 'page', headers: { a: 1 } }, 'headers'],
    [{ target: 'page', headers: { 'two words': 'x' } }, 'headers'],
    [{ target: 'page', headers: { a: 'line\nbreak' } }, 'headers'],
    [{ target: 'page', status: 200, times: 0 }, 'times'],
    [{ target: 'page', status: 200, forever: true }, 'forever'],
  ])('refuse %j', async (script, hint) => {
    const answer = await control('POST', '/script', script);
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual({ code: 'invalid_script', message: expect.stringContaining(hint) });
  });
});

describe('start and close', () => {
  test('a client that does not trust the CA is kept out', async () => {
    await start();
    const stranger = new Agent();
    await expect(request(tenant.baseUrl, { dispatcher: stranger })).rejects.toThrow(/certificate/);
    await stranger.destroy();
    const byAddress = await ask(`${tenant.baseUrl.replace('localhost', '127.0.0.1')}/nothing`);
    expect(byAddress.status).toBe(404);
    await stop();
  });

  test('listens where its options say, with the identities it is given', async () => {
    await start();
    const { port } = new URL(tenant.baseUrl);
    const controlPort = new URL(tenant.controlUrl).port;
    await stop();
    const given = { tenantId: crypto.randomUUID(), clientId: crypto.randomUUID(), clientSecret: 'given' };
    await start({ port: Number(port), controlPort: Number(controlPort), ...given });
    expect(tenant).toMatchObject({ ...given, baseUrl: `https://localhost:${port}` });
    expect((await askForToken(secretForm())).status).toBe(200);
    await stop();
  });

  test('leaves nothing behind when a port is taken', async () => {
    await start();
    const taken = Number(new URL(tenant.controlUrl).port);
    // Its own and its control port's; those of the test before may be closing yet.
    const servers = 2;
    await expect.poll(listeningServers).toBe(servers);
    await expect(startIntuneTenant({ controlPort: taken })).rejects.toThrow(/EADDRINUSE/);
    await expect.poll(listeningServers).toBe(servers);
    await expect(startIntuneTenant({ port: Number(new URL(tenant.baseUrl).port) })).rejects.toThrow(/EADDRINUSE/);
    await expect.poll(listeningServers).toBe(servers);
    await stop();
  });

  test('closing breaks off hanging requests, delays and half-open connections', async () => {
    await start();
    const token = await tokenFor(PUBLIC_GRAPH_SCOPE);
    tenant.script({ target: 'page', hang: true });
    tenant.script({ target: 'page', status: 200, delayMs: 600_000 });
    const hanging = graph(DEVICES_PATH, token).catch((error: unknown) => error);
    const delayed = graph(DEVICES_PATH, token).catch((error: unknown) => error);
    const silent = connect(Number(new URL(tenant.baseUrl).port), '127.0.0.1');
    const silentClosed = new Promise((resolve) => silent.on('error', () => undefined).once('close', resolve));
    const unfinished = httpRequest(`${tenant.controlUrl}/devices`, { method: 'POST' });
    const unfinishedClosed = new Promise((resolve) => unfinished.once('error', resolve));
    unfinished.write('{');
    await expect.poll(() => tenant.stats().scripted.page).toBe(2);

    await tenant.close();
    expect(await hanging).toBeInstanceOf(Error);
    expect(await delayed).toBeInstanceOf(Error);
    await silentClosed;
    await unfinishedClosed;
    await agent.destroy();
    await tenant.close();
    await expect.poll(openSockets).toEqual([]);
  });

  test('a process ends by itself once its tenant is closed, whatever was under way', async () => {
    const source = `
      import { request } from 'node:https';
      import { startIntuneTenant } from ${JSON.stringify(tenantModule)};
      const tenant = await startIntuneTenant();
      tenant.script({ target: 'page', delayMs: 600_000 });
      tenant.script({ target: 'page', hang: true });
      for (let count = 0; count < 2; count += 1) {
        request(tenant.baseUrl + '${DEVICES_PATH}', { ca: tenant.caPem }).on('error', () => {}).end();
      }
      while (tenant.stats().scripted.page < 2) await new Promise(setImmediate);
      await tenant.close();
      console.log('closed');
    `;
    const arguments_ = ['--input-type=module', '--eval', source];
    const { stdout } = await promisify(execFile)(process.execPath, arguments_, { timeout: 30_000 });
    expect(stdout).toBe('closed\n');
  });

  /** The servers and connections of this process; the test runner has none of its own. */
  function openSockets(): string[] {
    return process
      .getActiveResourcesInfo()
      .filter((name) => /^(TCP|TLS)/.test(name))
      .sort();
  }

  function listeningServers(): number {
    return process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length;
  }
});
