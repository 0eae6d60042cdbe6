// More sources than are polled side by side share the time that a function may run: those that are slow every time keep
// none from its turn, and no tick runs into the host's end.

import { expect, test } from 'vitest';
import { boundedSource } from '../../../shared/polling/bounded-source.ts';
import { type PollDeps, poll, type SourceToPoll } from '../../../shared/polling/poll.ts';
import { aDeviceOfFleet } from '../../support/a-device.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';
import { type SweepTables, sweepTables } from '../../support/sweep-tables.ts';

const TIMEOUT_MS = 120_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const SLOW = 8;
const PAGES = 10;

/** As the app opens it, without what only sessions need. */
function toPoll(name: string, { deps, limits, slow }: SweepTables): SourceToPoll {
  const source = boundedSource(deps.source, slow.clock, deps.timer, 20_000);
  const unused = { outOfBand: true, reads: undefined, onAnswerable: async () => undefined };
  const log = collectingLogger().logger;
  const opened = {
    deps: { ...deps, ...unused, source, log, answersDiffer: async () => limits.answersDiffer } as unknown as PollDeps,
    limits: { ...limits, reauthIntervalMs: HOUR_MS, fastLaneMs: undefined, asksLive: false },
  };
  return { name, open: async () => opened };
}

test('eight sources whose lists take many minutes keep the ninth from no sweep, and each tick ends in time', async () => {
  const quick = sweepTables({ name: 'quick' });
  quick.tenant.devices = [aDeviceOfFleet(1)].map((device) => ({ ...device, source: 'quick' }));
  const { slow } = quick;
  const slowOnes = Array.from({ length: SLOW }, (_, number) => {
    const name = `slow-${number}`;
    const run = sweepTables({ name, slow });
    run.tenant.pages = () => Array.from({ length: PAGES }, () => []);
    run.tenant.pageAfterMs = 18_000;
    return { name, run };
  });
  const sources = [...slowOnes.map(({ name, run }) => toPoll(name, run)), toPoll('quick', quick)];
  const { logger: log, entries } = collectingLogger();
  const lots = [0, 0.5];
  for (let tick = 0; tick < lots.length; tick++) {
    const random = { ...quick.deps.random, fraction: () => lots[tick] ?? 0 };
    const parts = { ...quick.deps, random, log, functionTimeoutMs: TIMEOUT_MS };
    const { tookMs } = await slow.run(() => poll(sources, parts, async () => undefined));
    expect(tookMs, `tick ${tick} ends before the host ends it`).toBeLessThan(TIMEOUT_MS);
    await slow.time.runUntil(slow.time.now + MINUTE_MS);
  }
  expect(quick.pagesAsked.length, 'the last of them is swept').toBeGreaterThan(0);
  expect(await quick.present()).toBe(1);
  for (const { name, run } of slowOnes) expect(run.pagesAsked.length, `${name} is read`).toBeGreaterThan(0);
  expect(entries).toEqual([]);
});

test('a source for which no time is left waits for the next tick, and the log names it', async () => {
  const run = sweepTables({ name: 'last' });
  const { slow } = run;
  const hangs = (name: string): SourceToPoll => ({
    name,
    open: () => new Promise((_, reject) => void slow.time.after(TIMEOUT_MS * 0.95, () => reject(new Error(name)))),
  });
  const sources = [...['a', 'b', 'c', 'd'].map(hangs), toPoll('last', run)];
  const { logger: log, entries } = collectingLogger();
  const parts = { ...run.deps, log, functionTimeoutMs: TIMEOUT_MS };
  await slow.run(() => poll(sources, parts, async () => undefined).catch(() => undefined));
  expect(run.pagesAsked).toEqual([]);
  expect(entries.filter(({ event }) => event === 'poll.sources-left')).toMatchObject([
    { fields: { sources: ['last'] } },
  ]);
  const first = { ...parts, random: { ...run.deps.random, fraction: () => 0.8 } };
  await slow.run(() => poll(sources, first, async () => undefined).catch(() => undefined));
  expect(run.pagesAsked).toEqual([0]);
});
