// What Graph shows of a managed device: which properties `$select` may name and which ones lists keep back.

import { isManagedDeviceProperty, MANAGED_DEVICE_PROPERTIES, type ManagedDevice } from './managed-device.ts';

/**
 * Read one device by id and name them in `$select` to see these; everywhere else they hold what their description says.
 */
const KEPT_BACK: ReadonlyMap<string, null | ''> = new Map([
  ['ethernetMacAddress', null],
  ['udid', ''],
  ['iccid', ''],
] as const);

/** Properties of the resource that the fleet does not model: they may be selected and hold nothing. */
const UNMODELLED: Readonly<Record<string, unknown>> = {
  activationLockBypassCode: null,
  configurationManagerClientEnabledFeatures: null,
  deviceActionResults: [],
  deviceHealthAttestationState: null,
  easActivated: false,
  easActivationDateTime: '0001-01-01T00:00:00Z',
  easDeviceId: '',
  exchangeAccessState: 'none',
  exchangeAccessStateReason: 'none',
  exchangeLastSuccessfulSyncDateTime: '0001-01-01T00:00:00Z',
  freeStorageSpaceInBytes: 0,
  notes: null,
  phoneNumber: '',
  physicalMemoryInBytes: 0,
  remoteAssistanceSessionErrorDetails: null,
  remoteAssistanceSessionUrl: null,
  requireUserEnrollmentApproval: null,
  subscriberCarrier: '',
  totalStorageSpaceInBytes: 0,
};

export type Selection = { readonly names: readonly string[] | undefined } | { readonly unknown: string };

/** The properties that `$select` names; undefined names when it is absent or empty. */
export function selection(select: string | null): Selection {
  const names = (select ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const unknown = names.find((name) => !isManagedDeviceProperty(name) && !Object.hasOwn(UNMODELLED, name));
  if (unknown !== undefined) {
    return { unknown };
  }
  return { names: names.length > 0 ? [...new Set(names)] : undefined };
}

/** A device in a list: Graph answers nothing for the properties it keeps back, even when selected, unless `filled`. */
export function listedDevice(
  device: ManagedDevice,
  names: readonly string[] | undefined,
  filled = false,
): Record<string, unknown> {
  return shownDevice(device, names, filled && names !== undefined);
}

/** A device read by its id: the properties kept back are filled in when they are selected. */
export function singleDevice(device: ManagedDevice, names: readonly string[] | undefined): Record<string, unknown> {
  return shownDevice(device, names, names !== undefined);
}

function shownDevice(
  device: ManagedDevice,
  names: readonly string[] | undefined,
  revealed: boolean,
): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const name of names ?? MANAGED_DEVICE_PROPERTIES) {
    if (KEPT_BACK.has(name) && !revealed) {
      shown[name] = KEPT_BACK.get(name);
    } else {
      shown[name] = isManagedDeviceProperty(name) ? device[name] : UNMODELLED[name];
    }
  }
  return shown;
}
