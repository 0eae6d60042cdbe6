// Whether what happens regularly costs the same for each session, however many sessions and devices there are: requests
// to storage, our own processor time and memory, at several sizes of one run.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startIntuneTenant } from '../../local/intune-tenant/intune-tenant.ts';
import { localQueues } from '../../local/local-service-bus.ts';
import { spawnServiceBus } from '../../local/service-bus/spawn-service-bus.ts';
import { connectionString } from '../../local/table-storage.ts';
import { openClientRegistry } from '../../shared/app/client-registry.ts';
import { type Child, startChild } from './child-process.ts';
import { patternDevices, settingsOf, TENANT_DEVICES } from './pattern-tenant.ts';
import type { Measured, ScaleAnswer } from './scale-process.ts';
import type { ServiceMessage } from './table-service-process.ts';

interface Size {
  readonly sessions: number;
  readonly devices: number;
}

interface Sized extends Size {
  readonly measured: readonly Measured[];
  /** It came to its end at each thing, in time and within its memory. */
  readonly holds: boolean;
}

const SIZES: readonly Size[] = [
  { sessions: 1_000, devices: 10_000 },
  { sessions: 20_000, devices: 20_000 },
  { sessions: 20_000, devices: 100_000 },
  { sessions: 200_000, devices: 200_000 },
  { sessions: 20_000, devices: 1_000_000 },
];
const SITE = 'hq';
const SESSIONS_PER_NAS = 500;
const TURNED_EVERY = 100;
const FUNCTION_TIMEOUT_SECONDS = 120;
const MOST_OF_TIMEOUT = 0.6;
/** 400 MB up to 100,000 devices, 1 GB at a million. */
const MOST_MEMORY = { upToDevices: 100_000, bytes: 400e6, beyondBytes: 1e9 } as const;
/** Beside the sessions that grew there are the few that the patterns were learned from. */
const FEW = 100;
/** The service holds a million devices. */
const SERVICE_HEAP = '--max-old-space-size=14000';
/** Of a Functions instance with 2 GB, as Node takes it. */
const APP_HEAP = '--max-old-space-size=1024';

export async function benchScale(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { most: { type: 'string', default: '1000000' }, least: { type: 'string', default: '0' } },
  });
  const [least, most] = [Number(values.least), Number(values.most)];
  const sizes = SIZES.filter(({ devices }) => devices >= least && devices <= most);
  if (sizes.length === 0) throw new RangeError('--least and --most are numbers of devices, with a size between them');
  print(
    'scale: tables in memory and Service Bus each in a process of its own; the SDKs and all flows are the real ones',
  );
  const done: Sized[] = [];
  for (const size of sizes) {
    print(`${count(size.sessions)} sessions, ${count(size.devices)} devices`);
    done.push(await measured(size));
  }
  for (const line of compared(done)) print(line);
  const failed = done.filter(({ holds }) => !holds);
  for (const { sessions, devices } of failed)
    print(`NOT HELD at ${count(sessions)} sessions, ${count(devices)} devices`);
  if (failed.length > 0) process.exitCode = 1;
}

function mostMiB({ devices }: Size): number {
  const { upToDevices, bytes, beyondBytes } = MOST_MEMORY;
  return (devices <= upToDevices ? bytes : beyondBytes) / 2 ** 20;
}

/** Reconciliation says itself how many sessions it compared: none may be left out. */
function isDone({ what, items, finished, longestSeconds }: Measured, { sessions }: Size): boolean {
  const all = what !== 'reconciliation' || Math.abs(items - sessions) <= FEW;
  return finished && all && longestSeconds <= MOST_OF_TIMEOUT * FUNCTION_TIMEOUT_SECONDS;
}

