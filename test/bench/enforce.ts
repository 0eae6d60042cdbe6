// What enforcement costs: rate of the relay against a bare loop, latency from poll to packet, and memory, or dead
// NASes, on request.

import { parseArgs } from 'node:util';
import { measureDeadNases } from './enforce-dead-nas.ts';
import { measureLatency } from './enforce-latency.ts';
import { measureMemory } from './enforce-memory.ts';
import { measureRates } from './enforce-rate.ts';
import { enforcementSite } from './enforcement-site.ts';
import { NAS_COUNT } from './nas-addresses.ts';

export async function benchEnforce(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      memory: { type: 'boolean', default: false },
      dead: { type: 'boolean', default: false },
      jobs: { type: 'string', default: '20000' },
    },
  });
  const jobs = Number(values.jobs);
  if (!Number.isInteger(jobs) || jobs < 1000 || jobs > 1_000_000) {
    throw new RangeError('--jobs must be a whole number from 1000 to 1000000');
  }
  if (values.dead) return measureDeadNases(print);
  print(`enforce: ${NAS_COUNT} loopback NAS addresses; broker, relay, bare loop and NASes each in its own process`);
  for (const measure of [measureRates, measureLatency]) {
    await using site = await enforcementSite();
    await measure(site, print);
  }
  if (values.memory) {
    await using site = await enforcementSite();
    await measureMemory(site, jobs, print);
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
