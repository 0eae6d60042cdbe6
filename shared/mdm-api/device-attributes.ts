// What is known of one device, in the words of Cisco's MDM API: every attribute that its record has, and no other.

import type { Device } from '../domain/device/device.ts';
import { realSerialNumber } from '../domain/device/same-machine.ts';
import { canIdentifyDevice, type MacAddress } from '../domain/mac-address.ts';
import { ATTRIBUTES, type DialectVersion, MOST_MAC_ADDRESSES } from '../domain/mdm-dialect.ts';
import type { MdmAttributes, MdmVerdict } from '../domain/mdm-documents.ts';
import { showable } from '../domain/plain-line.ts';
import type { Filter } from './mdm-question.ts';

/** @param guid by which the device is asked for, where that is not its own id */
export function deviceAttributes(
  device: Device,
  verdict: MdmVerdict,
  { version, filter, guid = device.id }: { version: DialectVersion; filter: Filter; guid?: string },
): MdmAttributes {
  const { compliant, failureReason, remediation } = verdict;
  const known: { readonly [Name in keyof MdmAttributes]: MdmAttributes[Name] | undefined } = {
    registered: true,
    compliance: {
      compliant,
      ...(failureReason !== undefined && { failureReason }),
      // No sample of version 1 has it.
      ...(remediation !== undefined && version > 1 && { remediation }),
    },
    diskEncrypted: device.isEncrypted,
    pinLocked: device.pinLocked,
    jailBroken: flagOf(device.jailBroken),
    manufacturer: shown(device.manufacturer),
    model: shown(device.model),
    imei: shown(device.imei),
    meid: shown(device.meid),
    udid: shown(device.udid),
    serialNumber: realSerialNumber(device) === undefined ? undefined : shown(device.serialNumber),
    osVersion: shown([device.operatingSystem, device.osVersion].filter((part) => part !== undefined).join(' ')),
    phoneNumber: shown(device.phoneNumber),
    ...(version === 3 && {
      lastCheckIn: device.lastSyncAt === undefined ? undefined : Date.parse(device.lastSyncAt),
      guid,
      macAddresses: addressesOf(device),
    }),
  };
  return Object.fromEntries(
    Object.entries(known).filter(
      ([name, value]) => value !== undefined && (filter?.has(ATTRIBUTES[name as keyof MdmAttributes]) ?? true),
    ),
  ) as MdmAttributes;
}

/** Addresses that a station may show, the radio's first; a random one is of no use to the asker. */
export function stationAddresses({ wifiMac, ethernetMac }: Device): MacAddress[] {
  return [...new Set([wifiMac, ethernetMac])].filter((mac) => mac !== undefined).filter(canIdentifyDevice);
}

export function writtenMac(mac: MacAddress): string {
  return mac.toUpperCase();
}

function addressesOf(device: Device): readonly string[] | undefined {
  const addresses = stationAddresses(device).slice(0, MOST_MAC_ADDRESSES).map(writtenMac);
  return addresses.length > 0 ? addresses : undefined;
}

/** Intune writes `unknown` as well. */
function flagOf(text: string | undefined): boolean | undefined {
  const lower = text?.trim().toLowerCase();
  if (lower === 'true') return true;
  return lower === 'false' ? false : undefined;
}

/** Marks that turn text around or do not show have no place on the screens of another product. */
function shown(text: string | undefined): string | undefined {
  const written = text === undefined ? '' : showable(text).trim();
  return written === '' ? undefined : written;
}
