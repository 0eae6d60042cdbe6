// Builders of devices for tests: every value is plain and valid, a test names only what it is about.

import type { Device } from '../../shared/domain/device/device.ts';
import { type MacAddress, parseMacAddress } from '../../shared/domain/mac-address.ts';
import type { StoredDevice } from '../../shared/ports/device-store.ts';

export const DEVICE_ID = '705c034c-034c-705c-4c03-5c704c035c70';

export function aDevice(fields: Partial<Device> = {}): Device {
  return {
    source: 'intune',
    id: DEVICE_ID,
    complianceState: 'compliant',
    name: 'LT-0042',
    wifiMac: aMac('a0b1c2d3e4f5'),
    serialNumber: 'PF3XYZ12',
    lastSyncAt: '2026-11-20T08:00:00.000Z',
    ...fields,
  };
}

/** The n-th device of a fleet: its own id, name, address and serial number. */
export function aDeviceOfFleet(number: number): Device {
  const digits = number.toString(16).padStart(12, '0');
  return aDevice({
    id: `00000000-0000-4000-8000-${digits}`,
    name: `LT-${number}`,
    wifiMac: aMac(`a0b1${digits.slice(4)}`),
    serialNumber: `SN${number}`,
  });
}

export function aStoredDevice(fields: Partial<StoredDevice> = {}): StoredDevice {
  return {
    device: aDevice(),
    presence: 'present',
    version: 7,
    observedAt: '2026-11-20T10:00:00.000Z',
    indexed: true,
    retiredIdentities: [],
    etag: 'etag-7',
    ...fields,
  };
}

export function aMac(text: string): MacAddress {
  const mac = parseMacAddress(text);
  if (mac === undefined) throw new TypeError(`not a MAC address: ${text}`);
  return mac;
}
