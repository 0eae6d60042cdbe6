// What a stored record says of its device by itself: standing, marks, and since when that is known.

import type { Instant } from '../instant.ts';
import { type Device, type DeviceRecord, isBeingRemoved, isDisabled, isSilent } from './device.ts';
import type { Standing, StandingMark } from './standing.ts';

/**
 * Silence says more than the state, and less than that the device is being removed. That it is disabled says most.
 * @param maxCheckInAgeMs a device whose last check-in is older counts as silent, in every compliance state
 */
export function standingOfDevice(device: Device, at: Instant, maxCheckInAgeMs: number): Standing {
  if (isDisabled(device)) return 'disabled';
  if (isBeingRemoved(device)) return 'beingRemoved';
  return isSilent(device, at, maxCheckInAgeMs) ? 'silent' : device.complianceState;
}

export function standingOfRecord({ device }: DeviceRecord, at: Instant, maxCheckInAgeMs: number): Standing {
  return standingOfDevice(device, at, maxCheckInAgeMs);
}

/**
 * Whether the content alone may make it count as not compliant, whichever states the settings count. Silence and blocks
 * come on top: the first is a matter of time, the second of operators.
 */
export function mayBeNoncompliant({ device, presence }: Pick<DeviceRecord, 'device' | 'presence'>): boolean {
  if (presence !== 'present') return false;
  return device.complianceState !== 'compliant' || isBeingRemoved(device) || isDisabled(device);
}

export function marksOfRecord({ confirmedUntil, held }: DeviceRecord): StandingMark[] {
  const marks: StandingMark[] = [];
  if (confirmedUntil !== undefined) marks.push('stale');
  if (held !== undefined) marks.push('held');
  return marks;
}

/**
 * A present record that is not in doubt was confirmed by every complete sweep since the first one that met its device.
 * @param sweptAt when the newest complete sweep began
 */
export function recordAsOf(
  { confirmedUntil, observedAt, unswept }: Pick<DeviceRecord, 'confirmedUntil' | 'observedAt' | 'unswept'>,
  sweptAt: Instant | undefined,
): Instant {
  if (confirmedUntil !== undefined) return confirmedUntil;
  if (unswept) return observedAt;
  return sweptAt !== undefined && sweptAt > observedAt ? sweptAt : observedAt;
}
