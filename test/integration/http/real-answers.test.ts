// Real answers against docs/openapi.json: the functions themselves, over services in memory. Every status of success
// that the table of routes names is answered here, and every route refuses a stranger.

import { HttpRequest, HttpResponse, InvocationContext } from '@azure/functions';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ANSWERS } from '../../../functions/answers.ts';
import { connector } from '../../../functions/connector.ts';
import { routeHandler } from '../../../functions/http-route.ts';
import type { App } from '../../../shared/app.ts';
import { ANSWER_HEADERS } from '../../../shared/http/answer-headers.ts';
import type { Method, Route } from '../../../shared/http/route.ts';
import { namedRoutes, ROUTES, type RouteName } from '../../../shared/http/routes.ts';
import { ApiContract, type GivenAnswer } from '../../support/api-contract.ts';
import { MemoryNetwork } from '../../support/memory-network.ts';

const opened = vi.hoisted((): { app?: App } => ({}));

/** The app that the functions make from their environment is the one over services in memory. */
vi.mock(import('../../../shared/app.ts'), async (original) => {
  const { createApp, ...rest } = await original();
  return {
    ...rest,
    createApp: (settings, overrides) =>
      overrides?.openTables === undefined && opened.app !== undefined ? opened.app : createApp(settings, overrides),
  };
});

interface Asked {
  readonly method?: Method;
  readonly parts?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Name of the client; `ada` unless given. */
  readonly by?: string | undefined;
}

const ENV = {
  ENTRA_TENANT_ID: '00000000-0000-4000-8000-00000000000a',
  ENTRA_CLIENT_ID: '00000000-0000-4000-8000-00000000000b',
  ENTRA_CLIENT_SECRET: 'secret',
  StorageConnection: 'AccountName=memory;AccountKey=a2V5;TableEndpoint=http://memory',
  ServiceBusConnection: 'Endpoint=sb://memory/;SharedAccessKeyName=n;SharedAccessKey=k',
};
const POLICY = `roles: { staff: { vlan: 10, acl: STAFF, attributes: { Filter-Id: staff } }, quarantine: { vlan: 99 } }
rules:
  - { name: good, when: { compliance: compliant }, permit: staff }
  - { name: rest, permit: quarantine }
`;
const MAC = 'A0-B1-C2-D3-00-01';
const STATION = { method: 'mab', userName: MAC, callingStationId: MAC, nasIpAddress: '10.1.1.1', acctSessionId: '1' };

const contract = new ApiContract();
const keys = new Map<string, string>();
const answered = new Set<string>();
let network: MemoryNetwork;

async function ask(name: RouteName, asked: Asked = {}): Promise<GivenAnswer> {
  const route: Route = ROUTES[name];
  const { method = route.methods[0] ?? 'GET', parts = {}, query = {}, headers = {}, body, by = 'ada' } = asked;
  const path = route.path.replaceAll(/\{\*?(\w+)\}/g, (_, part) => encodeURI(parts[part] ?? ''));
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const key = keys.get(by);
  const request = new HttpRequest({
    method,
    url: `https://nac.example/${path}?${new URLSearchParams(query)}`,
    query: { ...query },
    params: { ...parts },
    headers: {
      ...(key !== undefined && { 'x-api-key': key }),
      ...(text !== undefined && { 'content-length': String(Buffer.byteLength(text)) }),
      ...headers,
    },
    ...(text !== undefined && { body: { string: text } }),
  });
  const handler = routeHandler(name, ANSWERS[name]);
  const response = new HttpResponse(await network.run(() => handler(request, new InvocationContext())));
  const given = { status: response.status, headers: new Headers([...response.headers]), text: await response.text() };
  expect(contract.problemsOf(method, `/${route.path}`, given), `${name}: ${given.text}`).toEqual([]);
  for (const [header, value] of Object.entries(ANSWER_HEADERS)) expect(given.headers.get(header), name).toBe(value);
  answered.add(`${name} ${given.status}`);
  return given;
}

async function json(name: RouteName, asked: Asked = {}): Promise<Record<string, unknown>> {
  return JSON.parse((await ask(name, asked)).text);
}

async function refused(name: RouteName, asked: Asked): Promise<string> {
  const { status, text } = await ask(name, asked);
  return `${status} ${/<code>(\w+)<\/code>/.exec(text)?.[1] ?? JSON.parse(text).code}`;
}

