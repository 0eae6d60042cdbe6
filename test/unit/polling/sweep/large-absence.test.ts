// A whole fleet that is missing, held or doubted at once: each slice ends in time, gets on, and the work ends.

import { describe, expect, test } from 'vitest';
import { FleetIndex } from '../../../../shared/polling/sweep/fleet-index.ts';
import { fleetOfBits, HELD } from '../../../support/fleet-of-bits.ts';
import { sweepsOf } from '../../../support/sweeps-of-a-fleet.ts';

const FLEET = 20_000;
/** A store that takes four times as long: as many slices as a larger fleet would need. */
const SLOWNESS = 4;
const FINGERPRINT = 7;
/** Of the two minutes that a function may run, 60 %: a slice's time, and what was begun in it. */
const LONGEST_MS = 72_000;
const all = Array.from({ length: FLEET }, (_, number) => number);
const counted = (bits: Uint8Array, value: number): number =>
  bits.reduce((sum, bit) => sum + (bit === value ? 1 : 0), 0);

describe('a list without any device of a large fleet', () => {
  test('is settled slice by slice: each device is read and written once for its doubt, and once for its hold', async () => {
    const fleet = fleetOfBits(FLEET, SLOWNESS);
    const { sweep, fillIndex } = sweepsOf(fleet);
    await fillIndex(all, FINGERPRINT);
    const first = await sweep([], FINGERPRINT);
    const second = await sweep([], FINGERPRINT);
    expect([first.result, second.result]).toEqual(['complete', 'complete']);
    expect(counted(fleet.held, HELD.absence)).toBe(FLEET);
    expect(fleet.calls).toMatchObject({ read: 2 * FLEET, written: 2 * FLEET });
    for (const tookMs of [...first.slices, ...second.slices]) expect(tookMs).toBeLessThan(LONGEST_MS);

    const before = { ...fleet.calls };
    const third = await sweep([], FINGERPRINT);
    expect(third.result).toBe('complete');
    expect(fleet.calls.read - before.read, 'what is held already is not read again').toBe(0);
    expect(counted(fleet.gone, 1)).toBe(0);
  });

  test('of which nothing is stored any more is forgotten by the index', async () => {
    const fleet = fleetOfBits(1_000);
    const { sweep, fillIndex, log } = sweepsOf(fleet);
    await fillIndex(all, FINGERPRINT);
    const { result } = await sweep(all.slice(0, 1_000), FINGERPRINT);
    expect(result).toBe('complete');
    expect((await FleetIndex.load(fleet.sweeps, 9)).size).toBe(1_000);
    const reported = log.filter(({ event }) => event === 'poll.index-without-records');
    expect(reported.reduce((sum, { fields }) => sum + Number(fields?.['forgotten']), 0)).toBe(FLEET - 1_000);
    expect(log.filter(({ event }) => event === 'poll.breaker-tripped')).toEqual([]);
  });
});

test('doubts of a whole fleet, as a release leaves them, take half of each slice until they are taken up', async () => {
  const fleet = fleetOfBits(FLEET, SLOWNESS);
  const { sweep, fillIndex } = sweepsOf(fleet);
  await fillIndex(all, FINGERPRINT);
  fleet.doubted.fill(1);
  // As slow as a store that is nearly overloaded.
  const { removeMarks } = fleet.devices;
  let most = 0;
  fleet.devices.removeMarks = async (marks) => {
    most = Math.max(most, marks.length);
    fleet.clock.at += marks.length * 3;
    await removeMarks(marks);
  };
  const left: number[] = [];
  for (let sweeps = 0; sweeps < 8; sweeps++) {
    const { result, slices } = await sweep(all, FINGERPRINT);
    expect(result).toBe('complete');
    for (const tookMs of slices) expect(tookMs).toBeLessThan(LONGEST_MS);
    left.push(counted(fleet.doubted, 1));
  }
  expect(left[0]).toBeGreaterThan(0);
  expect(left.at(-1)).toBe(0);
  expect(most).toBeLessThanOrEqual(500);
});
