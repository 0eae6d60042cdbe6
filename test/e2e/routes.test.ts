// Every route the function app registers, walked over HTTPS: who gets in, and who does not.

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LocalStack, startLocalStack } from '../../local/local-stack.ts';
import { openClientRegistry } from '../../shared/app/client-registry.ts';
import { concurrently } from '../../shared/concurrently.ts';
import { CLIENT_KINDS, type ClientKind } from '../../shared/domain/client.ts';
import { isPermitted, type Permission } from '../../shared/domain/permission.ts';
import { FunctionLines } from '../support/function-lines.ts';
import { type LookupHttpClient, lookupHttpClient } from '../support/lookup-http-client.ts';

const ROOT = join(import.meta.dirname, '../..');
const SITE = 'local';
const DEVICE = '00000000-0000-4000-8000-000000000000';

/** What each route asks for, as docs/security.md has it. Liveness alone is for everybody. */
const NEEDED: Readonly<Record<Permission, readonly string[]>> = {
  ask: ['accounting', 'lookup'],
  'ask-mdm': ['ciscoise', 'ciscoise-instance'],
  read: [
    ...[
      'audit',
      'clients',
      'decision',
      'decisions',
      'doctor',
      'jobs',
      'mac-list',
      'overrides',
      'policies',
      'policy-text',
    ],
    ...['device', 'overview', 'policy-hits', 'search', 'sessions', 'what-it-gets', 'poll-status'],
    ...['replay-decision', 'search-decisions', 'sources', 'sources-text', 'what-if'],
  ],
  act: ['disconnect', 'end-override', 'make-override', 'reauthenticate', 'refresh-device', 'resend-job'],
  administer: [
    ...['activate-policy', 'poll-refuse', 'poll-release', 'poll-sweep', 'roll-back-policy', 'upload-mac-list'],
    ...['activate-sources', 'roll-back-sources', 'upload-policy', 'upload-sources'],
  ],
};
const OF_EVERYBODY = new Set(['health']);
/** A RADIUS server may have no way to set a header. */
const TAKES_BASIC = new Set(['accounting', 'lookup', 'ciscoise', 'ciscoise-instance']);
/** Over the limit of every route, below that of the host. */
const LARGE_BODY = 'x'.repeat(300_000);
/** Who is refused waits, so not one after the other; and it is about who gets in, not about a flood. */
const AT_ONCE = 25;

interface Route {
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly route: string;
}

let folder: string;
let stack: LocalStack;
let http: LookupHttpClient;
let routes: readonly Route[];
const keys = new Map<ClientKind, string>();
const lines = new FunctionLines();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nac-routes-'));
  stack = await startLocalStack({
    appFolder: ROOT,
    dataFolder: folder,
    // All routes at once, many times: nothing here is about how fast the store answers.
    env: { MINIMUM_ASSURANCE: 'mac', LOOKUP_DEADLINE: '10s' },
    fleetSize: 1,
    onLine: (line) => lines.add(line),
  });
  http = lookupHttpClient(stack.url, stack.caFile);
  routes = await registeredRoutes();
  const registry = await openClientRegistry({
    kind: 'connection-string',
    connectionString: stack.storageConnection,
  });
  keys.set('radius', stack.apiKey).set('administrator', stack.operatorKey);
  for (const kind of ['auditor', 'operator', 'ise'] as const) {
    keys.set(kind, await registry.createClient(`walks-as-${kind}`, SITE, kind));
  }
});