beforeAll(async () => {
  for (const [name, value] of Object.entries(ENV)) vi.stubEnv(name, value);
  network = await MemoryNetwork.start({ env: { MASS_CHANGE_DEVICES: '2' } });
  opened.app = network.app;
  expect(connector()).toBe(network.app);
  keys.set('radius', await network.addClient('radius', 'hq'));
  keys.set('ise', await network.addClient('ise', 'hq', 'ise'));
  keys.set('ada', await network.addClient('ada', 'hq', 'administrator'));
  keys.set('olga', await network.addClient('olga', 'hq', 'operator'));
  keys.set('anna', await network.addClient('anna', 'hq', 'auditor'));
  for (let number = 1; number <= 6; number++) network.put(number);
  await network.sweep();
});

afterAll(async () => {
  await network.app.close();
  await network.background.close();
});

test('liveness', async () => {
  expect(await json('health', { by: 'a stranger' })).toEqual({ status: 'alive' });
});

test('policies and lists', async () => {
  const upload: Asked = { parts: { version: 'v1' }, body: POLICY, headers: { 'x-reason': 'f%C3%BCr%20Drucker' } };
  for (const status of [201, 200]) expect((await ask('upload-policy', upload)).status).toBe(status);
  const list: Asked = { parts: { list: 'printers' }, body: '00:11:22,printer' };
  for (const status of [201, 200]) expect((await ask('upload-mac-list', list)).status).toBe(status);
  expect((await ask('policy-text', { parts: { version: 'v1' } })).text).toBe(POLICY);
  expect((await ask('mac-list', { parts: { list: 'printers' } })).text).toBe('001122');
  await ask('activate-policy', { parts: { version: 'v1' }, body: { reason: 'it is good' } });
  await ask('roll-back-policy', { query: { from: 'v1' } });
  await ask('activate-policy', { parts: { version: 'v1' } });
  expect(await json('policies')).toMatchObject({ inForce: 'v1', rollbackTo: 'built-in' });
  await network.pass(120_000);
});

test('versions of sources', async () => {
  const body = JSON.stringify({ sources: [{ name: 'intune', kind: 'intune', signIn: 'settings', sites: ['hq'] }] });
  const upload: Asked = { parts: { version: 'v1' }, body };
  for (const status of [201, 200]) expect((await ask('upload-sources', upload)).status).toBe(status);
  expect((await ask('sources-text', { parts: { version: 'v1' } })).text).toBe(body);
  await ask('activate-sources', { parts: { version: 'v1' }, body: { reason: 'a new tenant' } });
  expect(await json('sources', { by: 'anna' })).toMatchObject({ inForce: 'v1', rollbackTo: 'built-in' });
  await network.pass(61_000);
  expect(await json('poll-status')).toMatchObject({ sourcesVersion: 'v1' });
  await ask('roll-back-sources', { query: { from: 'v1' } });
  expect(await json('sources')).toMatchObject({ inForce: 'built-in' });
});

test('a lookup in each form, and accounting', async () => {
  const by = 'radius';
  expect(await json('lookup', { by, body: STATION })).toMatchObject({ decision: 'permit', role: 'staff' });
  for (const format of ['text', 'whole', 'rlm_rest']) {
    expect((await ask('lookup', { by, query: { format }, body: STATION })).text).toContain('staff');
  }
  const whole = { accept: 'text/plain', prefer: 'answer=whole' };
  expect((await ask('lookup', { by, headers: whole, body: STATION })).text).toContain('Filter-Id=staff');
  const denied = await json('lookup', { by, body: { ...STATION, method: 'none' } });
  expect(denied).toMatchObject({ decision: 'deny', standing: 'notAuthenticated' });
  const { decisionId } = await json('lookup', { by, body: STATION });
  const record = { ...STATION, status: 'Start', class: decisionId, packetSourceIp: '10.1.1.1' };
  expect(await json('accounting', { by, body: record })).toEqual({ changed: 1 });
});

test('Cisco’s MDM API', async () => {
  const by = 'ise';
  const { text } = await ask('ciscoise', { by, parts: { rest: 'mdminfo' }, query: { ise_api_version: '3' } });
  expect(text).toContain('<api_path>/ciscoise/mdmapi/v3</api_path>');
  const parts = { instance: 'hq', rest: 'mdmapi/v1/devices/0/macaddress/A0B1C2D30001/all' };
  expect((await ask('ciscoise-instance', { by, parts })).text).toContain('<status>true</status>');
});

