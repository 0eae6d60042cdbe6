// A third of the NASes is dead: how long until the stations of all living ones have been sent their CoA, beside the same with
// none dead. Function app, outbox, queue and relay with the limits that they ship with.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startIntuneTenant } from '../../local/intune-tenant/intune-tenant.ts';
import { connectionString } from '../../local/table-storage.ts';
import { createApp } from '../../shared/app.ts';
import { openClientRegistry } from '../../shared/client-registry.ts';
import { readSettings } from '../../shared/settings.ts';
import { startChild } from './child-process.ts';
import { enforcementSite, SITE } from './enforcement-site.ts';
import { learnPatterns, PATTERN_NAS } from './learn-patterns.ts';
import { patternDevices, settingsOf, TENANT_DEVICES } from './pattern-tenant.ts';
import type { ServiceMessage } from './table-service-process.ts';
import { withinTime } from './within-time.ts';

const NASES = 300;
const STATIONS_PER_NAS = 4;
const DEAD_EVERY = 3;
const ROUND_MS = 1_000;
const LONGEST_MS = 300_000;

export async function measureDeadNases(print: (line: string) => void): Promise<void> {
  print(`dead NASes: ${NASES} NASes with ${STATIONS_PER_NAS} stations each, all to be disconnected at once`);
  const alive = await secondsForLiving(0, print);
  const third = await secondsForLiving(DEAD_EVERY, print);
  print(
    `  stations of living NASes, a third dead / none dead = ${(third / alive).toFixed(2)} of the time (wanted: at most 2.00)`,
  );
}

/** @param deadEvery of so many NASes one is dead; 0 for none @returns until the last station of the same two thirds */
async function secondsForLiving(deadEvery: number, print: (line: string) => void): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const site = stack.use(await enforcementSite({ deadEvery, shippedLimits: true }));
  const folder = mkdtempSync(path.join(tmpdir(), 'nac-bench-'));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const tenant = await startIntuneTenant({ fleetSize: TENANT_DEVICES });
  stack.defer(() => tenant.close());
  const script = path.join(import.meta.dirname, 'table-service-process.ts');
  const service = startChild({ script, args: [], logFile: path.join(folder, 'tables.log') });
  stack.defer(() => service.stop());
  const { port } = (await service.message()) as { readonly port: number };
  const storage = connectionString(port);
  const registry = await openClientRegistry({ kind: 'connection-string', connectionString: storage });
  await registry.prepareStore();
  const radiusKey = await registry.createClient('radius', SITE);
  const env = { StorageConnection: storage, ServiceBusConnection: site.connectionString };
  const log = { info: () => undefined, warn: () => undefined, error: complain };
  const app = createApp(readSettings({ ...settingsOf(tenant, folder), ...env }), { log });
  stack.defer(() => app.close());
  const patterns = await learnPatterns(app, radiusKey, patternDevices(tenant));
  const stations = NASES * STATIONS_PER_NAS;
  const grow: ServiceMessage = {
    what: 'grow',
    patterns,
    nas: PATTERN_NAS,
    onLoopback: true,
    devices: stations,
    sessions: stations,
    sessionsPerNas: STATIONS_PER_NAS,
    turnedEvery: 1,
  };
  const grown = service.message();
  service.send(JSON.stringify(grow));
  await grown;
  const relay = site.start('relay');

  const living = new Set<number>();
  const wanted =
    Array.from({ length: NASES }, (_, nas) => nas).filter((nas) => nas % DEAD_EVERY !== 0).length * STATIONS_PER_NAS;
  const all = Promise.withResolvers<void>();
  let done = false;
  let lastAt = 0;
  site.onMessage = (body) => app.report(body);
  site.onReport = ({ jobId, stage, outcome }) => {
    const station = stationOf(jobId);
    if (stage !== 'finished' || outcome !== 'acknowledged' || Math.floor(station / STATIONS_PER_NAS) % DEAD_EVERY === 0)
      return;
    if (living.has(station)) return;
    living.add(station);
    lastAt = performance.now();
    if (living.size === wanted) all.resolve();
  };
  const startedAt = performance.now();
  const rounds = (async () => {
    while (!done) {
      const next = new Promise((resolve) => setTimeout(resolve, ROUND_MS));
      await app.enforce();
      await next;
    }
  })();
  try {
    await withinTime(LONGEST_MS, 'enforcing', Promise.race([all.promise, relay.failed, rounds])).catch((thrown) =>
      print(`  odd: ${wanted - living.size} of ${wanted} stations were not reached: ${thrown.message}`),
    );
  } finally {
    done = true;
    await rounds.catch(complain);
    await relay.stop();
  }
  const seconds = (lastAt - startedAt) / 1000;
  print(
    `  ${deadEvery === 0 ? 'none' : 'a third'} dead: the ${living.size} stations of the same ${wanted / STATIONS_PER_NAS} NASes in ${seconds.toFixed(1)} s`,
  );
  return seconds;
}

/** A grown session's id carries its number (table-service-process.ts). */
function stationOf(jobId: string): number {
  const [, sessionId = ''] = jobId.split('-');
  return Number.parseInt(sessionId.slice(6, 14), 16);
}

function complain(event: unknown, fields?: unknown): void {
  process.stderr.write(`${event} ${JSON.stringify(fields ?? '')}\n`);
}
