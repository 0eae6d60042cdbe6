// People at every route of the table, by token: who gets in, who lacks a role, and what a person of some sites sees.
// The functions themselves, over services in memory; the tokens are signed, and checked, as Entra's are.

import { HttpRequest, HttpResponse, InvocationContext } from '@azure/functions';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ANSWERS } from '../../../functions/answers.ts';
import { connector } from '../../../functions/connector.ts';
import { routeHandler } from '../../../functions/http-route.ts';
import type { App } from '../../../shared/app.ts';
import { grantsOfRoles } from '../../../shared/domain/grants.ts';
import type { Method, Route } from '../../../shared/http/route.ts';
import { isForPeople, namedRoutes, ROUTES, type RouteName } from '../../../shared/http/routes.ts';
import { ApiContract } from '../../support/api-contract.ts';
import { AUTHORITY, CONSOLE, EntraPeople, OID, TENANT } from '../../support/entra-people.ts';
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

const ENV = {
  ENTRA_TENANT_ID: TENANT,
  ENTRA_CLIENT_ID: '00000000-0000-4000-8000-00000000000b',
  ENTRA_CLIENT_SECRET: 'secret',
  ENTRA_AUTHORITY_HOST: AUTHORITY,
  CONSOLE_CLIENT_ID: CONSOLE,
  StorageConnection: 'AccountName=memory;AccountKey=a2V5;TableEndpoint=http://memory',
  ServiceBusConnection: 'Endpoint=sb://memory/;SharedAccessKeyName=n;SharedAccessKey=k',
};
const SITES = ['hq', 'branch', 'depot'];
const REST = 'roles: { r: { vlan: 1 } }\nrules: [{ name: all, reject: true }]\n';

const contract = new ApiContract();
let network: MemoryNetwork;
let entra: EntraPeople;
let adminKey = '';
const decisionAt = new Map<string, string>();
const keyAt = new Map<string, string>();

beforeAll(async () => {
  for (const [name, value] of Object.entries(ENV)) vi.stubEnv(name, value);
  entra = new EntraPeople(() => network.time.now);
  network = await MemoryNetwork.start({ env: ENV, signInTransport: entra.transport });
  opened.app = network.instance();
  connector();
  adminKey = await network.addClient('ada', 'hq', 'administrator');
  for (const number of [1, 2, 3]) network.put(number);
  await network.sweep();
  for (const [index, site] of SITES.entries()) {
    const key = await network.addClient(`radius-of-${site}`, site);
    keyAt.set(site, key);
    const mac = `A0-B1-C2-D3-00-0${index + 1}`;
    const body = { method: 'mab', userName: mac, callingStationId: mac, nasIpAddress: `10.1.1.${index + 1}` };
    const { json } = await ask('lookup', { headers: { 'x-api-key': key }, body });
    decisionAt.set(site, String(json['decisionId']));
  }
  for (const site of [...SITES, undefined]) {
    const body = {
      user: 'jane@contoso.com',
      block: true,
      until: '1d',
      reason: `for ${site ?? 'all'}`,
      ...(site && { site }),
    };
    const { status } = await ask('make-override', { headers: { 'x-api-key': adminKey }, body });
    expect(status).toBe(201);
  }
  for (const number of [1, 2, 3]) network.put(number, { complianceState: 'noncompliant' });
  await network.poll();
});

afterAll(() => vi.unstubAllEnvs());

interface Asked {
  readonly method?: Method;
  readonly parts?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

async function ask(name: RouteName, { method, parts = {}, query = {}, headers = {}, body }: Asked = {}) {
  const route: Route = ROUTES[name];
  const verb = method ?? route.methods[0] ?? 'GET';
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, part) => encodeURIComponent(parts[part] ?? ''));
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const request = new HttpRequest({
    method: verb,
    url: `https://nac.example/${path}?${new URLSearchParams(query)}`,
    query: { ...query },
    params: { ...parts },
    headers: { ...(text !== undefined && { 'content-length': String(Buffer.byteLength(text)) }), ...headers },
    ...(text !== undefined && { body: { string: text } }),
  });
  const handler = routeHandler(name, ANSWERS[name]);
  const response = new HttpResponse(await network.run(() => handler(request, new InvocationContext())));
  const given = { status: response.status, headers: new Headers([...response.headers]), text: await response.text() };
  expect(contract.problemsOf(verb, `/${route.path}`, given), `${name}: ${given.text}`).toEqual([]);
  return { ...given, json: given.text.startsWith('{') ? (JSON.parse(given.text) as Record<string, unknown>) : {} };
}