test('decisions', async () => {
  const { decisions } = await json('decisions', { query: { decision: 'permit', limit: '1' }, by: 'olga' });
  const [{ decision }] = decisions as [{ decision: { id: string } }];
  const parts = { id: decision.id };
  await ask('search-decisions', { body: { mac: MAC, since: '1d' }, by: 'anna' });
  expect(await json('decision', { parts })).toMatchObject({ rules: [{ rule: 'good', matched: true }, {}] });
  expect(await json('replay-decision', { parts })).toMatchObject({ sameOutcome: false });
  expect(await json('what-if', { body: POLICY, query: { site: 'hq' } })).toMatchObject({ complete: true });
  const other = POLICY.replace('permit: staff', 'permit: quarantine');
  expect(await json('what-if', { body: other })).toMatchObject({ sessions: { changing: 1 }, fleet: { looked: 6 } });
});

test('overrides', async () => {
  const block: Asked = { body: { mac: MAC, block: true, until: '4h', reason: 'stolen' }, by: 'olga' };
  const made = await json('make-override', block);
  expect((await ask('make-override', block)).status).toBe(200);
  const certificate = { serial: '0a', issuer: 'CN=Issuing CA' };
  await ask('make-override', { body: { certificate, role: 'staff', until: '1d', reason: 'a guest' } });
  await ask('make-override', { body: { device: 'PC-0002', block: true, until: '1d', reason: 'lost' } });
  await ask('make-override', { body: { user: 'jane@contoso.com', block: true, until: '1d', reason: 'left' } });
  expect((await json('overrides'))['overrides']).toHaveLength(4);
  await network.pass(30_000);
  const body = { ...STATION };
  expect(await json('lookup', { by: 'radius', body })).toMatchObject({ rule: 'override/block', decision: 'deny' });
  await ask('decisions', { query: { rule: 'override/block' } });
  await ask('end-override', { parts: { id: String(made['id']) }, body: { reason: 'found' } });
  await ask('overrides');
  await network.pass(30_000);
  expect(await json('lookup', { by: 'radius', body })).toMatchObject({ role: 'staff' });
});

test('a change becomes a job, which the NAS refuses and an operator sends again', async () => {
  network.put(1, { complianceState: 'noncompliant' });
  await network.poll();
  await network.enforce();
  for (const job of await network.takeJobs()) {
    await network.report(job, {
      outcome: 'refused',
      errorCause: { code: 404, name: 'Invalid-Request' },
      hint: 'Look.',
    });
  }
  const { jobs } = await json('jobs', { query: { stage: 'refused' } });
  const [job] = jobs as [{ id: string; site: string }];
  expect(await json('resend-job', { parts: { id: job.id, site: 'hq' } })).toMatchObject({ site: 'hq' });
  await ask('jobs', { query: { notEnforced: 'true' }, by: 'anna' });
  const { decisionId } = await json('lookup', { by: 'radius', body: STATION });
  await ask('decision', { parts: { id: String(decisionId) } });
});

test('devices', async () => {
  for (const name of ['refresh-device', 'reauthenticate', 'disconnect'] as const) {
    expect(await json(name, { parts: { id: 'PC-0001' }, by: 'olga' })).toMatchObject({ source: { read: 'found' } });
  }
  network.removeDevice('00060000-0000-4000-8000-000000000006');
  expect(await json('refresh-device', { parts: { id: 'PC-0006' } })).toMatchObject({ source: { read: 'absent' } });
});

test('the poll, and what its breaker holds', async () => {
  expect(await json('poll-sweep', { body: { reason: 'look again' } })).toEqual({ sweep: 'asked-for' });
  for (const number of [3, 4, 5]) network.put(number, { complianceState: 'noncompliant' });
  await network.sweep();
  const { held } = await json('poll-status');
  const [{ runId }] = held as [{ runId: string }];
  const body = { runId, reason: 'the new compliance policy' };
  await ask('jobs', { query: { notEnforced: 'true' } });
  await ask('poll-refuse', { body });
  await ask('poll-status', { by: 'anna' });
  expect(await json('poll-release', { body })).toMatchObject({ released: { released: { by: 'ada' } } });
});

test('the overview, again when something changed alone', async () => {
  await network.poll();
  await network.run(() => network.background.count(120_000));
  const first = await ask('overview', { by: 'anna' });
  expect(JSON.parse(first.text)).toMatchObject({
    freshness: [{ source: 'intune', sweeps: true, reachable: true }],
    policy: { version: 'v1' },
    jobs: { notEnforced: [{ site: 'hq' }] },
  });
  const headers = { 'if-none-match': String(first.headers.get('etag')) };
  expect((await ask('overview', { by: 'anna', headers })).status).toBe(304);
  expect((await ask('overview', { headers: { 'if-none-match': '"another"' } })).status).toBe(200);
});

