// FreeRADIUS in front: the shipped sample asks us, or the function with one point read, over the same TLS.

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { startFreeRadius } from '../support/freeradius/start-freeradius.ts';
import { median } from './latency.ts';
import { type LookupSite, macOf } from './lookup-site.ts';

const REQUESTS = 1500;
const STATIONS = 50;
const AT_ONCE = 16;
const ROUNDS = 5;
/** A reject or two because the first answer was late say nothing of the rate. */
const LEAST_ACCEPTED = 0.99;

export async function benchFreeRadius(site: LookupSite, print: (line: string) => void): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'nac-bench-radius-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const requests = path.join(folder, 'requests');
  writeFileSync(requests, Array.from({ length: REQUESTS }, (_, index) => accessRequest(index % STATIONS)).join('\n\n'));

  const server = async (baseUrl: string): Promise<() => Promise<number | undefined>> => {
    const radius = await startFreeRadius({
      baseUrl,
      apiKey: site.apiKey,
      caFile: site.caFile,
      env: { NAC_MAX_LOOKUPS: String(AT_ONCE) },
    });
    stack.defer(() => radius.stop());
    return () => ratePerSecond(radius, requests, print);
  };
  const ours = await server(site.connector.url);
  const theirs = await server(site.yardstick.url);
  await ours();
  await theirs();
  const ratios: number[] = [];
  let last = '';
  for (let round = 0; round < ROUNDS; round++) {
    const rates = [await ours(), await theirs()] as const;
    if (rates[0] === undefined || rates[1] === undefined) continue;
    ratios.push(rates[0] / rates[1]);
    last = `${rates[0].toFixed(0)} against ${rates[1].toFixed(0)} per second`;
  }
  if (ratios.length === 0) return print('freeradius: no round was answered, no ratio');
  print(
    `freeradius: with us / with one point read = ${median(ratios).toFixed(2)} (wanted: at least 0.80; median of ${ratios.length} rounds, the last ${last})`,
  );
}

function accessRequest(station: number): string {
  const mac = (macOf(station).match(/../g) ?? []).join('-').toUpperCase();
  return `User-Name = "${macOf(station)}"\nCalling-Station-Id = "${mac}"\nService-Type = Call-Check\nNAS-IP-Address = 10.1.1.1\nMessage-Authenticator = 0x00`;
}

/**
 * @returns undefined, and prints why, where more than a request or two got no Access-Accept: such a round has no rate
 */
async function ratePerSecond(
  { authPort, secret }: { readonly authPort: number; readonly secret: string },
  requests: string,
  print: (line: string) => void,
): Promise<number | undefined> {
  const startedAt = performance.now();
  const stdout = await radclient([
    ...['-q', '-s', '-p', String(AT_ONCE), '-r', '1', '-t', '10', '-f', requests],
    ...[`127.0.0.1:${authPort}`, 'auth', secret],
  ]);
  const seconds = (performance.now() - startedAt) / 1000;
  const accepted = Number(/Accepted\s*:\s*(\d+)/.exec(stdout)?.[1]);
  if (accepted === REQUESTS) return accepted / seconds;
  const summary = stdout.trim().split('\n').slice(-6).join('; ').slice(0, 500);
  print(`odd: freeradius: of ${REQUESTS} requests ${accepted} were accepted: ${summary}`);
  return accepted >= REQUESTS * LEAST_ACCEPTED ? accepted / seconds : undefined;
}

/** @returns what it printed; it exits with 1 for a single request that was lost or rejected */
async function radclient(args: readonly string[]): Promise<string> {
  try {
    return (await promisify(execFile)('/usr/bin/radclient', args, { maxBuffer: 2 ** 26 })).stdout;
  } catch (error) {
    const { stdout } = error as { readonly stdout?: string };
    if (stdout === undefined) throw error;
    return stdout;
  }
}
