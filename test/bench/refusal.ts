// What a stranger costs, at every route that asks for a key: processor time of a refused request, beside a function
// that does nothing asked in the same way, in the same run. Exit code 1 where the claim does not hold.

import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { measure } from './latency.ts';
import { type BenchApp, lookupBody, lookupSite } from './lookup-site.ts';
import { refusalVerdict } from './refusal-verdict.ts';

const REQUESTS = 2_000;
const AT_ONCE = 64;
const ROUNDS = 7;

const SECRET = '0'.repeat(64);
/** Over the limit of every route of RADIUS servers, below the host's own. */
const LARGE_BODY = 'x'.repeat(70_000);

interface Route {
  readonly name: string;
  readonly method: string;
  readonly route: string;
}

interface Stranger {
  readonly who: string;
  readonly key: (index: number) => string;
  readonly body: (index: number) => string;
  readonly expected: number;
  /** Where the stranger asks; absent: everywhere. */
  readonly at?: string;
}

const RADIUS_ROUTES = 'POST of RADIUS servers';
const STRANGERS: readonly Stranger[] = [
  { who: 'without a key', key: () => '', body: lookupBody, expected: 401 },
  { who: 'under made-up names', key: (index) => `stranger-${index}.${SECRET}`, body: lookupBody, expected: 401 },
  { who: 'with a wrong secret for a real name', key: () => `bench.${SECRET}`, body: lookupBody, expected: 401 },
  { who: 'with a body over the limit', key: () => '', body: () => LARGE_BODY, expected: 413, at: RADIUS_ROUTES },
];

export async function benchRefusal(): Promise<void> {
  await using site = await lookupSite();
  const kinds = routeKinds(await registeredRoutes(site.storageConnection));
  const connector = await site.startConnector({ ServiceBusConnection: UNUSED_SERVICE_BUS });
  for (const stranger of STRANGERS) {
    for (const [kind, routes] of kinds) {
      if (stranger.at !== undefined && stranger.at !== kind) continue;
      const ratios: number[] = [];
      const others = new Map<number, number>();
      for (let round = 0; round <= ROUNDS; round++) {
        const refused = await cost(connector, stranger, routes, (status) => {
          if (status !== stranger.expected) others.set(status, (others.get(status) ?? 0) + 1);
        });
        const empty = await cost(site.yardstick, stranger, routes.map(emptyRoute), () => undefined);
        // The first round compiles.
        if (round > 0) ratios.push(refused / empty);
      }
      const asked = REQUESTS * (ROUNDS + 1);
      const { holds, line } = refusalVerdict(`${stranger.who}, ${kind} (${routes.length})`, { ratios, others, asked });
      process.stdout.write(`${line}\n`);
      if (!holds) process.exitCode = 1;
    }
  }
}

const UNUSED_SERVICE_BUS = 'Endpoint=sb://localhost;SharedAccessKeyName=none;SharedAccessKey=none';

async function registeredRoutes(storageConnection: string): Promise<readonly Route[]> {
  const unused = '00000000-0000-4000-8000-000000000000';
  const env = {
    ENTRA_TENANT_ID: unused,
    ENTRA_CLIENT_ID: unused,
    ENTRA_CLIENT_SECRET: 'not used',
    StorageConnection: storageConnection,
    ServiceBusConnection: UNUSED_SERVICE_BUS,
  };
  const script = path.join(import.meta.dirname, '../support/print-http-routes.ts');
  const root = path.join(import.meta.dirname, '../..');
  const options = { env: { ...process.env, ...env } };
  const { stdout } = await promisify(execFile)(process.execPath, [script, root], options);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

/** By who may ask, and by method; only liveness asks for no key. */
function routeKinds(routes: readonly Route[]): Map<string, Route[]> {
  const kinds = new Map<string, Route[]>();
  for (const route of routes) {
    if (route.name === 'health') continue;
    const isRadius = route.name === 'lookup' || route.name === 'accounting';
    const kind = isRadius ? RADIUS_ROUTES : `${route.method} of people`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), route]);
  }
  return kinds;
}

function emptyRoute({ name, method }: Route): Route {
  return { name, method, route: '/api/empty' };
}

async function cost(
  app: BenchApp,
  { key, body }: Stranger,
  routes: readonly Route[],
  answered: (status: number) => void,
): Promise<number> {
  const before = app.processorSeconds();
  await measure(REQUESTS, AT_ONCE, async (index) => {
    const { method = '', route = '' } = routes[index % routes.length] ?? {};
    const target = route.replace(/\{[^}]+\}/g, '00000000-0000-4000-8000-000000000000');
    answered(await app.sendAs(key(index), method, target, method === 'GET' ? undefined : body(index)));
  });
  return app.processorSeconds() - before;
}
