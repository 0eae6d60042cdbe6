// Devices with an observation that is held beside their record: found by their marks, let through by planReleased.

import { type DeviceKey, deviceHash } from '../../domain/device/device.ts';
import type { DeviceChange } from '../../domain/device/device-change.ts';
import { countTurns, NO_TURNS, type Turns } from '../../domain/device/turn-direction.ts';
import { inChunks } from '../../in-chunks.ts';
import type { DeviceStore } from '../../ports/device-store.ts';
import { planReleased } from '../records/plan-device-write.ts';
import { type SaveDeps, saveDevices } from '../records/save-devices.ts';
import type { HeldCounts } from './held-counts.ts';
import { combined } from './mass-change.ts';

/** How much is held in all. */
export interface HeldCount {
  readonly flips: number;
  readonly absences: number;
  /** Which way the flips go. */
  readonly turns: Turns;
  readonly byRun: ReadonlyMap<string, HeldCounts>;
}

/** Records let through at once. */
const CHUNK = 500;

/** Counts as it reads: what is in memory does not grow with what is held. */
export async function countHeld(devices: Pick<DeviceStore, 'marks'>): Promise<HeldCount> {
  const byRun = new Map<string, HeldCounts>();
  const turns = { ...NO_TURNS };
  let flips = 0;
  let absences = 0;
  for await (const { source, id, held } of devices.marks()) {
    if (held === undefined) continue;
    const isFlip = held.what === 'flip';
    if (isFlip) {
      flips += 1;
      const { better, worse } = countTurns([held.to]);
      turns.better += better;
      turns.worse += worse;
    } else absences += 1;
    const before = byRun.get(held.runId) ?? { flips: 0, absences: 0, digest: '' };
    byRun.set(held.runId, {
      flips: before.flips + (isFlip ? 1 : 0),
      absences: before.absences + (isFlip ? 0 : 1),
      digest: combined(before.digest, deviceHash({ source, id })),
    });
  }
  return { flips, absences, turns, byRun };
}

/** Devices of which something is held, some of them first where an observation of these runs is. */
export async function* heldKeys(
  devices: Pick<DeviceStore, 'marks'>,
  isWanted: (runId: string, key: DeviceKey) => boolean = () => true,
): AsyncIterable<DeviceKey> {
  for await (const { source, id, held } of devices.marks()) {
    if (held && isWanted(held.runId, { source, id })) yield { source, id };
  }
}

/**
 * Applies what is held of these devices. What is applied is marked no more: done again, it goes on with what is left.
 * @param released which runs' observations; those of all runs, if left out
 * @param hasTime whether another few hundred may be begun
 * @returns how many records were written, and whether all devices were looked at
 */
export async function applyHeld(
  deps: SaveDeps,
  keys: Iterable<DeviceKey> | AsyncIterable<DeviceKey>,
  released: ((runId: string) => boolean) | undefined,
  dispatchChanges: (changes: readonly DeviceChange[]) => Promise<void>,
  hasTime: () => boolean = () => true,
): Promise<{ readonly written: number; readonly done: boolean }> {
  let written = 0;
  for await (const chunk of inChunks(keys, CHUNK, hasTime)) {
    if (chunk === 'no-time') return { written, done: false };
    const saved = await saveDevices(
      deps,
      chunk.map((key) => ({ key, plan: (stored) => planReleased(stored, released) })),
    );
    await dispatchChanges(saved.changes);
    written += saved.written;
  }
  return { written, done: true };
}
