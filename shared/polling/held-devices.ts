// Devices with an observation that is held beside their record: found by their marks, let through by planReleased.

import { type DeviceKey, deviceHash, deviceKeyText } from '../domain/device.ts';
import type { DeviceChange } from '../domain/device-change.ts';
import { countTurns, type TurnDirection, type Turns } from '../domain/turn-direction.ts';
import type { DeviceStore } from '../ports/device-store.ts';
import { combined } from './mass-change.ts';
import { planReleased } from './plan-device-write.ts';
import { type SaveDeps, saveDevices } from './save-devices.ts';

/** How much of each run is held. */
export interface HeldCounts {
  readonly flips: number;
  readonly absences: number;
  /** Says whether a run holds the same devices as before: sixteen hexadecimal digits, whatever their order. */
  readonly digest: string;
}

export interface HeldDevices {
  readonly flips: ReadonlyMap<string, DeviceKey>;
  readonly absences: number;
  /** Which way the flips go. */
  readonly turns: Turns;
  /** All of them. */
  readonly keys: readonly DeviceKey[];
  readonly byRun: ReadonlyMap<string, HeldCounts>;
}

/** Records let through at once. */
const CHUNK = 500;

export async function readHeldDevices(devices: DeviceStore): Promise<HeldDevices> {
  const flips = new Map<string, DeviceKey>();
  const keys: DeviceKey[] = [];
  const byRun = new Map<string, HeldCounts>();
  const directions: (TurnDirection | undefined)[] = [];
  let absences = 0;
  for await (const { source, id, held } of devices.marks()) {
    if (held === undefined) continue;
    keys.push({ source, id });
    const isFlip = held.what === 'flip';
    if (isFlip) {
      flips.set(deviceKeyText({ source, id }), { source, id });
      directions.push(held.to);
    } else absences += 1;
    const before = byRun.get(held.runId) ?? { flips: 0, absences: 0, digest: '' };
    byRun.set(held.runId, {
      flips: before.flips + (isFlip ? 1 : 0),
      absences: before.absences + (isFlip ? 0 : 1),
      digest: combined(before.digest, deviceHash({ source, id })),
    });
  }
  return { flips, absences, turns: countTurns(directions), keys, byRun };
}

/**
 * Applies what is held of these devices.
 * @param released whose observations; anybody's, if left out
 * @param hasTime whether another few hundred may be begun
 * @returns how many records were written, and how many devices were not looked at any more
 */
export async function applyHeld(
  deps: SaveDeps,
  keys: readonly DeviceKey[],
  released: ((runId: string) => boolean) | undefined,
  handOn: (changes: readonly DeviceChange[]) => Promise<void>,
  hasTime: () => boolean = () => true,
): Promise<{ readonly written: number; readonly left: number }> {
  let written = 0;
  for (let start = 0; start < keys.length; start += CHUNK) {
    if (start > 0 && !hasTime()) return { written, left: keys.length - start };
    const chunk = keys.slice(start, start + CHUNK);
    const saved = await saveDevices(
      deps,
      chunk.map((key) => ({ key, plan: (stored) => planReleased(stored, released) })),
    );
    await handOn(saved.changes);
    written += saved.written;
  }
  return { written, left: 0 };
}
