// Whether the noncompliant list has named a device: its own record says so. No copy of the list need be kept, however
// many devices it names and however often the run that saves it is interrupted.

import type { DeviceRecord } from '../../domain/device/device.ts';
import type { Instant } from '../../domain/instant.ts';

/**
 * The device was called noncompliant since then, held back or not. A point read that said so meanwhile counts as well:
 * it is newer than the list.
 */
export function namedSince(
  record: Pick<DeviceRecord, 'device' | 'observedAt' | 'presence' | 'held'> | undefined,
  since: Instant,
): boolean {
  if (record?.presence !== 'present') return false;
  const { device, observedAt, held } = record;
  const heldAt = held?.device?.complianceState === 'noncompliant' ? held.observedAt : undefined;
  return (
    (device.complianceState === 'noncompliant' && observedAt >= since) || (heldAt !== undefined && heldAt >= since)
  );
}
