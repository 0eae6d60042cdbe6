// What a poll costs: first load, a sweep without changes, one with 1 % changed, and memory.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { openClientRegistry } from '../../shared/app/client-registry.ts';
import type { StorageRequest } from '../support/storage-proxy.ts';
import type { BenchTenant } from './bare-download.ts';
import type { BareAnswer, BareTask } from './bare-process.ts';
import { type Child, type ChildOptions, startChild } from './child-process.ts';
import { median } from './latency.ts';
import { benchMillion } from './poll-million.ts';
import type { PolledRun } from './poll-process.ts';
import type { TenantChange } from './tenant-process.ts';

/** With the runs before and after them they stay below twelve: that one reads every row. */
const ROUNDS = 5;
/**
 * The simulated tenant has a page ready in two milliseconds. A service that is asked over the internet takes longer.
 */
const PAGE_DELAY_MS = 100;
/** What Node allows itself by default where it finds the 512 MB of the smallest Flex Consumption instance. */
const HEAP_OF_SMALLEST_INSTANCE_MIB = 256;

export async function benchPoll(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { devices: { type: 'string', default: '100000' }, million: { type: 'boolean', default: false } },
  });
  if (values.million) return benchMillion(print);
  const devices = Number(values.devices);
  if (!Number.isInteger(devices) || devices < 1000 || devices > 100_000) {
    throw new RangeError('--devices must be a whole number from 1000 to 100000');
  }
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(path.join(tmpdir(), 'nac-bench-'));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const startScript = (script: string, options: Partial<ChildOptions> = {}): Child => {
    const logFile = path.join(folder, `${path.basename(script)}.log`);
    const child = startChild({ script, args: [], logFile, ...options });
    stack.defer(() => child.stop());
    return child;
  };
  const start = (name: string, args: readonly string[] = []): Child =>
    startScript(path.join(import.meta.dirname, `${name}.ts`), { args });
  /** Bundled, as the function app is, with room for its heap as there is in a small instance. */
  const startBundled = async (name: string, env: Readonly<Record<string, string>> = {}): Promise<Child> => {
    const script = path.join(folder, `${name}.cjs`);
    await bundle(path.join(import.meta.dirname, `${name}.ts`), script);
    const child = startScript(script, { env, nodeOptions: [`--max-old-space-size=${HEAP_OF_SMALLEST_INSTANCE_MIB}`] });
    await child.message();
    return child;
  };
  const tenantProcess = start('tenant-process', [String(devices)]);
  const tenant = (await tenantProcess.message()) as BenchTenant;
  const storage = start('counting-storage-process');
  const { counted, direct } = (await storage.message()) as { counted: string; direct: string };
  await (await openClientRegistry({ kind: 'connection-string', connectionString: direct })).prepareStore();
  const caFile = path.join(folder, 'tenant-ca.pem');
  writeFileSync(caFile, tenant.caPem);
  const pollEnv = {
    ENTRA_TENANT_ID: tenant.tenantId,
    ENTRA_CLIENT_ID: tenant.clientId,
    ENTRA_CLIENT_SECRET: tenant.clientSecret,
    ENTRA_AUTHORITY_HOST: tenant.authorityHost,
    GRAPH_ENDPOINT: tenant.graphUrl,
    EXTRA_CA_FILE: caFile,
    POLLING_INTERVAL: '1s',
    // The sweep alone: what else a tick does has budgets of its own.
    CHANGED_DEVICES_INTERVAL: 'off',
    HARDWARE_MAX_AGE: 'off',
  };
  const poll = await startBundled('poll-process', { ...pollEnv, StorageConnection: counted });
  const bareLimit = await startBundled('bare-process');

  /** What went wrong on the way is named; the run that it belongs to counts unless it is timed. */
  const run = async (child: Child): Promise<PolledRun> => {
    const polled = (await ask(child, 'run')) as PolledRun;
    for (const reason of polled.odd) print(`odd: a slice of the poll failed: ${reason}`);
    return polled;
  };
  /** @returns NaN for what came to nothing, which is named */
  const bareSeconds = async (task: BareTask): Promise<number> => {
    const answer = (await ask(bareLimit, task)) as BareAnswer;
    if (typeof answer === 'number') return answer;
    print(`odd: the bare limit failed: ${answer.odd}`);
    return Number.NaN;
  };
  const seen = (): Promise<StorageRequest[]> => ask(storage, 'seen') as Promise<StorageRequest[]>;

  await seen();
  const first = await run(poll);
  const writes = (await seen()).filter(isContent);
  const bare = await bareSeconds({ write: writes, connectionString: counted });
  print(
    `first load of ${devices} devices: bare transactions / poll = ${(bare / first.seconds).toFixed(2)} of the rate (wanted: at least 0.60)`,
  );
  print(
    `      poll ${first.seconds.toFixed(1)} s (${first.cpuSeconds.toFixed(1)} s of processor time) in ${first.slices} slices, bare ${bare.toFixed(1)} s; ${tally(writes)}`,
  );
  await seen();
  await run(poll);
  const unchanged = (await seen()).filter(isContent);

  // Past the proxy that counts: it is no part of the poll, and takes longer than what it passes on.
  const timed = await startBundled('poll-process', { ...pollEnv, StorageConnection: direct });
  // Both sides get quicker until everything is compiled.
  for (let warmUp = 0; warmUp < 2; warmUp++) {
    await run(timed);
    await bareSeconds({ download: tenant });
  }
  const ratios: number[] = [];
  const took: string[] = [];
  const cpu: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { seconds, cpuSeconds, odd } = await run(timed);
    const downloading = await bareSeconds({ download: tenant });
    if (odd.length > 0 || Number.isNaN(downloading)) continue;
    cpu.push(cpuSeconds / devices);
    ratios.push(seconds / downloading);
    took.push(`${seconds.toFixed(2)} against ${downloading.toFixed(2)} s`);
  }
  print(
    `nothing changed: sweep / download and parse = ${median(ratios).toFixed(2)} (wanted: at most 1.50; rounds ${took.join(', ')}; processor time ${(median(cpu) * 1e6).toFixed(1)} µs a device); ${tally(unchanged)}`,
  );

  const changed = Math.round(devices / 100);
  await ask(tenantProcess, { turn: changed } satisfies TenantChange);
  await seen();
  const last = await run(poll);
  const changes = (await seen()).filter(isContent);
  print(`1 % changed (${changed}): ${tally(changes)} (device rows and change rows, written and removed)`);
  await ask(tenantProcess, { pageDelayMs: PAGE_DELAY_MS } satisfies TenantChange);
  const { seconds: waiting } = await run(timed);
  const downloading = await bareSeconds({ download: tenant });
  print(
    `nothing changed, each page after ${PAGE_DELAY_MS} ms: sweep / download and parse = ${(waiting / downloading).toFixed(2)} (${waiting.toFixed(2)} against ${downloading.toFixed(2)} s)`,
  );
  print(`peak memory of the process that polls: ${last.peakMiB.toFixed(0)} MiB (wanted: at most 400 MB = 381 MiB)`);
}

/** @param outfile CommonJS, as what is deployed */
async function bundle(entryPoint: string, outfile: string): Promise<void> {
  await build({ entryPoints: [entryPoint], outfile, bundle: true, platform: 'node', target: 'node24', format: 'cjs' });
}

async function ask(child: Child, message: unknown): Promise<unknown> {
  const answer = child.message();
  child.send(message as string);
  return answer;
}

/** Writes of devices and pointers; what the poll keeps of itself is a handful of rows. */
function isContent({ table, writes }: StorageRequest): boolean {
  return writes > 0 && (table === 'devices' || table === 'identities');
}

function tally(requests: readonly StorageRequest[]): string {
  const rows = (table: string): number =>
    requests.filter((request) => request.table === table).reduce((sum, { writes }) => sum + writes, 0);
  return `operations on devices ${rows('devices')}, on pointers ${rows('identities')}, in ${requests.length} requests`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
