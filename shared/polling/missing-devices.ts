// Which devices a complete run did not list, and who else says that they are not there.
//
// A list may be short, so it is one witness only. The second one is another complete list, or a point read: 404 proves
// the absence, and a device that answers proves the list short.

import { type DeviceKey, deviceHash, deviceKeyText } from '../domain/device.ts';
import type { DeviceReading } from '../ports/device-reader.ts';
import type { DeviceStore } from '../ports/device-store.ts';
import type { FleetIndex } from './fleet-index.ts';
import { isMassChange } from './mass-change.ts';
import type { SweepDeps, SweepLimits } from './sweep-deps.ts';

/** Point reads one run may spend on missing devices, in batches of twenty. */
const MOST_POINT_READS = 200;
/** Of a mass of missing devices these are asked; one that is there says that the list was short. */
const SAMPLE = 40;
/** A list of less than this share of the known fleet is believed only if point reads confirm it. */
const BELIEVABLE_SHARE = 0.5;
/** Rows read at once; more would only be memory. */
const READ_AT_ONCE = 500;

export interface MissingDevice {
  readonly key: DeviceKey;
  /** Complete lists in a row without it, and a point read that did not find it. */
  readonly witnesses: number;
}

export type FoundDevice = DeviceReading & { readonly kind: 'found' };

export type Absences =
  /** Nothing may be concluded: the list left out devices that are there. */
  | {
      readonly kind: 'short-list';
      readonly found: readonly FoundDevice[];
      readonly missing: number;
      readonly asked: number;
    }
  | {
      readonly kind: 'counted';
      readonly missing: readonly MissingDevice[];
      /** Devices the list left out and a point read brought. */
      readonly found: readonly FoundDevice[];
      /** False when the list is so short that it confirms nothing by itself. */
      readonly believable: boolean;
    };

/** @param listed how many devices the run was shown */
export async function findAbsences(
  { source, reader, devices, log }: Pick<SweepDeps, 'source' | 'reader' | 'devices' | 'log'>,
  fleet: FleetIndex,
  listed: number,
  { massChange }: Pick<SweepLimits, 'massChange'>,
): Promise<Absences> {
  const known = fleet.size;
  const missed = await missedDevices(devices, source.name, fleet);
  const mass = isMassChange(missed.length, known, massChange);
  const asked = mass ? spread(missed, SAMPLE) : missed.slice(0, MOST_POINT_READS);
  const readings = reader && asked.length > 0 ? await reader.readDevices(asked.map(({ key }) => key.id)) : [];
  const found = readings.filter((reading) => reading.kind === 'found');
  const absent = new Set(readings.flatMap(({ kind, id }) => (kind === 'absent' ? [id] : [])));
  const failed = readings.filter((reading) => reading.kind === 'failed');
  if (failed.length > 0) log.warn('poll.point-reads-failed', { failed: failed.length, code: failed[0]?.error.code });
  if (mass && found.length > 0) return { kind: 'short-list', found, missing: missed.length, asked: asked.length };
  if (mass) log.warn('poll.many-missing', { missing: missed.length, known, asked: asked.length, absent: absent.size });
  // In a mass absence the sample speaks for the list, not for single devices: those wait for more lists.
  const proven = mass ? new Set<string>() : absent;
  const there = new Set(found.map(({ id }) => id));
  return {
    kind: 'counted',
    missing: missed
      .filter(({ key }) => !there.has(key.id))
      .map(({ key, times }) => ({ key, witnesses: times + (proven.has(key.id) ? 1 : 0) })),
    found,
    believable: absent.size > 0 || listed >= known * BELIEVABLE_SHARE,
  };
}

/** Counts a miss for every device the run did not see; the ones that are missing now, and how often. */
async function missedDevices(
  devices: DeviceStore,
  source: string,
  fleet: FleetIndex,
): Promise<{ key: DeviceKey; times: number }[]> {
  const missed: { key: DeviceKey; times: number }[] = [];
  for (const [shard, misses] of fleet.countMisses()) {
    for await (const key of devices.listKeys(shard)) {
      const times = key.source === source ? misses.get(deviceHash(key)) : undefined;
      if (times !== undefined) missed.push({ key, times });
    }
  }
  return missed;
}

/** So many of them, evenly from first to last. */
function spread<T>(items: readonly T[], count: number): T[] {
  const step = Math.max(1, items.length / count);
  return Array.from({ length: Math.min(count, items.length) }, (_, index) => items[Math.floor(index * step)] as T);
}

/** Of these, the ones whose records still say they are present: others have been found gone before. */
export async function stillPresent(devices: DeviceStore, missing: readonly MissingDevice[]): Promise<MissingDevice[]> {
  const present: MissingDevice[] = [];
  for (let start = 0; start < missing.length; start += READ_AT_ONCE) {
    const chunk = missing.slice(start, start + READ_AT_ONCE);
    const stored = await devices.readMany(chunk.map(({ key }) => key));
    present.push(...chunk.filter(({ key }) => stored.get(deviceKeyText(key))?.presence === 'present'));
  }
  return present;
}