async function bearer(...roles: string[]): Promise<Record<string, string>> {
  return { authorization: `Bearer ${await entra.token({ roles: roles.length > 0 ? roles : undefined })}` };
}

const PEOPLE = {
  auditor: ['NAC.Auditor'],
  operator: ['NAC.Operator'],
  administrator: ['NAC.Administrator'],
  'auditor of a site': ['NAC.Auditor.hq'],
  'operator of a site': ['NAC.Operator.hq'],
  'person without a role': [],
  'person with roles of other apps, and of other spellings': [
    ...['NAC.Reader', 'NAC.Admin', 'nac.administrator', 'NAC.Administrator.hq', 'NAC.Auditor.', 'NAC.Auditor.HQ'],
    ...[
      'NAC.Operator.hq.branch',
      'XNAC.Administrator',
      'NAC.Administrator ',
      'toString',
      '__proto__',
      'NAC.constructor',
    ],
  ],
};

/** The doctor waits for connections that are not there. */
const OF_PEOPLE = namedRoutes().filter(([name, route]) => isForPeople(route) && name !== 'doctor');

describe.each(Object.entries(PEOPLE))('a person: %s', (_, roles) => {
  test.each(OF_PEOPLE)('is let in by %s, or learns which role is missing', async (name, route) => {
    const sites = grantsOfRoles(roles)[route.needs as 'read' | 'act' | 'administer'];
    const mayAsk = sites === 'every' || sites.size > 0;
    const parts = { site: 'hq', id: 'none', version: 'none', list: 'none' };
    const { status, json, headers } = await ask(name, { parts, headers: await bearer(...roles) });
    if (mayAsk) {
      expect([401, 500]).not.toContain(status);
      expect(json['code']).not.toBe('NAC_ROLE_MISSING');
      return;
    }
    expect({ status, code: json['code'] }).toEqual({ status: 403, code: 'NAC_ROLE_MISSING' });
    const needed = { read: 'NAC.Auditor', act: 'NAC.Operator', administer: 'NAC.Administrator' }[String(route.needs)];
    expect(json['message']).toContain(needed);
    expect(headers.get('www-authenticate')).toBe('Bearer realm="connector", error="insufficient_scope"');
  });
});

describe('a token', () => {
  test.each(namedRoutes().filter(([, { needs }]) => needs === 'ask'))(
    'is nothing to %s, which is for RADIUS servers',
    async (name) => {
      const { status, json, headers } = await ask(name, { headers: await bearer('NAC.Administrator') });
      expect({ status, code: json['code'] }).toEqual({ status: 401, code: 'NAC_CLIENT_CREDENTIAL' });
      expect(headers.get('www-authenticate')).toBe('Bearer realm="connector"');
    },
  );

  test.each(OF_PEOPLE)('that has expired is refused by %s before anything else is looked at', async (name) => {
    const token = await entra.token({ roles: ['NAC.Administrator'], exp: Math.floor(network.time.now / 1000) - 3_600 });
    const { status, json, headers } = await ask(name, { headers: { authorization: `Bearer ${token}` } });
    expect({ status, code: json['code'], field: json['field'] }).toEqual({
      status: 401,
      code: 'NAC_TOKEN',
      field: 'Authorization',
    });
    expect(headers.get('www-authenticate')).toBe('Bearer realm="connector", error="invalid_token"');
  });

  test.each(['Bearer', 'Bearer ', 'bearer x', `Bearer ${'x'.repeat(50_000)}`, 'Bearer a.b.c, Basic YTpi'])(
    'that is none is refused (%#)',
    async (authorization) => {
      const { status, json } = await ask('audit', { headers: { authorization } });
      expect({ status, code: json['code'] }).toEqual({ status: 401, code: 'NAC_TOKEN' });
    },
  );

  test('stands behind an API key, as documented', async () => {
    const headers = { ...(await bearer('NAC.Administrator')), 'x-api-key': `ada.${'0'.repeat(64)}` };
    expect((await ask('audit', { headers })).json['code']).toBe('NAC_CLIENT_CREDENTIAL');
  });

  test('is no way in by headers that a platform would set', async () => {
    const principal = Buffer.from(JSON.stringify({ claims: [{ typ: 'roles', val: 'NAC.Administrator' }] })).toString(
      'base64',
    );
    const headers = { 'x-ms-client-principal': principal, 'x-ms-client-principal-id': OID };
    expect((await ask('audit', { headers })).status).toBe(401);
  });

  test('leaves one line in the log, however many strangers send one, and no word of theirs', async () => {
    network.log.length = 0;
    for (let number = 0; number < 50; number++)
      await ask('audit', { headers: { authorization: `Bearer stranger-${number}` } });
    const lines = network.log.filter(({ event }) => event === 'person.refused');
    expect(lines.length).toBeLessThanOrEqual(1);
    expect(JSON.stringify(network.log)).not.toContain('stranger');
  });
});

