// The poll in a process of its own, as the background functions run it. A message starts a run of the sweep; the answer comes
// when its last slice is done.

import { createApp } from '../../shared/app.ts';
import type { SliceResult } from '../../shared/polling/sweep.ts';
import { readSettings } from '../../shared/settings.ts';

/** As host.json has it. */
const FUNCTION_TIMEOUT_MS = 120_000;

export interface PolledRun {
  readonly seconds: number;
  readonly slices: number;
  /** Largest resident set of this process so far, in MiB. */
  readonly peakMiB: number;
}

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
  const startedAt = performance.now();
  let slices = 0;
  while (runs === before) {
    const result: SliceResult = await app.poll(FUNCTION_TIMEOUT_MS);
    if (result.kind === 'failed') throw result.error;
    if (result.kind === 'idle') await new Promise((resolve) => setTimeout(resolve, 50));
    else slices += 1;
  }
  const seconds = (performance.now() - startedAt) / 1000;
  return { seconds, slices, peakMiB: process.resourceUsage().maxRSS / 1024 };
}

process.on('message', async () => process.send?.(await run()));
process.on('disconnect', () => process.exit());
process.send?.('ready');
