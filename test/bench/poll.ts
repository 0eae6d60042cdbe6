// What a poll costs: first load, a sweep without changes, one with 1 % changed, and memory.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openClientRegistry } from '../../shared/client-registry.ts';
import type { StorageRequest } from '../support/storage-proxy.ts';
import type { BenchTenant } from './bare-download.ts';
import type { BareTask } from './bare-process.ts';
import { type Child, startChild } from './child-process.ts';
import { median } from './latency.ts';
import { benchMillion } from './poll-million.ts';
import type { PolledRun } from './poll-process.ts';
import type { TenantChange } from './tenant-process.ts';

const ROUNDS = 3;
/** The simulated tenant has a page ready in two milliseconds. A service that is asked over the internet takes longer. */
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
  const start = (
    name: string,
    childArgs: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
    nodeOptions: readonly string[] = [],
  ): Child => {
    const script = path.join(import.meta.dirname, `${name}.ts`);
    const child = startChild({ script, args: childArgs, nodeOptions, env, logFile: path.join(folder, `${name}.log`) });
    stack.defer(() => child.stop());
    return child;
  };
  const tenantProcess = start('tenant-process', [String(devices)]);
  const tenant = (await tenantProcess.message()) as BenchTenant;
  const storage = start('counting-storage-process');
  const { connectionString } = (await storage.message()) as { connectionString: string };
  await (await openClientRegistry({ kind: 'connection-string', connectionString })).prepareStore();
  const caFile = path.join(folder, 'tenant-ca.pem');
  writeFileSync(caFile, tenant.caPem);
  const pollEnv = {
    ENTRA_TENANT_ID: tenant.tenantId,
    ENTRA_CLIENT_ID: tenant.clientId,
    ENTRA_CLIENT_SECRET: tenant.clientSecret,
    ENTRA_AUTHORITY_HOST: tenant.authorityHost,
    GRAPH_ENDPOINT: tenant.graphUrl,
    EXTRA_CA_FILE: caFile,
    StorageConnection: connectionString,
    POLLING_INTERVAL: '1s',
    // The sweep alone: what else a tick does has budgets of its own.
    CHANGED_DEVICES_INTERVAL: 'off',
    HARDWARE_MAX_AGE: 'off',
  };
  const heap = [`--max-old-space-size=${HEAP_OF_SMALLEST_INSTANCE_MIB}`];
  const poll = start('poll-process', [], pollEnv, heap);
  await poll.message();
  const bareLimit = start('bare-process', [], {}, heap);
  await bareLimit.message();

  const run = (): Promise<PolledRun> => ask(poll, 'run') as Promise<PolledRun>;
  const bareSeconds = (task: BareTask): Promise<number> => ask(bareLimit, task) as Promise<number>;
  const seen = (): Promise<StorageRequest[]> => ask(storage, 'seen') as Promise<StorageRequest[]>;

  await seen();
  const first = await run();
  const writes = (await seen()).filter(isContent);
  const bare = await bareSeconds({ write: writes, connectionString });
  print(
    `first load of ${devices} devices: bare transactions / poll = ${(bare / first.seconds).toFixed(2)} of the rate (wanted: at least 0.60)`,
  );
  print(
    `      poll ${first.seconds.toFixed(1)} s (${first.cpuSeconds.toFixed(1)} s of processor time) in ${first.slices} slices, bare ${bare.toFixed(1)} s; ${tally(writes)}`,
  );
  await seen();

  const ratios: number[] = [];
  const took: string[] = [];
  const cpu: number[] = [];
  let unchanged: StorageRequest[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { seconds, cpuSeconds } = await run();
    cpu.push(cpuSeconds / devices);
    unchanged = (await seen()).filter(isContent);
    const downloading = await bareSeconds({ download: tenant });
    ratios.push(seconds / downloading);
    took.push(`${seconds.toFixed(2)} against ${downloading.toFixed(2)} s`);
  }
  print(
    `nothing changed: sweep / download and parse = ${median(ratios).toFixed(2)} (wanted: at most 1.50; rounds ${took.join(', ')}; processor time ${(median(cpu) * 1e6).toFixed(1)} µs a device); ${tally(unchanged)}`,
  );

  const changed = Math.round(devices / 100);
  await ask(tenantProcess, { turn: changed } satisfies TenantChange);
  await seen();
  const last = await run();
  const changes = (await seen()).filter(isContent);
  print(`1 % changed (${changed}): ${tally(changes)} (device rows and change rows, written and removed)`);
  await ask(tenantProcess, { pageDelayMs: PAGE_DELAY_MS } satisfies TenantChange);
  await run();
  const { seconds: waiting } = await run();
  const downloading = await bareSeconds({ download: tenant });
  print(
    `nothing changed, each page after ${PAGE_DELAY_MS} ms: sweep / download and parse = ${(waiting / downloading).toFixed(2)} (${waiting.toFixed(2)} against ${downloading.toFixed(2)} s)`,
  );
  print(`peak memory of the process that polls: ${last.peakMiB.toFixed(0)} MiB (wanted: at most 400 MB = 381 MiB)`);
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