test('what people look up', async () => {
  const by = 'anna';
  const { decisionId } = await json('lookup', { by: 'radius', body: STATION });
  await network.pass(2_000);
  await json('accounting', { by: 'radius', body: { ...STATION, status: 'Interim-Update', class: decisionId } });
  const { clients } = await json('clients', { by });
  expect(clients).toContainEqual(expect.objectContaining({ kind: 'radius', site: 'hq', keys: 1 }));
  const { sessions } = await json('sessions', { query: { site: 'hq', live: 'true' }, by });
  const [session] = sessions as [{ id: string; device: { id: string }; wanted: object; enforced: boolean }];
  expect(session).toMatchObject({ wanted: { rule: expect.any(String) }, enforced: true, proof: 'proven' });
  await ask('sessions', { query: { notEnforced: 'true' }, by });
  const kinds = async (q: string) => {
    const { hits } = await json('search', { query: { q }, by });
    return (hits as { kind: string; foundBy: string }[]).map(({ kind, foundBy }) => `${kind} by ${foundBy}`);
  };
  expect(await kinds('a0b1.c2d3.0001')).toEqual(['session by MAC address', 'device by MAC address']);
  expect(await kinds('A0:B1:C2')).toHaveLength(5);
  expect(await kinds('pc-0001')).toEqual(['device by device name']);
  expect(await kinds('d3:00:01')).toEqual(['device by last digits of a MAC address']);
  expect(await kinds('SN0001')).toEqual(['device by serial number']);
  expect(await kinds(session.id)).toEqual(['session by session id']);
  expect(await kinds(session.device.id)).toEqual(['device by device id']);
  const byBody = await json('search', { method: 'POST', body: { q: MAC }, by });
  expect(byBody).toMatchObject({ q: MAC, complete: true, hits: [{ kind: 'session' }, { kind: 'device' }] });
  const { jobs } = await json('jobs', { query: { limit: '1' } });
  expect(await kinds((jobs as [{ id: string }])[0].id)).toEqual(['job by job id']);
  const device = await json('device', { parts: { id: 'PC-0001' }, by });
  expect(device).toMatchObject({
    name: 'PC-0001',
    advice: { who: expect.any(String) },
    records: [{ source: 'intune' }],
  });
  expect(await json('device', { parts: { id: session.device.id } })).toMatchObject({ complete: true });
  const gets = await json('what-it-gets', { parts: { id: 'PC-0002' }, query: { site: 'hq', ssid: 'corp' }, by });
  expect(gets).toMatchObject({ assumed: { site: 'hq', ssid: 'corp', medium: 'wireless' }, rule: expect.any(String) });
  for (let tick = 0; tick < 3; tick++) {
    await network.pass(300_000);
    await network.run(() => network.background.count(120_000));
  }
  const hits = await json('policy-hits', { query: { since: '1d' }, by });
  expect(hits).toMatchObject({ countedUntil: expect.any(String) });
});

test('the audit', async () => {
  const { entries, next } = await json('audit', { query: { limit: '2' } });
  expect(entries).toHaveLength(2);
  await ask('audit', { query: { after: String(next) }, by: 'anna' });
});