describe('a person of one site, or of several', () => {
  const CASES: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['one', ['NAC.Operator.hq'], ['hq']],
    ['two', ['NAC.Auditor.hq', 'NAC.Operator.depot'], ['hq', 'depot']],
    ['two, with an unknown one', ['NAC.Auditor.branch', 'NAC.Auditor.nowhere'], ['branch']],
    [
      'more than a query of the store takes',
      [...Array(30).keys()].map((n) => `NAC.Auditor.s${n}`).concat('NAC.Auditor.hq'),
      ['hq'],
    ],
    ['all, by a role without one', ['NAC.Auditor', 'NAC.Operator.hq'], SITES],
    ['all, as an administrator', ['NAC.Administrator'], SITES],
  ];

  test.each(CASES)('(%s) sees the decisions, jobs and overrides of these alone', async (_, roles, seen) => {
    const headers = await bearer(...roles);
    const sitesIn = (list: unknown): string[] =>
      [...new Set((list as { site?: string }[]).flatMap(({ site }) => site ?? []))].sort();
    const wanted = [...seen].sort();
    expect(sitesIn((await ask('decisions', { headers })).json['decisions'])).toEqual(wanted);
    expect(sitesIn((await ask('search-decisions', { headers, body: {} })).json['decisions'])).toEqual(wanted);
    expect(sitesIn((await ask('overrides', { headers })).json['overrides'])).toEqual(wanted);
    const jobs = sitesIn((await ask('jobs', { headers })).json['jobs']);
    expect(jobs.filter((site) => !seen.includes(site))).toEqual([]);
    expect(sitesIn((await ask('audit', { headers })).json['entries'])).toEqual(wanted);
    expect(sitesIn((await ask('sessions', { headers })).json['sessions'])).toEqual(wanted);
    const others = SITES.filter((site) => !seen.includes(site));
    const about = [
      await ask('overview', { headers }),
      await ask('policy-hits', { headers }),
      await ask('device', { headers, parts: { id: '00020000-0000-4000-8000-000000000002' } }),
      await ask('search', { headers, query: { q: 'PC-0002' } }),
    ];
    for (const { status, text } of about) {
      expect(status, text).toBe(200);
      for (const site of others) expect(text).not.toContain(`"${site}"`);
    }
    for (const site of SITES) {
      const parts = { id: decisionAt.get(site) ?? '' };
      const isSeen = seen.includes(site);
      expect((await ask('decision', { headers, parts })).status).toBe(isSeen ? 200 : 400);
      expect((await ask('replay-decision', { headers, parts })).status).toBe(isSeen ? 200 : 400);
      for (const name of ['decisions', 'jobs', 'audit'] as const) {
        const { status, json } = await ask(name, { headers, query: { site } });
        expect({ name, status, code: json['code'] }).toEqual(
          isSeen ? { name, status: 200, code: undefined } : { name, status: 403, code: 'NAC_CLIENT_SITE' },
        );
      }
    }
    const { sessions, enforcing } = (await ask('what-if', { headers, body: REST })).json as {
      sessions: { bySite?: Record<string, number>; examples?: { site: string }[] };
      enforcing: { secondsBySite: object };
    };
    expect(Object.keys(sessions.bySite ?? {}).filter((site) => !seen.includes(site))).toEqual([]);
    expect((sessions.examples ?? []).filter(({ site }) => !seen.includes(site))).toEqual([]);
    expect(Object.keys(enforcing.secondsBySite).filter((site) => !seen.includes(site))).toEqual([]);
  });

  test('acts where it is an operator, and not where it is an auditor', async () => {
    const headers = await bearer('NAC.Auditor', 'NAC.Operator.hq');
    const block = (site?: string) => ({
      mac: 'a0:b1:c2:d3:00:09',
      block: true,
      until: '1d',
      reason: 'x',
      ...(site && { site }),
    });
    expect((await ask('make-override', { headers, body: block('branch') })).json['code']).toBe('NAC_CLIENT_SITE');
    expect((await ask('make-override', { headers, body: block() })).json).toMatchObject({ site: 'hq', created: true });
    expect((await ask('resend-job', { headers, parts: { site: 'depot', id: 'x' } })).status).toBe(403);
    expect((await ask('resend-job', { headers, parts: { site: 'hq', id: 'x' } })).status).toBe(404);
    const several = await bearer('NAC.Operator.hq', 'NAC.Operator.depot');
    expect((await ask('make-override', { headers: several, body: block() })).json['code']).toBe('NAC_CLIENT_SITE');
    expect((await ask('make-override', { headers: several, body: block('depot') })).status).toBe(201);
  });

  test('ends no override of another site, nor one of every site', async () => {
    const { overrides } = (await ask('overrides', { headers: { 'x-api-key': adminKey } })).json;
    const headers = await bearer('NAC.Operator.hq', 'NAC.Operator.depot');
    const idOf = (reason: string) =>
      (overrides as { id: string; reason: string }[]).find((each) => each.reason === reason)?.id ?? '';
    expect((await ask('end-override', { headers, parts: { id: idOf('for branch') } })).status).toBe(404);
    expect((await ask('end-override', { headers, parts: { id: idOf('for all') } })).status).toBe(403);
    expect((await ask('end-override', { headers, parts: { id: idOf('for depot') } })).status).toBe(200);
  });

  test('has its CoA go to stations of these sites, with an entry for each', async () => {
    const headers = await bearer('NAC.Operator.hq', 'NAC.Operator.branch');
    const parts = { id: '00020000-0000-4000-8000-000000000002' };
    expect((await ask('reauthenticate', { headers, parts })).json['jobs']).toHaveLength(1);
    const elsewhere = await bearer('NAC.Operator.depot');
    expect((await ask('disconnect', { headers: elsewhere, parts })).json['jobs']).toEqual([]);
    const { entries } = (await ask('audit', { headers: { 'x-api-key': adminKey } })).json;
    const made = (entries as Record<string, string>[]).filter(({ action }) => action === 'reauthenticate');
    expect(made.map(({ site }) => site).sort()).toEqual(['branch', 'hq']);
  });
});