afterAll(async () => {
  await http?.[Symbol.asyncDispose]();
  await stack?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The app registers its functions with any settings it accepts. */
async function registeredRoutes(): Promise<Route[]> {
  const env = {
    ENTRA_TENANT_ID: DEVICE,
    ENTRA_CLIENT_ID: DEVICE,
    ENTRA_CLIENT_SECRET: 'not used',
    StorageConnection: stack.storageConnection,
    ServiceBusConnection: 'Endpoint=sb://localhost;SharedAccessKeyName=none;SharedAccessKey=none',
  };
  const script = join(import.meta.dirname, '../support/print-http-routes.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [script, ROOT], { env: { ...process.env, ...env } });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

function ask({ method, route }: Route, headers: Record<string, string>, body?: string) {
  const target = route.replace('{site}', SITE).replace(/\{[^}]+\}/g, DEVICE);
  return http.send(method, target, headers, body);
}

/** Ways to have no right credential. */
function strangers(): Record<string, string>[] {
  const secret = '0'.repeat(64);
  const [name] = stack.operatorKey.split('.');
  return [
    {},
    { 'x-api-key': '' },
    { 'x-api-key': `${name}.${secret}` },
    { 'x-api-key': stack.operatorKey.slice(0, -1) },
    { 'x-functions-key': stack.operatorKey.slice(stack.operatorKey.indexOf('.') + 1) },
    { authorization: `Bearer ${stack.operatorKey}` },
    { authorization: basic(`${name}:${secret}`) },
    { authorization: 'Basic ::::' },
  ];
}

function basic(text: string): string {
  return `Basic ${Buffer.from(text).toString('base64')}`;
}

function mayAsk({ name }: Route, kind: ClientKind): boolean {
  if (OF_EVERYBODY.has(name)) return true;
  const needed = Object.entries(NEEDED).find(([, names]) => names.includes(name))?.[0] as Permission | undefined;
  return needed !== undefined && isPermitted({ kind }, needed);
}

/** On routes of people a bearer is taken for the token of a sign-in. */
function codeOfStranger({ name }: Route, { authorization = '' }: Record<string, string>): string {
  const isOfPeople = [NEEDED.read, NEEDED.act, NEEDED.administer].some((names) => names.includes(name));
  return isOfPeople && authorization.startsWith('Bearer ') ? 'NAC_TOKEN' : 'NAC_CLIENT_CREDENTIAL';
}

/** 401 for a key that may not ask at all, 403 for a reader of policies who would change them. */
function isRefusal({ status, body }: { readonly status: number; readonly body: string }): boolean {
  return status === 401 || (status === 403 && codeIn(body) === 'NAC_CLIENT_SITE');
}

describe('every route', () => {
  test('is among those walked here', () => {
    const names = new Set(routes.map(({ name }) => name));
    expect(names).toEqual(new Set([...Object.values(NEEDED).flat(), ...OF_EVERYBODY]));
    expect(new Set(keys.keys())).toEqual(new Set(CLIENT_KINDS));
  });

  test('but liveness answers no request without a right credential', async () => {
    const attempts = routes.flatMap((route) => strangers().map((headers) => ({ route, headers })));
    await concurrently(attempts, AT_ONCE, async ({ route, headers }) => {
      const { status, body } = await ask(route, headers);
      const said = `${route.method} ${route.route} ${JSON.stringify(Object.keys(headers))}: ${body}`;
      if (OF_EVERYBODY.has(route.name)) expect(status, said).toBe(200);
      else expect({ status, code: codeIn(body) }, said).toEqual({ status: 401, code: codeOfStranger(route, headers) });
    });
  });

  test('refuses a body over its limit by its length, from a stranger and from every client alike', async () => {
    const attempts = routes
      .filter(({ name }) => !OF_EVERYBODY.has(name))
      .flatMap((route) => [undefined, ...keys.values()].map((key) => ({ route, key })));
    await concurrently(attempts, AT_ONCE, async ({ route, key }) => {
      const { status, body } = await ask(route, key === undefined ? {} : { 'x-api-key': key }, LARGE_BODY);
      const said = `${route.method} ${route.route}: ${body.slice(0, 200)}`;
      expect({ status, code: codeIn(body) }, said).toEqual({ status: 413, code: 'NAC_REQUEST_TOO_LARGE' });
    });
  });

  test('is for the kinds of clients that may do it, by API key, and by HTTP Basic if it is for RADIUS servers', async () => {
    const attempts = routes.flatMap((route) => [...keys].map(([kind, key]) => ({ route, kind, key })));
    await concurrently(attempts, AT_ONCE, async ({ route, kind, key }) => {
      const byKey = await ask(route, { 'x-api-key': key });
      const byBasic = await ask(route, { authorization: basic(key.replace('.', ':')) });
      const byBasicToo = OF_EVERYBODY.has(route.name) || TAKES_BASIC.has(route.name);
      const refused = { byKey: isRefusal(byKey), byBasic: isRefusal(byBasic) };
      const may = mayAsk(route, kind);
      const wanted = { byKey: !may, byBasic: !(may && byBasicToo) };
      expect(refused, `${kind} ${route.method} ${route.route}`).toEqual(wanted);
    });
  });
});

describe('an upload', () => {
  test('says why in the header X-Reason, which the audit keeps', async () => {
    const headers = { 'x-api-key': keys.get('administrator') ?? '', 'x-reason': 'f%C3%BCr%20Drucker' };
    const policy = 'roles: { all: { vlan: 1 } }\nrules: [{ name: all, permit: all }]\n';
    expect(await http.send('PUT', '/api/policies/with-reason', headers, policy)).toMatchObject({ status: 201 });
    expect(await http.send('PUT', '/api/mac-lists/with-reason', headers, '00:11:22')).toMatchObject({ status: 201 });
    const { body } = await http.send('GET', '/api/audit?limit=2', headers);
    expect(JSON.parse(body).entries).toMatchObject([
      { action: 'upload-mac-list', target: 'with-reason', reason: 'für Drucker' },
      { action: 'upload-policy', target: 'with-reason', reason: 'für Drucker' },
    ]);
    const refused = await http.send('PUT', '/api/policies/other', { ...headers, 'x-reason': '%ff' }, policy);
    expect({ status: refused.status, code: codeIn(refused.body) }).toEqual({ status: 400, code: 'NAC_REQUEST_FIELD' });
  });
});

function codeIn(body: string): unknown {
  // Cisco's MDM API refuses in XML.
  return /<code>(\w+)<\/code>/.exec(body)?.[1] ?? JSON.parse(body).code;
}
