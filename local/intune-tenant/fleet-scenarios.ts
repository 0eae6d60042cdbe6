// What happens to many devices at once: a policy that flips them, a list that loses them.

import type { Fleet } from './fleet.ts';
import { FleetError } from './fleet-error.ts';
import {
  COMPLIANCE_STATES,
  type ComplianceState,
  type ManagedDevice,
  type ManagedDeviceChange,
} from './managed-device.ts';

/** The devices meant: in the order of enrolment, those in the state if one is given, the first of them skipped. */
export interface FleetShare {
  /** Part of the whole fleet, from 0 to 1, rounded to whole devices; `count` wins. */
  readonly share?: number;
  readonly count?: number;
  readonly skip?: number;
  readonly complianceState?: ComplianceState;
}

/** Sets the same properties on a share of the fleet. Returns how many devices that were. */
export function changeShare(fleet: Fleet, share: FleetShare, change: ManagedDeviceChange): number {
  const devices = chosen(fleet, share);
  for (const { id } of devices) {
    fleet.patch(id, change);
  }
  return devices.length;
}

/** Hides a share of the fleet until it is shown again. Returns how many devices that were. */
export function hideShare(fleet: Fleet, share: FleetShare): number {
  const devices = chosen(fleet, share);
  for (const { id } of devices) {
    fleet.hide(id);
  }
  return devices.length;
}

function chosen(fleet: Fleet, { share, count, skip = 0, complianceState }: FleetShare): readonly ManagedDevice[] {
  if ((share === undefined) === (count === undefined)) {
    throw new FleetError('invalid_property', 'say how many devices: either share from 0 to 1, or count');
  }
  if (share !== undefined && !(typeof share === 'number' && share >= 0 && share <= 1)) {
    throw new FleetError('invalid_property', 'share must be a number from 0 to 1');
  }
  for (const [name, value] of Object.entries({ count: count ?? 0, skip })) {
    if (!Number.isInteger(value) || value < 0) {
      throw new FleetError('invalid_property', `${name} must be a whole number, 0 or more`);
    }
  }
  if (complianceState !== undefined && !COMPLIANCE_STATES.includes(complianceState)) {
    throw new FleetError('invalid_property', `complianceState must be one of ${COMPLIANCE_STATES.join(', ')}`);
  }
  const wanted = count ?? Math.round((share ?? 0) * fleet.size);
  const inState = (device: ManagedDevice): boolean =>
    complianceState === undefined || device.complianceState === complianceState;
  return fleet.page(0, skip + wanted, inState).devices.slice(skip);
}