describe('the audit', () => {
  test('names a person by the object id, with the name to be read; the log has the id alone', async () => {
    network.log.length = 0;
    const token = await entra.token({ roles: ['NAC.Administrator'], preferred_username: 'eve\u202Enimda\n<b>' });
    const headers = { authorization: `Bearer ${token}` };
    await ask('poll-sweep', { headers, body: { reason: 'look again' } });
    const { entries } = (await ask('audit', { headers, query: { limit: '1' } })).json;
    expect(entries).toMatchObject([
      { by: OID, byName: 'eve nimda <b>', from: 'sign-in', action: 'sweep-now', reason: 'look again' },
    ]);
    const [line] = network.log.filter(({ event }) => event === 'audit');
    expect(line?.fields).toMatchObject({ by: OID, from: 'sign-in' });
    expect(JSON.stringify(network.log)).not.toContain('nimda');
  });
});

describe('a page of another site', () => {
  test.each(OF_PEOPLE.filter(([, { methods }]) => !methods.includes('GET')))('changes nothing by %s', async (name) => {
    for (const from of ['cross-site', 'same-site', 'anything']) {
      const headers = { ...(await bearer('NAC.Administrator')), 'sec-fetch-site': from };
      const { status, json } = await ask(name, { headers });
      expect({ status, code: json['code'] }).toEqual({ status: 403, code: 'NAC_REQUEST_CROSS_SITE' });
    }
    const headers = { ...(await bearer('NAC.Administrator')), 'sec-fetch-site': 'same-origin' };
    expect((await ask(name, { headers })).json['code']).not.toBe('NAC_REQUEST_CROSS_SITE');
  });
});