async function measured(size: Size): Promise<Sized> {
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(path.join(tmpdir(), 'nac-bench-'));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const here = (script: string): string => path.join(import.meta.dirname, script);
  const start = (name: string, heap: string, env: Readonly<Record<string, string>>): Child => {
    const options = { args: [], nodeOptions: [heap], env, logFile: path.join(folder, `${name}.log`) };
    const child = startChild({ script: here(`${name}.ts`), ...options });
    stack.defer(() => child.stop());
    return child;
  };
  const tenant = await startIntuneTenant({ fleetSize: TENANT_DEVICES });
  stack.defer(() => tenant.close());
  const bus = await spawnServiceBus({ queues: localQueues(SITE) });
  stack.defer(() => bus.stop());
  const service = start('table-service-process', SERVICE_HEAP, {});
  const { port } = (await service.message()) as { readonly port: number };
  const ask = async <T>(message: ServiceMessage): Promise<T> => {
    const answer = service.message();
    service.send(JSON.stringify(message));
    return (await answer) as T;
  };
  const storage = connectionString(port);
  const registry = await openClientRegistry({ kind: 'connection-string', connectionString: storage });
  await registry.prepareStore();
  const app = start('scale-process', APP_HEAP, {
    ...settingsOf(tenant, folder),
    StorageConnection: storage,
    ServiceBusConnection: bus.connectionString,
    RADIUS_KEY: await registry.createClient('radius', SITE),
    OPERATOR_KEY: await registry.createClient('operator', SITE, 'operator'),
    DEVICES: patternDevices(tenant).join(','),
  });
  const all: Measured[] = [];
  for (;;) {
    const answer = (await app.message()) as ScaleAnswer;
    if ('peakMiB' in answer) {
      const most = mostMiB(size);
      print(`  peak memory ${answer.peakMiB.toFixed(0)} MiB (wanted: at most ${most.toFixed(0)})`);
      return { ...size, measured: all, holds: answer.peakMiB <= most && all.every((one) => isDone(one, size)) };
    }
    if ('measured' in answer) {
      all.push(answer.measured);
      print(described(answer.measured));
      app.send('noted');
      continue;
    }
    if ('requestsPlease' in answer) {
      app.send(String((await ask<{ requests: number }>({ what: 'requests' })).requests));
      continue;
    }
    await ask({ what: 'grow', ...answer, ...size, sessionsPerNas: SESSIONS_PER_NAS, turnedEvery: TURNED_EVERY });
    app.send('grown');
  }
}

function described({ what, items, rounds, finished, requests, cpuSeconds, longestSeconds }: Measured): string {
  const each = items > 1 ? ` (${(requests / items).toFixed(2)} and ${microseconds(cpuSeconds / items)} each)` : '';
  const share = (longestSeconds / FUNCTION_TIMEOUT_SECONDS).toFixed(2);
  const wanted = longestSeconds > MOST_OF_TIMEOUT * FUNCTION_TIMEOUT_SECONDS ? ', MORE THAN WANTED' : '';
  const odd = finished ? '' : 'odd, not finished: ';
  return (
    `  ${odd}${what}: ${count(items)} in ${rounds} calls, ${count(requests)} requests, ${cpuSeconds.toFixed(2)} s of processor time` +
    `${each}; longest call ${longestSeconds.toFixed(1)} s, ${share} of functionTimeout${wanted}`
  );
}

/** Each size beside the smallest one. */
function compared(done: readonly Sized[]): string[] {
  const [first] = done;
  if (first === undefined) return [];
  return first.measured.map(({ what }) => {
    const figures = done.map(({ measured: all }) => {
      const {
        items = Number.NaN,
        requests = Number.NaN,
        cpuSeconds = Number.NaN,
      } = all.find((one) => one.what === what) ?? {};
      return { requests: requests / items, cpu: cpuSeconds / items };
    });
    const [base] = figures;
    const ratios = figures.map(({ requests, cpu }) => `${ratio(requests, base?.requests)}/${ratio(cpu, base?.cpu)}`);
    return `flat? ${what}: requests/processor time for each item, in times of the smallest size: ${ratios.join('  ')}`;
  });
}

function ratio(value: number, base = Number.NaN): string {
  return (value / base).toFixed(2);
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}

function microseconds(seconds: number): string {
  return `${(seconds * 1e6).toFixed(0)} µs`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
