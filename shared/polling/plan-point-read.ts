// Decides what a read of one device means for its record, where no sweep confirms records: the time of the read counts,
// too, and one "not managed" alone takes no device away.

import type { Device, DeviceKey, DeviceRecord } from '../domain/device.ts';
import { describeChange } from '../domain/device-change.ts';
import type { Instant } from '../domain/instant.ts';
import type { StoredDevice } from '../ports.ts';
import { type DevicePlan, planDoubted, planGone, planObserved } from './plan-device-write.ts';

export interface PointReadRules {
  /** A sweep keeps its own account of records, and must hear of what others write. */
  readonly besidesSweep: boolean;
}

/** Like {@link planObserved}, but a record that says the same is written with the new time: so old is the answer at most. */
export function planConfirmed(
  stored: StoredDevice | undefined,
  device: Device,
  observedAt: Instant,
  { besidesSweep }: PointReadRules,
): DevicePlan {
  const plan = planObserved(stored, device, observedAt, { flips: { kind: 'apply' }, besidesSweep });
  if (plan.kind !== 'unchanged' || stored === undefined || stored.observedAt >= observedAt) return plan;
  const { etag, retiredIdentities, confirmedUntil, ...record } = stored;
  return { kind: 'write', write: { record: { ...record, observedAt }, retiredIdentities, replaces: etag } };
}

/**
 * Two witnesses for absence: the first makes the record doubtful, a second one, later, makes the device gone.
 * `holdAbsences`: too many devices are absent at once for that to be believed.
 */
export function planAbsent(
  stored: StoredDevice | undefined,
  readAt: Instant,
  { besidesSweep, holdAbsences }: PointReadRules & { readonly holdAbsences: boolean },
): DevicePlan {
  if (stored?.presence !== 'present') return { kind: 'unchanged' };
  if (stored.confirmedUntil === undefined || holdAbsences) return planDoubted(stored, undefined, readAt);
  return planGone(stored, readAt, { besidesSweep });
}

/**
 * A session was let in on Intune's own word, and now Intune knows no such device: a record of its absence ends that word.
 * A read of the device itself is proof enough where nothing was stored.
 */
export function planNeverStored(key: DeviceKey, readAt: Instant, { besidesSweep }: PointReadRules): DevicePlan {
  const device: Device = { source: key.source, id: key.id, complianceState: 'unknown' };
  const record: DeviceRecord = { device, presence: 'gone', version: 1, observedAt: readAt, indexed: true };
  const change = describeChange(undefined, record);
  const mark = besidesSweep ? { mark: 'doubt' as const } : {};
  return { kind: 'write', write: { record, retiredIdentities: [], ...(change && { change }), ...mark } };
}
