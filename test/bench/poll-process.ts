// The poll in a process of its own, as the background functions run it. A message starts a run of the sweep; the answer
// comes when its last slice is done.

import { createApp } from '../../shared/app.ts';
import type { SliceResult } from '../../shared/polling/sweep/sweep.ts';
import { readSettings } from '../../shared/settings.ts';

/** As host.json has it. */
const FUNCTION_TIMEOUT_MS = 120_000;

export interface PolledRun {
  readonly seconds: number;
  readonly slices: number;
  /** Processor time of this process, user and system. */
  readonly cpuSeconds: number;
  /** Largest resident set of this process so far, in MiB. */
  readonly peakMiB: number;
  /** Slices that failed, and why; the next one went on behind them. */
  readonly odd: readonly string[];
}

/** More than these in one run are no measurement. */
const MOST_ODD = 3;

let runs = 0;
const count = (event: string): void => {
  if (event === 'poll.run') runs += 1;
};
const complain = (event: string, fields: unknown): void => {
  count(event);
  process.stderr.write(`${event} ${JSON.stringify(fields)}\n`);
};
const app = createApp(readSettings(process.env), { log: { info: count, warn: complain, error: complain } });

async function run(): Promise<PolledRun> {
  const before = runs;
  let startedAt = performance.now();
  let cpuBefore = process.cpuUsage();
  let slices = 0;
  const odd: string[] = [];
  while (runs === before) {
    const result: SliceResult = await app.poll(FUNCTION_TIMEOUT_MS);
    if (result.kind === 'failed') {
      if (odd.push(String(result.error)) > MOST_ODD) throw result.error;
    } else if (result.kind !== 'idle') slices += 1;
    else {
      // Not due yet.
      await new Promise((resolve) => setTimeout(resolve, 50));
      startedAt = performance.now();
      cpuBefore = process.cpuUsage();
    }
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { seconds, slices, cpuSeconds: (user + system) / 1e6, peakMiB: process.resourceUsage().maxRSS / 1024, odd };
}

process.on('message', async () => process.send?.(await run()));
process.on('disconnect', () => process.exit());
process.on('SIGTERM', () => process.exit());
process.send?.('ready');