describe('a refusal', () => {
  const credentialed = namedRoutes().filter(([, { needs, speaksXml }]) => needs !== 'nothing' && !speaksXml);

  test.each(['ciscoise', 'ciscoise-instance'] as const)('of a stranger by %s asks for Basic, in XML', async (name) => {
    for (const headers of [{}, { 'x-api-key': `ise.${'0'.repeat(64)}` }] as Record<string, string>[]) {
      const given = await ask(name, { by: 'a stranger', headers, parts: { instance: 'hq', rest: 'mdminfo' } });
      expect(given.status).toBe(401);
      expect(given.headers.get('www-authenticate')).toBe('Basic realm="MDM API", charset="UTF-8"');
    }
  });

  test.each(credentialed)('of a stranger by %s has a challenge that no browser asks a password for', async (name) => {
    const without = await ask(name, { by: 'a stranger' });
    expect(without.status).toBe(401);
    expect(without.headers.get('www-authenticate')).toBe('Bearer realm="connector"');
    const wrong = await ask(name, { by: 'a stranger', headers: { 'x-api-key': `ada.${'0'.repeat(64)}` } });
    expect(wrong.status).toBe(401);
    expect(wrong.headers.get('www-authenticate')).toBe('Bearer realm="connector", error="invalid_token"');
  });

  test.each([
    ...(['lookup', 'accounting'] as const).map((name) => [name, '400 NAC_REQUEST_FIELD'] as const),
    ...credentialed
      .filter(([, { needs }]) => needs !== 'ask')
      .map(([name]) => [name, '401 NAC_CLIENT_CREDENTIAL'] as const),
  ])('by %s of HTTP Basic is %s', async (name, expected) => {
    const by = name === 'lookup' || name === 'accounting' ? 'radius' : 'ada';
    const authorization = `Basic ${Buffer.from(String(keys.get(by)).replace('.', ':')).toString('base64')}`;
    expect(await refused(name, { by: 'a stranger', headers: { authorization }, body: { userName: 7 } })).toBe(expected);
  });

  test.each<[RouteName, Asked, string]>([
    ['lookup', { by: 'radius', body: 'no JSON' }, '400 NAC_REQUEST_NOT_JSON'],
    ['lookup', { by: 'radius', body: {}, query: { format: 'xml' } }, '400 NAC_REQUEST_FIELD'],
    ['lookup', { by: 'radius', body: 'x'.repeat(70_000) }, '413 NAC_REQUEST_TOO_LARGE'],
    ['accounting', { by: 'radius', body: { status: 'Begin' } }, '400 NAC_REQUEST_FIELD'],
    ['accounting', { by: 'radius', headers: { 'transfer-encoding': 'chunked' } }, '411 NAC_REQUEST_CHUNKED'],
    ['ciscoise', { by: 'ise', parts: { rest: 'nothing' } }, '404 NAC_MDM_PATH'],
    ['ciscoise', { by: 'ise', parts: { rest: 'devices' } }, '400 NAC_MDM_QUESTION'],
    ['ciscoise', { method: 'POST', by: 'ise', parts: { rest: 'batchdevices' } }, '400 NAC_MDM_QUESTION'],
    ['ciscoise', { method: 'PUT', by: 'ise', parts: { rest: 'sendmessage' }, body: '<a>' }, '400 NAC_REQUEST_NOT_XML'],
    ['ciscoise', { method: 'POST', by: 'ise', body: 'x'.repeat(40_000) }, '413 NAC_REQUEST_TOO_LARGE'],
    ['ciscoise-instance', { by: 'ada', parts: { instance: 'a', rest: 'mdminfo' } }, '401 NAC_CLIENT_CREDENTIAL'],
    ['decisions', { query: { mac: MAC } }, '400 NAC_REQUEST_FIELD'],
    ['decisions', { query: { site: 'branch' }, by: 'olga' }, '403 NAC_CLIENT_SITE'],
    ['search-decisions', { body: '[]' }, '400 NAC_REQUEST_NOT_JSON'],
    ['search-decisions', { body: { site: 'branch' }, by: 'olga' }, '403 NAC_CLIENT_SITE'],
    ['decision', { parts: { id: 'none' } }, '400 NAC_DECISION_UNKNOWN'],
    ['replay-decision', { parts: { id: 'none' } }, '400 NAC_DECISION_UNKNOWN'],
    ['jobs', { query: { stage: 'lost' } }, '400 NAC_REQUEST_FIELD'],
    ['jobs', { query: { site: 'branch' }, by: 'olga' }, '403 NAC_CLIENT_SITE'],
    ['resend-job', { parts: { site: 'hq', id: 'none' } }, '404 NAC_JOB_UNKNOWN'],
    ['resend-job', { parts: { site: 'branch', id: 'none' }, by: 'olga' }, '403 NAC_CLIENT_SITE'],
    ['refresh-device', { parts: { id: 'none' } }, '400 NAC_DEVICE_UNKNOWN'],
    ['reauthenticate', { parts: { id: MAC } }, '400 NAC_REQUEST_FIELD'],
    ['disconnect', { parts: { id: 'none' }, body: { why: '' } }, '400 NAC_REQUEST_FIELD'],
    ['make-override', { body: { mac: MAC } }, '400 NAC_REQUEST_FIELD'],
    ['make-override', { body: { mac: MAC, role: 'none', until: '1d', reason: 'x' } }, '400 NAC_OVERRIDE_ROLE'],
    [
      'make-override',
      { body: { mac: MAC, block: true, until: '1d', reason: 'x', site: 'branch' }, by: 'olga' },
      '403 NAC_CLIENT_SITE',
    ],
    ['end-override', { parts: { id: 'none' } }, '404 NAC_OVERRIDE_UNKNOWN'],
    ['policy-text', { parts: { version: 'none' } }, '400 NAC_POLICY_VERSION'],
    ['upload-policy', { parts: { version: 'v2' }, body: 'rules: 7' }, '400 NAC_POLICY'],
    ['upload-policy', { parts: { version: 'v2' }, body: POLICY, by: 'olga' }, '403 NAC_CLIENT_SITE'],
    ['activate-policy', { parts: { version: 'none' } }, '400 NAC_POLICY_VERSION'],
    ['roll-back-policy', { query: { from: 'none' } }, '400 NAC_POLICY_VERSION'],
    ['sources-text', { parts: { version: 'none' } }, '400 NAC_SOURCES_VERSION'],
    ['sources-text', { parts: { version: 'v1' }, by: 'olga' }, '403 NAC_CLIENT_SITE'],
    ['upload-sources', { parts: { version: 'v2' }, body: 'sources: 7' }, '400 NAC_SOURCES'],
    ['upload-sources', { parts: { version: 'v2' }, body: 'sources: 7', by: 'olga' }, '403 NAC_CLIENT_SITE'],
    ['activate-sources', { parts: { version: 'none' } }, '400 NAC_SOURCES_VERSION'],
    ['activate-sources', { parts: { version: 'v1' }, by: 'olga' }, '403 NAC_CLIENT_SITE'],
    ['roll-back-sources', { query: { from: 'none' } }, '400 NAC_SOURCES_VERSION'],
    ['what-if', { body: POLICY, query: { medium: 'air' } }, '400 NAC_REQUEST_FIELD'],
    ['mac-list', { parts: { list: 'none' } }, '400 NAC_MAC_LIST_NAME'],
    ['upload-mac-list', { parts: { list: 'none' }, body: 'no address' }, '400 NAC_MAC_LIST'],
    ['poll-release', { body: { runId: 'none', reason: 'x' } }, '400 NAC_POLL_RUN_UNKNOWN'],
    ['poll-refuse', { body: { runId: 'none' } }, '400 NAC_REQUEST_FIELD'],
    ['poll-sweep', { by: 'olga' }, '401 NAC_CLIENT_CREDENTIAL'],
    ['search', {}, '400 NAC_REQUEST_FIELD'],
    ['search', { method: 'POST', body: { q: 7 } }, '400 NAC_REQUEST_FIELD'],
    ['search', { method: 'POST', body: '[]' }, '400 NAC_REQUEST_NOT_JSON'],
    ['sessions', { query: { site: 'branch' }, by: 'olga' }, '403 NAC_CLIENT_SITE'],
    ['sessions', { query: { after: 'x' } }, '400 NAC_REQUEST_FIELD'],
    ['device', { parts: { id: 'none' } }, '400 NAC_DEVICE_UNKNOWN'],
    ['what-it-gets', { parts: { id: 'none' } }, '400 NAC_DEVICE_UNKNOWN'],
    ['what-it-gets', { parts: { id: 'PC-0001' }, query: { site: 'branch' }, by: 'olga' }, '403 NAC_CLIENT_SITE'],
    ['what-it-gets', { parts: { id: 'PC-0001' }, query: { method: 'magic' } }, '400 NAC_REQUEST_FIELD'],
    ['policy-hits', { query: { since: '1d', until: '2d' } }, '400 NAC_REQUEST_FIELD'],
    ['audit', { query: { sit: 'hq' } }, '400 NAC_REQUEST_FIELD'],
    ['audit', { query: { site: 'branch' }, by: 'olga' }, '403 NAC_CLIENT_SITE'],
  ])('by %s of %j is %s', async (name, asked, expected) => {
    expect(await refused(name, asked)).toBe(expected);
  });
});

/**
 * The doctor opens its own connections, and waits for each that is not there: its report has its type alone as a
 * witness.
 */
test('every success that the table of routes names was answered here, but for the doctor', () => {
  const answerable = namedRoutes().filter(([name]) => name !== 'doctor');
  const promised = answerable.flatMap(([name, { answers }]) =>
    Object.keys(answers).map((status) => `${name} ${status}`),
  );
  expect(promised.filter((each) => !answered.has(each))).toEqual([]);
});
