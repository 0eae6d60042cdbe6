// A list that point reads prove short stays short, wherever the process dies that found it out.

import { expect, test } from 'vitest';
import { runTick } from '../../../../shared/polling/poll.ts';
import { aDeviceOfFleet } from '../../../support/a-device.ts';
import { pagesOf, type SweepTables, sweepTables } from '../../../support/sweep-tables.ts';

const FLEET = 200;
/** More than are asked about one by one. */
const LEFT_OUT = 100;
const REMOVED = 2;
const HOUR_MS = 3_600_000;
/** Longer than the lease of a process that died. */
const LATER_MS = 600_000;

async function swept(): Promise<SweepTables> {
  const run = sweepTables();
  const all = Array.from({ length: FLEET }, (_, number) => aDeviceOfFleet(number));
  run.tenant.devices = all;
  expect((await run.sweep()).kind).toBe('complete');
  // Half of the fleet is not listed; of that half, all but two are there.
  run.tenant.devices = all.slice(REMOVED);
  run.tenant.pages = () => pagesOf(all.slice(LEFT_OUT));
  return run;
}

async function newestComplete({ slow, depsOf }: SweepTables): Promise<string | undefined> {
  return (await depsOf(slow.atOnce).sweeps.read()).state.lastComplete?.runId;
}

test('no run that a short list was read for becomes the one that confirms records', async () => {
  const whole = await swept();
  const began = whole.slow.time.now + HOUR_MS;
  expect((await whole.sweep()).kind).toBe('partial');
  const lasts = whole.slow.time.now - began;
  expect(lasts).toBeGreaterThan(20);

  for (let after = 1; after <= lasts; after++) {
    const run = await swept();
    const { slow } = run;
    const first = await newestComplete(run);
    await slow.time.runUntil(slow.time.now + HOUR_MS);
    const killedAt = slow.time.now + after;
    void runTick(run.depsOf(slow.openUntil(() => killedAt)), run.limits);
    await slow.time.runUntil(killedAt + LATER_MS);
    await run.tick();
    expect(await newestComplete(run), `killed after ${after} ms`).toBe(first);
  }
});
