// The built function app in its two processes, beside Azurite and the simulated tenant: what `npm start` starts.

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { spawnFunctionsHost } from '../../local/functions-host/spawn-functions-host.ts';
import { type LocalStack, startLocalStack } from '../../local/local-stack.ts';
import { connectionString } from '../../local/table-storage.ts';
import type { DeviceStanding } from '../../shared/domain/device/device-change.ts';
import { FunctionLines } from '../support/function-lines.ts';
import { type LookupHttpClient, lookupHttpClient } from '../support/lookup-http-client.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.ts';

const ROOT = join(import.meta.dirname, '../..');

const ANY_ID = '00000000-0000-4000-8000-000000000000';

interface Route {
  readonly method: string;
  readonly route: string;
}

let folder: string;
let stack: LocalStack;
let http: LookupHttpClient;
let collector: OtlpReceiver;
const lines = new FunctionLines();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nac-app-'));
  collector = await startOtlpReceiver();
  const firstSweep = lines.next(({ event }) => event === 'poll.run');
  stack = await startLocalStack({
    appFolder: ROOT,
    dataFolder: folder,
    env: {
      MINIMUM_ASSURANCE: 'mac',
      POLL_SCHEDULE: '* * * * * *',
      POLLING_INTERVAL: '1s',
      // Nothing here is about how fast the store answers.
      LOOKUP_DEADLINE: '10s',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    },
    fleetSize: 50,
    onLine: (line) => lines.add(line),
  });
  http = lookupHttpClient(stack.url, stack.caFile);
  await firstSweep;
});

