// Decides what a read of one device means for its record. Where no sweep confirms records the time of the read counts,
// too, and one "not managed" alone does not make a device gone.

import type { Device, DeviceKey, DeviceRecord } from '../../domain/device/device.ts';
import { describeChange } from '../../domain/device/device-change.ts';
import type { Instant } from '../../domain/instant.ts';
import type { StoredDevice } from '../../ports/device-store.ts';
import {
  type DevicePlan,
  type FlipRule,
  planGone,
  planHeldAbsence,
  planObserved,
  planStale,
} from '../records/plan-device-write.ts';

export interface PointReadRules {
  /** A sweep keeps its own account of records, and must hear of what others write. */
  readonly outOfBand: boolean;
  /**
   * What turns, or is gone, waits beside its record for the end of the run, or for those who ask whether it is too
   * much. Absent: it counts at once.
   */
  readonly flips?: FlipRule;
}

const AT_ONCE: FlipRule = { kind: 'apply' };

/** {@link planObserved}, by these rules. */
export function planSeen(
  stored: StoredDevice | undefined,
  device: Device,
  observedAt: Instant,
  { outOfBand, flips = AT_ONCE }: PointReadRules,
): DevicePlan {
  return planObserved(stored, device, observedAt, { flips, outOfBand });
}

/** Like {@link planSeen}, but an unchanged record is written, too, with the new time as its age. */
export function planConfirmed(
  stored: StoredDevice | undefined,
  device: Device,
  observedAt: Instant,
  { outOfBand, flips = AT_ONCE }: PointReadRules,
): DevicePlan {
  const plan = planSeen(stored, device, observedAt, { flips, outOfBand });
  if (plan.kind !== 'unchanged' || stored === undefined || stored.observedAt >= observedAt) return plan;
  const { etag, retiredIdentities, confirmedUntil, ...record } = stored;
  const mark = outOfBand ? ({ mark: 'doubt' } as const) : {};
  const unswept = outOfBand ? ({ unswept: true } as const) : {};
  const write = { record: { ...record, ...unswept, observedAt }, retiredIdentities, ...mark, replaces: etag };
  return { kind: 'write', write };
}

/**
 * Two witnesses for absence: the first makes the record doubtful, a second one, later, makes the device gone.
 * `holdAbsences`: no device becomes gone for now.
 */
export function planAbsent(
  stored: StoredDevice | undefined,
  readAt: Instant,
  { outOfBand, holdAbsences, flips = AT_ONCE }: PointReadRules & { readonly holdAbsences: boolean },
): DevicePlan {
  if (stored?.presence !== 'present') return { kind: 'unchanged' };
  if (stored.confirmedUntil === undefined || holdAbsences) return planStale(stored, undefined, readAt);
  // What is held of a device that was there makes its record doubtful, and is no witness for absence.
  if (flips.kind === 'hold' && stored.held?.device !== undefined) return { kind: 'unchanged' };
  return planLoss(stored, readAt, { outOfBand, flips });
}

/** A read of the whole device is proof enough: it is gone. One whose absence is held already is no news. */
export function planProvenAbsent(stored: StoredDevice | undefined, readAt: Instant, rules: PointReadRules): DevicePlan {
  if (stored?.presence !== 'present') return { kind: 'unchanged' };
  if (stored.held !== undefined && stored.held.device === undefined) return { kind: 'held' };
  return planLoss(stored, readAt, rules);
}

function planLoss(stored: StoredDevice, readAt: Instant, { outOfBand, flips = AT_ONCE }: PointReadRules): DevicePlan {
  if (flips.kind === 'apply') return planGone(stored, readAt, { outOfBand });
  return flips.kind === 'hold' ? planHeldAbsence(stored, readAt, flips) : { kind: 'flip' };
}

/**
 * A device was to become noncompliant, was held, and a later list does not say so any more: its record is as it was.
 * @param isListed whether the list may speak of the device after all
 */
export function planUnlisted(
  stored: StoredDevice | undefined,
  listedAt: Instant,
  isListed: (device: Device) => boolean,
): DevicePlan {
  const { held } = stored ?? {};
  if (stored === undefined || held?.device === undefined || held.device.complianceState !== 'noncompliant') {
    return { kind: 'unchanged' };
  }
  if (isListed(held.device)) return { kind: 'held' };
  if (held.observedAt >= listedAt) return { kind: 'outdated' };
  const { etag, retiredIdentities, held: _held, confirmedUntil, ...record } = stored;
  return { kind: 'write', write: { record, retiredIdentities, mark: 'doubt', replaces: etag } };
}

/**
 * A session was let in on the source's own word, and now the source knows no such device: a record of its absence,
 * newer than that word, ends it. A read of the device itself is proof enough where the record of before says the same,
 * or where there was none.
 * @param stored no record, or one that was gone before the session was let in
 */
export function planLiveWordOver(
  key: DeviceKey,
  stored: StoredDevice | undefined,
  readAt: Instant,
  { outOfBand }: PointReadRules,
): DevicePlan {
  if (stored !== undefined && stored.observedAt >= readAt) return { kind: 'outdated' };
  const { etag, retiredIdentities, ...before } = stored ?? {
    ...neverSeen(key),
    etag: undefined,
    retiredIdentities: [],
  };
  const record: DeviceRecord = { ...before, presence: 'gone', version: before.version + 1, observedAt: readAt };
  // For the session it is news, whatever the record said before.
  const change = describeChange(undefined, record);
  const mark = outOfBand ? { mark: 'doubt' as const } : {};
  const replaces = etag === undefined ? {} : { replaces: etag };
  return { kind: 'write', write: { record, retiredIdentities, ...(change && { change }), ...mark, ...replaces } };
}

function neverSeen({ source, id }: DeviceKey): Omit<DeviceRecord, 'observedAt' | 'presence'> {
  return { device: { source, id, complianceState: 'unknown' }, version: 0, indexed: true };
}
