// Which devices a complete run did not list, and which other evidence says that they are gone.
//
// A list may be short, so it is one witness only. The second one is another complete list, or a point read: 404 proves
// the absence, and a device that answers proves the list short.
//
// Keys are looked for shard by shard: at a million devices that takes longer than a slice.

import { isAddressRecord } from '../../domain/device/address-record.ts';
import { type DeviceKey, deviceHash, SHARDS } from '../../domain/device/device.ts';
import type { DeviceReading } from '../../ports/device-reader.ts';
import type { ConcludingRun } from '../../ports/sweep-store.ts';
import { isMassChange } from '../breaker/mass-change.ts';
import type { SweepDeps, SweepLimits } from '../poll-deps.ts';
import type { FleetIndex } from './fleet-index.ts';
import { PackedEntries } from './packed-entries.ts';

/** Point reads one run may spend on missing devices, in batches of twenty. */
const MOST_POINT_READS = 200;
/** Of a mass of missing devices these are asked; one that is there says that the list was short. */
const SAMPLE = 40;
/** A list of less than this share of the known fleet is believed only if point reads confirm it. */
const BELIEVABLE_SHARE = 0.5;

export type FoundDevice = DeviceReading & { readonly kind: 'found' };

export type Looked = ConcludingRun['looked'];
export type Asked = NonNullable<ConcludingRun['asked']>;

export const NOTHING_LOOKED: Looked = { shards: 0, missing: 0, twice: 0, sample: [], stride: 1 };

export interface MissedKey extends DeviceKey {
  /** Complete lists in a row without it. */
  readonly times: number;
}

/**
 * Devices of a shard that the index has missed and whose records say that they are present. Of what it has missed and
 * no record is there of it knows no more, once all keys of the shard were listed.
 */
export async function* missedIn(
  { source, devices, log }: Pick<SweepDeps, 'source' | 'devices' | 'log'>,
  fleet: FleetIndex,
  shard: string,
): AsyncIterable<MissedKey> {
  if (fleet.countMisses([shard]) === 0) return;
  const known = new PackedEntries();
  for await (const { presence, ...key } of devices.listKeys(shard)) {
    const times = fleet.timesMissed(key);
    if (times === 0) continue;
    known.add(deviceHash(key));
    if (key.source !== source.name) continue;
    // A device that was removed in another way is not missed any more.
    if (presence === 'gone') fleet.forget(key);
    else yield { ...key, times };
  }
  const forgotten = fleet.forgetMissingBut(shard, known);
  if (forgotten > 0) log.warn('poll.index-without-records', { shard, forgotten });
}

/** Looks through one more shard. @param isCounted false for a device that is counted otherwise */
export async function findMissing(
  deps: Pick<SweepDeps, 'source' | 'devices' | 'log'>,
  fleet: FleetIndex,
  looked: Looked,
  isCounted: (key: DeviceKey) => boolean,
): Promise<Looked> {
  let { missing, twice, stride } = looked;
  let sample = [...looked.sample];
  for await (const key of missedIn(deps, fleet, SHARDS[looked.shards] ?? '')) {
    // No list can name it: its absence says nothing of the list.
    if (isAddressRecord(key)) continue;
    if (missing % stride === 0) sample.push(key.id);
    missing += 1;
    if (key.times > 1 && isCounted(key)) twice += 1;
    if (sample.length < 2 * MOST_POINT_READS) continue;
    sample = sample.filter((_, index) => index % 2 === 0);
    stride *= 2;
  }
  return { shards: looked.shards + 1, missing, twice, sample, stride };
}

/** @param listed how many devices the run was shown */
export async function askFor(
  { source, log }: Pick<SweepDeps, 'source' | 'log'>,
  { missing, sample }: Looked,
  { known, listed }: { readonly known: number; readonly listed: number },
  { massChange }: Pick<SweepLimits, 'massChange'>,
): Promise<Asked & { readonly found: readonly FoundDevice[]; readonly asked: number }> {
  const mass = isMassChange(missing, known, massChange);
  const asked = mass ? spread(sample, SAMPLE) : sample.slice(0, MOST_POINT_READS);
  const readings = source.devices && asked.length > 0 ? await source.devices.readDevices(asked) : [];
  const found = readings.filter((reading) => reading.kind === 'found');
  const absent = readings.flatMap(({ kind, id }) => (kind === 'absent' ? [id] : []));
  const failed = readings.filter((reading) => reading.kind === 'failed');
  if (failed.length > 0) log.warn('poll.point-reads-failed', { failed: failed.length, code: failed[0]?.error.code });
  const shortList = mass && found.length > 0;
  if (mass && !shortList) log.warn('poll.many-missing', { missing, known, asked: asked.length, absent: absent.length });
  return {
    shortList,
    believable: absent.length > 0 || listed >= known * BELIEVABLE_SHARE,
    ...(found.length > 0 && { doubtful: true }),
    // In a mass absence the sample speaks for the list, not for single devices: those wait for more lists.
    absent: mass ? [] : absent,
    found,
    asked: asked.length,
  };
}

/** So many of them, evenly from first to last. */
function spread<T>(items: readonly T[], count: number): T[] {
  const step = Math.max(1, items.length / count);
  return Array.from({ length: Math.min(count, items.length) }, (_, index) => items[Math.floor(index * step)] as T);
}
