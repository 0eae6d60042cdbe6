// The device object that Entra keeps beside a managed device: another id, another life, no MAC address.

import { createHash } from 'node:crypto';
import { entraDeviceId } from './device-index.ts';
import type { ManagedDevice } from './managed-device.ts';

/** The properties of microsoft.graph.device (v1.0) that have to do with management. */
export interface EntraDevice {
  /** Object id; not the device ID that Intune calls azureADDeviceId. */
  readonly id: string;
  readonly deviceId: string;
  readonly displayName: string | null;
  readonly accountEnabled: boolean;
  /** Written by Intune; null once Intune does not manage the device any more. */
  readonly isCompliant: boolean | null;
  readonly isManaged: boolean | null;
  readonly isRooted: boolean | null;
  readonly trustType: string;
  readonly profileType: string;
  readonly managementType: string | null;
  readonly mdmAppId: string | null;
  readonly enrollmentType: string | null;
  readonly deviceOwnership: string | null;
  readonly operatingSystem: string | null;
  readonly operatingSystemVersion: string | null;
  readonly complianceExpirationDateTime: string | null;
  readonly registrationDateTime: string | null;
  readonly approximateLastSignInDateTime: string | null;
}

export const ENTRA_DEVICE_PROPERTIES = [
  'id',
  'deviceId',
  'displayName',
  'accountEnabled',
  'isCompliant',
  'isManaged',
  'isRooted',
  'trustType',
  'profileType',
  'managementType',
  'mdmAppId',
  'enrollmentType',
  'deviceOwnership',
  'operatingSystem',
  'operatingSystemVersion',
  'complianceExpirationDateTime',
  'registrationDateTime',
  'approximateLastSignInDateTime',
] as const satisfies readonly (keyof EntraDevice)[];

const INTUNE_APP_ID = '0000000a-0000-0000-c000-000000000000';
const COMPLIANT_STATES: readonly string[] = ['compliant', 'inGracePeriod', 'configManager'];

/** The object that belongs to a managed device, or undefined for a device that Entra does not know. */
export function entraDevice(device: ManagedDevice): EntraDevice | undefined {
  const deviceId = entraDeviceId(device);
  if (deviceId === undefined) {
    return undefined;
  }
  const personal = device.managedDeviceOwnerType === 'personal';
  return {
    id: entraObjectId(deviceId),
    deviceId,
    displayName: device.deviceName,
    accountEnabled: true,
    isCompliant: COMPLIANT_STATES.includes(device.complianceState),
    isManaged: true,
    isRooted: device.jailBroken?.toLowerCase() === 'true',
    trustType: personal ? 'Workplace' : 'AzureAd',
    profileType: 'RegisteredDevice',
    managementType: 'MDM',
    mdmAppId: INTUNE_APP_ID,
    enrollmentType: device.deviceEnrollmentType,
    deviceOwnership: personal ? 'Personal' : 'Company',
    operatingSystem: device.operatingSystem,
    operatingSystemVersion: device.osVersion,
    complianceExpirationDateTime: null,
    registrationDateTime: device.enrolledDateTime,
    approximateLastSignInDateTime: device.enrolledDateTime,
  };
}

/**
 * What is left in Entra of a device that Intune does not manage any more: the object stays until someone deletes it.
 */
export function unmanagedEntraDevice(device: EntraDevice): EntraDevice {
  return { ...device, isCompliant: null, isManaged: false, managementType: null, mdmAppId: null };
}

/** A device that was registered, and that no MDM has said anything of. */
export function strangeDevice(deviceId: string): EntraDevice {
  return {
    id: entraObjectId(deviceId),
    deviceId,
    displayName: null,
    accountEnabled: true,
    isCompliant: null,
    isManaged: null,
    isRooted: null,
    trustType: 'Workplace',
    profileType: 'RegisteredDevice',
    managementType: null,
    mdmAppId: null,
    enrollmentType: null,
    deviceOwnership: null,
    operatingSystem: null,
    operatingSystemVersion: null,
    complianceExpirationDateTime: null,
    registrationDateTime: null,
    approximateLastSignInDateTime: null,
  };
}

/** Always the same object id for a device ID, and never the device ID itself. */
export function entraObjectId(deviceId: string): string {
  const digits = createHash('sha256').update(`object of ${deviceId.toLowerCase()}`).digest('hex');
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `4${digits.slice(13, 16)}`,
    `a${digits.slice(17, 20)}`,
    digits.slice(20, 32),
  ].join('-');
}

/** Whether two states of an object differ in any of the properties. */
export function differs(
  before: EntraDevice | undefined,
  after: EntraDevice | undefined,
  names: readonly (keyof EntraDevice)[] = ENTRA_DEVICE_PROPERTIES,
): boolean {
  return before === undefined || after === undefined
    ? before !== after
    : names.some((name) => before[name] !== after[name]);
}