afterAll(async () => {
  await http?.[Symbol.asyncDispose]();
  await stack?.stop();
  await collector?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

function mabBody(name: string): string {
  const mac = String(stack.tenant?.fleet.get(name).wiFiMacAddress);
  return JSON.stringify({ method: 'mab', userName: mac, callingStationId: mac });
}

/** What a script of test/support says of the built app, in a process of its own with these settings. */
async function printedBy(script: string, env: Record<string, string>) {
  const path = join(import.meta.dirname, '../support', script);
  const { stdout } = await promisify(execFile)(process.execPath, [path, ROOT], { env });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

function lookup(body: string, headers: Record<string, string> = {}) {
  return http.post('/api/lookup', body, { 'x-api-key': stack.apiKey, ...headers });
}

describe('the lookup over HTTPS', () => {
  test('answers JSON by default and one line of text when asked for it', async () => {
    const json = await lookup(mabBody('NAC-00001'));
    expect(json).toMatchObject({ status: 200, contentType: expect.stringMatching(/^application\/json/) });
    expect(JSON.parse(json.body)).toMatchObject({ decision: 'permit', role: 'compliant' });

    const text = await lookup(mabBody('NAC-00001'), { accept: 'text/plain' });
    expect(text.contentType).toMatch(/^text\/plain/);
    expect(text.body).toMatch(/^permit role=compliant vlan=10 timeout=\d{1,7} class=[A-Za-z0-9_.-]{1,128}$/);
  });

  test('answers 200 for every decision, a deny and an unknown device too', async () => {
    const unknown = await lookup(
      JSON.stringify({ method: 'mab', userName: 'a4bb6dffffff', callingStationId: 'A4BB6DFFFFFF' }),
    );
    expect([unknown.status, JSON.parse(unknown.body).standing]).toEqual([200, 'notEnrolled']);
    expect(await lookup('{"method":"none"}', { accept: 'text/plain' })).toMatchObject({ status: 200, body: 'deny' });
  });

  test.each([
    ['no JSON', 'mac=1', 400, 'NAC_REQUEST_NOT_JSON', 'body'],
    ['a list', '[]', 400, 'NAC_REQUEST_FIELD', 'body'],
    ['a number for a name', '{"userName":1}', 400, 'NAC_REQUEST_FIELD', 'userName'],
    ['an unknown method', '{"method":"magic"}', 400, 'NAC_REQUEST_FIELD', 'method'],
    ['a certificate that is none', '{"certificate":"x"}', 400, 'NAC_REQUEST_FIELD', 'certificate'],
    ['too much', JSON.stringify({ userName: 'x'.repeat(70_000) }), 413, 'NAC_REQUEST_TOO_LARGE', undefined],
  ])('refuses %s with a code, the field and what to do; and answers on', async (_, body, status, code, field) => {
    const refusal = await lookup(body);
    expect(refusal.status).toBe(status);
    expect(JSON.parse(refusal.body)).toMatchObject({ code, ...(field && { field }), action: expect.any(String) });
    expect((await lookup(mabBody('NAC-00001'))).status).toBe(200);
  });

  test('a malformed MAC address or SAN is a decision with the problem named, never an error', async () => {
    const mac = JSON.parse((await lookup('{"method":"site","callingStationId":"10.1.2.3"}')).body);
    expect(mac).toMatchObject({ role: 'quarantine', standing: 'unidentified', problems: ['mac-malformed'] });
    const san = { method: 'eap-tls', certificate: { subjectAltName: 'URI:ID:Microsoft Endpoint Manager:GUID:zzz' } };
    expect(JSON.parse((await lookup(JSON.stringify(san))).body).problems).toEqual(['san-without-device-id']);
  });

  test('bare liveness answers without a credential; nothing else does, nor with the key of another kind of client', async () => {
    expect(await http.send('GET', '/api/health')).toMatchObject({ status: 200, body: '{"status":"alive"}' });
    expect(await http.post('/api/lookup', mabBody('NAC-00001'))).toMatchObject({ status: 401 });
    expect(await http.post('/api/accounting', '{"status":"Start"}')).toMatchObject({ status: 401 });
    expect((await http.send('GET', '/api/jobs')).status).toBe(401);
    expect((await http.send('POST', '/api/devices/x/reauthenticate')).status).toBe(401);
    const proxyKey = { 'x-api-key': stack.apiKey };
    expect((await http.send('GET', '/api/jobs', proxyKey)).status).toBe(401);
    expect((await lookup(mabBody('NAC-00001'), { 'x-api-key': stack.operatorKey })).status).toBe(401);
    expect((await http.send('GET', '/api/lookup')).status).toBe(404);
    expect((await http.send('GET', '/admin')).status).toBe(404);
  });
});

describe('an override over HTTPS', () => {
  test('blocks soon, is listed, and ends early', async () => {
    const asOperator = { 'x-api-key': stack.operatorKey };
    const answer = async () => JSON.parse((await lookup(mabBody('NAC-00007'))).body);
    // Ten seconds, and what a busy machine adds: overrides.test.ts has the time, in time that is not the machine's.
    const within = { timeout: 30_000, interval: 500 };
    await vi.waitFor(async () => expect(await answer()).toMatchObject({ decision: 'permit' }), within);
    const mac = String(stack.tenant?.fleet.get('NAC-00007').wiFiMacAddress);
    const body = JSON.stringify({ mac, block: true, until: '1h', reason: 'seen at the gate' });
    const made = await http.post('/api/overrides', body, asOperator);
    expect(made.status, made.body).toBe(201);
    const { id } = JSON.parse(made.body);
    await vi.waitFor(async () => {
      expect(await answer()).toMatchObject({ decision: 'deny', rule: 'override/block', override: { id } });
    }, within);
    const listed = JSON.parse((await http.send('GET', '/api/overrides', asOperator)).body);
    expect(listed.overrides).toMatchObject([{ id, block: true, inForce: true, reason: 'seen at the gate' }]);
    expect((await http.post(`/api/overrides/${id}/end`, '', asOperator)).status).toBe(200);
    await vi.waitFor(async () => expect(await answer()).toMatchObject({ decision: 'permit' }), within);
  });

  test('with a wrong field is refused by name', async () => {
    const refused = await http.post('/api/overrides', '{"mac":"x"}', { 'x-api-key': stack.operatorKey });
    expect([refused.status, JSON.parse(refused.body)]).toMatchObject([
      400,
      { code: 'NAC_REQUEST_FIELD', field: 'mac' },
    ]);
  });
});

describe('the two processes', () => {
  test('a flip seen by the poll process is what the HTTP process answers next', async () => {
    const answer = async () => JSON.parse((await lookup(mabBody('NAC-00001'))).body).standing;
    for (const state of ['noncompliant', 'compliant', 'noncompliant', 'compliant'] as const) {
      const id = stack.tenant?.fleet.get('NAC-00001').id;
      // Not any change: the Ethernet address may arrive meanwhile.
      const seen = lines.next(
        ({ event, device, after }) =>
          event === 'device.changed' &&
          device === `intune|${id}` &&
          (after as DeviceStanding).complianceState === state,
      );
      stack.tenant?.fleet.patch('NAC-00001', { complianceState: state });
      await seen;
      expect(await answer()).toBe(state);
    }
  });

  test('print no secret, no token and no address in clear', async () => {
    const printed = lines.all.join('\n');
    const mac = String(stack.tenant?.fleet.get('NAC-00001').wiFiMacAddress);
    const hyphens = mac.match(/../g)?.join('-') ?? '';
    expect(printed).toContain('lookup.answered');
    for (const secret of [
      stack.apiKey.split('.')[1] ?? '',
      'PRIVATE KEY',
      'Bearer',
      'eyJ',
      mac,
      mac.toLowerCase(),
      hyphens,
      hyphens.replaceAll('-', ':'),
    ]) {
      expect(printed).not.toContain(secret);
    }
    expect(await readFile(stack.apiKeyFile, 'utf8')).toBe(`X-API-Key: ${stack.apiKey}\n`);
  });
});

describe('a stop of the host', () => {
  // The host waits ten seconds for a timer that runs, then says so to the app, and kills it five seconds later.
  test('in the middle of a sweep gives up its lease: the next host goes on at once', { timeout: 60_000 }, async () => {
    const scripted = stack.tenant?.stats().scripted.page ?? 0;
    stack.tenant?.script({ target: 'page', hang: true });
    await vi.waitFor(() => expect(stack.tenant?.stats().scripted.page).toBe(scripted + 1), 20_000);
    await stack.end('background');
    // The app was done within the five seconds of appTerminate.
    expect(lines.all.join('\n')).not.toContain('appTerminate hook');
    const resumed = lines.next(({ event, slices }) => event === 'poll.run' && slices === 2);
    await stack.restart('background');
    expect(await resumed).toMatchObject({ failures: 0, devices: 50, result: 'complete' });
  });
});

describe('wrong settings', () => {
  const wrong = { ENTRA_TENANT_ID: 'contoso', POLLING_INTERVAL: 'often', QUARANTINE_VLAN: '%{echo}' };
  const right = {
    ENTRA_TENANT_ID: ANY_ID,
    ENTRA_CLIENT_ID: ANY_ID,
    ENTRA_CLIENT_SECRET: 'not used',
    StorageConnection: connectionString(1),
    ServiceBusConnection: 'Endpoint=sb://localhost;SharedAccessKeyName=none;SharedAccessKey=none',
  };

  test('make every route answer 503 with the code, never 404, and one log line names them all', async () => {
    const routes: Route[] = await printedBy('print-http-routes.ts', right);
    expect(routes.length).toBeGreaterThan(20);
    expect(await printedBy('print-http-routes.ts', wrong)).toEqual(routes);
    const lines: string[] = [];
    const host = await spawnFunctionsHost({
      appFolder: ROOT,
      functions: 'http',
      env: wrong,
      onLine: (line) => lines.push(line),
    });
    try {
      for (const { method, route } of routes) {
        const path = route.replaceAll(/\{[^}]+\}/g, 'v1');
        const answer = await fetch(`${host.url}${path}`, { method });
        const text = await answer.text();
        // Cisco ISE reads XML alone.
        const isXml = answer.headers.get('content-type')?.includes('xml') === true;
        const code = isXml ? /NAC_[A-Z_]+/.exec(text)?.[0] : JSON.parse(text).code;
        expect.soft({ path, status: answer.status, code }).toEqual({ path, status: 503, code: 'NAC_SETTINGS' });
        if (!isXml) expect.soft(JSON.parse(text)).toMatchObject({ action: expect.any(String) });
        expect(text).not.toContain('contoso');
      }
    } finally {
      await host.stop();
    }
    const [message = '', ...more] = lines.filter((line) => line.includes('app.not-started'));
    expect(more).toEqual([]);
    for (const part of [
      'NAC_SETTINGS',
      'ENTRA_TENANT_ID',
      'ENTRA_CLIENT_ID',
      'POLLING_INTERVAL',
      'QUARANTINE_VLAN',
      'StorageConnection',
    ]) {
      expect(message).toContain(part);
    }
  });

  test('make every timer fail with the code, and leave reports of relays in their queue', async () => {
    const namesOf = async (env: Record<string, string>): Promise<string[]> => {
      const { functions } = await printedBy('../infra/registered-functions.ts', env);
      return functions.map(({ name }: { readonly name: string }) => name);
    };
    const [all, withWrong] = [await namesOf(right), await namesOf(wrong)];
    expect(all.filter((name) => !withWrong.includes(name))).toEqual(['coa-results']);
    const timers = ['enforce', 'housekeeping', 'poll'];
    expect(await printedBy('run-timers.ts', wrong)).toEqual(timers.map((name) => ({ name, code: 'NAC_SETTINGS' })));
  });

  test('are said by the host when a timer fails', async () => {
    const failed = Promise.withResolvers<string>();
    const host = await spawnFunctionsHost({
      appFolder: ROOT,
      functions: 'background',
      env: { ...wrong, ENFORCE_SCHEDULE: '* * * * * *' },
      onLine(line) {
        if (line.includes('enforce') && line.includes('NAC_SETTINGS')) failed.resolve(line);
      },
    });
    await failed.promise.finally(() => host.stop());
  });
});

test('when they end, both processes hand on to a collector what they have counted', async () => {
  await lookup(mabBody('NAC-00001'));
  await stack.stop();
  const sites = collector.series('nac.lookups').map(({ labels }) => labels['nac.site']);
  expect(sites.length).toBeGreaterThan(0);
  expect(collector.series('nac.sweep.duration')).not.toEqual([]);
});
