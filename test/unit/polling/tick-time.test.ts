// A tick's time is shared: whatever one task has to do, the others have their turn, and what is cut short goes on where
// it stood.

import { describe, expect, test } from 'vitest';
import { type Device, deviceKeyText } from '../../../shared/domain/device/device.ts';
import { describeChange } from '../../../shared/domain/device/device-change.ts';
import { toInstant } from '../../../shared/domain/instant.ts';
import { editMassChange } from '../../../shared/polling/breaker/mass-change.ts';
import { applyReleases } from '../../../shared/polling/breaker/release-held.ts';
import type { DeviceWrite } from '../../../shared/ports/device-store.ts';
import { aDeviceOfFleet } from '../../support/a-device.ts';
import { SLICE_MS, type SweepTables, sweepTables } from '../../support/sweep-tables.ts';

const MINUTE_MS = 60_000;
const PAGES = 100;
const PER_PAGE = 10;

/** Swept once; from then on each of a hundred pages takes three seconds. */
async function startSlow(): Promise<SweepTables> {
  const run = sweepTables({ changedDevicesIntervalMs: MINUTE_MS });
  run.tenant.devices = Array.from({ length: PAGES * PER_PAGE }, (_, number) => aDeviceOfFleet(number));
  run.tenant.pages = () =>
    Array.from({ length: PAGES }, (_, page) => run.tenant.devices.slice(page * PER_PAGE, (page + 1) * PER_PAGE));
  expect((await run.sweep()).kind).toBe('complete');
  await run.slow.time.runUntil(run.slow.time.now + 60 * MINUTE_MS);
  run.tenant.pageAfterMs = 3_000;
  run.pagesAsked.length = 0;
  run.lookedAt.length = 0;
  run.changes.length = 0;
  return run;
}

describe('a list of a hundred pages that take three seconds each', () => {
  test('is read slice by slice, and every tick looks for changed devices all the same', async () => {
    const run = await startSlow();
    let ticks = 0;
    for (let kind = 'sliced'; kind === 'sliced'; ticks++) {
      const before = run.lookedAt.length;
      const from = run.slow.time.now;
      kind = (await run.tick()).kind;
      expect(run.slow.time.now - from, 'a tick ends in time').toBeLessThan(SLICE_MS + 15_000);
      // The last one ends before another look is due.
      if (kind === 'sliced') expect(run.lookedAt.length, `tick ${ticks} looks for changes`).toBeGreaterThan(before);
      await run.slow.time.runUntil(Math.max(run.slow.time.now, from + MINUTE_MS));
    }
    expect(ticks).toBeGreaterThan(3);
    expect(ticks).toBeLessThan(10);
    expect(new Set(run.pagesAsked).size).toBe(PAGES);
    // Of each slice no more is asked for twice than what was read ahead when it ended.
    expect(run.pagesAsked.length).toBeLessThanOrEqual(PAGES + 3 * ticks);
  });

  test('keeps no change of a device that checks in waiting for its end', async () => {
    const run = await startSlow();
    await run.tick();
    const turned = { ...(run.tenant.devices.at(-1) as Device), complianceState: 'noncompliant' as const };
    run.tenant.checkedIn = () => [{ ...turned, lastSyncAt: toInstant(run.slow.clock.now()) }];
    await run.slow.time.runUntil(run.slow.time.now + MINUTE_MS);
    expect((await run.tick()).kind).toBe('sliced');
    expect(run.changes.map(({ id }) => id)).toEqual([turned.id]);
  });
});

describe('fifteen thousand changes at once', () => {
  const MANY = 15_000;

  /** Stored with their changes, of which none is handed on. */
  async function startTurned(): Promise<SweepTables> {
    const run = sweepTables({
      onChange: (slow) => new Promise((resolve) => void slow.time.after(200, resolve)),
    });
    const { devices, tasks } = run.depsOf(run.slow.atOnce);
    const observedAt = toInstant(run.slow.clock.now());
    const writes = Array.from({ length: MANY }, (_, number): DeviceWrite => {
      const record = {
        device: aDeviceOfFleet(number),
        presence: 'present',
        version: 1,
        observedAt,
        indexed: true,
      } as const;
      const change = describeChange(undefined, record);
      return { record, retiredIdentities: [], ...(change && { change }) };
    });
    await devices.write(writes);
    await editMassChange(tasks, (state) => ({ ...state, changesLeft: true }));
    return run;
  }

  test('are handed on tick by tick, each once', async () => {
    const run = await startTurned();
    let ticks = 0;
    for (; run.changes.length < MANY && ticks < 20; ticks++) {
      const until = run.slow.time.now + SLICE_MS;
      const hasTime = (): boolean => run.slow.time.now < until;
      const { tookMs } = await run.slow.run(() => applyReleases({ ...run.deps, hasTime }));
      expect(tookMs).toBeLessThan(SLICE_MS + 10_000);
    }
    expect(ticks).toBeGreaterThan(3);
    expect(run.changes).toHaveLength(MANY);
    expect(new Set(run.changes.map(deviceKeyText)).size).toBe(MANY);
  });

  test('go on where a killed process stopped', async () => {
    const run = await startTurned();
    const { slow } = run;
    let kills = 0;
    for (; kills < 3; kills++) {
      const killedAt = slow.time.now + 20_000 + 7_777 * kills;
      const dying = run.depsOf(slow.openUntil(() => killedAt));
      void applyReleases({ ...dying, hasTime: () => slow.time.now < killedAt });
      await slow.time.runUntil(killedAt + 10_000);
    }
    const before = run.changes.length;
    expect(before).toBeGreaterThan(1_000);
    await slow.run(() => applyReleases(run.deps));
    expect(new Set(run.changes.map(deviceKeyText)).size).toBe(MANY);
    // A kill repeats no more than what was under way, and not taken away yet.
    expect(run.changes.length).toBeLessThanOrEqual(MANY + kills * 200);
  });
});
