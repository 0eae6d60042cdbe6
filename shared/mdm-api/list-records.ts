// Which records an entry of the list stands for, where several sources know its device: ISE keeps an endpoint by the id
// or the address of whichever record it asked by, so all of them are on the list, and each by one entry alone.

import { deviceKeyText } from '../domain/device/device.ts';
import { mayBeNoncompliant } from '../domain/device/record-standing.ts';
import type { DeviceIdentifier } from '../domain/mdm-dialect.ts';
import type { MdmKey } from '../domain/mdm-documents.ts';
import type { StoredDevice } from '../ports/device-store.ts';
import { guidOf } from './answer-device.ts';
import { stationAddresses, writtenMac } from './device-attributes.ts';

/** Why a record has an entry of its own beside its content. */
export interface OwnEntries {
  readonly isSilent: (record: StoredDevice) => boolean;
  readonly isBlocked: (record: StoredDevice) => boolean;
}

/**
 * A record whose content is not compliant has an entry. So has a silent one, once the daily task met it, and one that
 * is blocked. The first of the records that have an entry stands for those that have none.
 * @param own of the entry
 * @param joined the same device in other sources
 */
export function recordsOfEntry(
  own: StoredDevice,
  joined: readonly StoredDevice[],
  { isSilent, isBlocked }: OwnEntries,
): readonly StoredDevice[] {
  if (joined.length === 0) return [own];
  const all = inOrder([own, ...joined]);
  for (const hasEntry of [mayBeNoncompliant, isSilent, isBlocked]) {
    const entries = all.filter(hasEntry);
    if (entries.length === 0) continue;
    if (!entries.includes(own)) return [];
    return own === entries[0] ? [own, ...all.filter((one) => !entries.includes(one))] : [own];
  }
  return [own];
}

/** By what a record is listed: of two records that have one key, the first by the order of their own keys has it. */
export function keysListed(
  record: StoredDevice,
  all: readonly StoredDevice[],
  identifier: DeviceIdentifier,
): readonly MdmKey[] {
  const ordered = inOrder(all);
  const before = new Set(ordered.slice(0, ordered.indexOf(record)).flatMap((one) => keyValues(one, identifier)));
  return keyValues(record, identifier)
    .filter((value) => !before.has(value))
    .map((value) => ({ element: identifier, value }));
}

function keyValues({ device }: StoredDevice, identifier: DeviceIdentifier): readonly string[] {
  return identifier === 'guid' ? [guidOf(device)] : stationAddresses(device).map(writtenMac);
}

function inOrder(records: readonly StoredDevice[]): readonly StoredDevice[] {
  return records.toSorted((one, other) => (deviceKeyText(one.device) < deviceKeyText(other.device) ? -1 : 1));
}
