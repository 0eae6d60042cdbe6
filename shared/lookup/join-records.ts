// The records that other sources have of the device that was found: read by the ids that only one device has.

import { type DeviceKey, deviceKeyText, parseDeviceKeyText } from '../domain/device/device.ts';
import { isJoined, MOST_RECORDS, strongIdentities } from '../domain/device/joined-records.ts';
import { currentEnrolment } from '../domain/device/same-machine.ts';
import { CERTIFICATE_SOURCE } from '../domain/identity/certificate-source.ts';
import { type Identity, identityText } from '../domain/identity/identity.ts';
import { type RecordVersion, recordVersionsText } from '../domain/policy/decision.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { StoredDevice } from '../ports/device-store.ts';
import type { JoinRules } from '../ports/join-rules.ts';
import type { SeenRecords } from '../ports/site-records.ts';
import type { FoundDevice } from './find-device.ts';

/** Enrolments of one device in one source; of more, those count that come first in the order of ids. */
const MOST_OF_SOURCE = 4;

/** From a record that shares one id with the device to one that shares another with that record, and no further. */
const MOST_STEPS = 2;

/** @returns the rules for what one site may see; absent where that is of one source alone: then nothing is read */
export function rulesAt(joins: JoinRules | undefined, records: Pick<SeenRecords, 'counts'>): JoinRules | undefined {
  const sources = joins?.sources.filter((source) => records.counts(source)) ?? [];
  return joins && sources.length > 1 ? { ...joins, sources } : undefined;
}

/** @returns the device with its other records; ambiguous where more sources have its ids than know any one device */
export async function withOtherRecords(
  records: SeenRecords,
  joins: JoinRules | undefined,
  found: FoundDevice,
  options: CallOptions,
): Promise<FoundDevice> {
  if (found.kind !== 'found') return found;
  const joined = await otherRecords(records, joins, found.stored, options);
  if (joined === 'too-many') return { kind: 'ambiguous' };
  return joined.length === 0 ? found : { ...found, joined };
}

/**
 * One record of each other source as a rule, in the order of the sources' names. Pointers are read from the store
 * itself: what another source wrote a moment ago takes part at once. Whichever of the records was found, the others are
 * the same.
 */
export async function otherRecords(
  records: SeenRecords,
  joins: JoinRules | undefined,
  found: StoredDevice,
  { signal }: CallOptions,
): Promise<readonly StoredDevice[] | 'too-many'> {
  if (joins === undefined) return [];
  const options = { fresh: true, ...(signal && { signal }) };
  const sources = joins.sources.filter((source) => source !== found.device.source);
  const named = new Map<string, DeviceKey>();
  const asked = new Set<string>();
  let joined: readonly StoredDevice[] = [];
  let added: readonly StoredDevice[] = [found];
  for (let step = 0; step < MOST_STEPS && added.length > 0; step++) {
    const ids = added
      .flatMap(({ device }) => strongIdentities(device))
      .filter((id) => !asked.has(identityText(id)) && asked.add(identityText(id)));
    const owners = await Promise.all(ids.map((id) => ownersOf(records, sources, id, options)));
    for (const key of owners.flat()) named.set(key, parseDeviceKeyText(key));
    // Intune's own records need no pointer for their id.
    for (const { kind, value: id } of ids) {
      const key = { source: CERTIFICATE_SOURCE, id };
      if (kind === 'deviceId') named.set(deviceKeyText(key), key);
    }
    const keys = sources.map((source) => keysOf(source, [...named.values()]));
    if (keys.filter(({ length }) => length > 0).length >= MOST_RECORDS) return 'too-many';
    const unread = keys.flat().filter((key) => !joined.some(({ device }) => isOf(key, device)));
    const read = (await Promise.all(unread.map((key) => records.read(key, options)))).filter(
      (one) => one !== undefined,
    );
    added = read.filter(
      ({ device, presence }) =>
        presence === 'present' && [found, ...joined].some((known) => isJoined(known.device, device)),
    );
    joined = [...joined, ...added];
  }
  return ofEachSource(joined);
}

/** A source that claims an id for hundreds of its devices does not hide what another one has of it. */
async function ownersOf(
  records: SeenRecords,
  sources: readonly string[],
  id: Identity,
  options: CallOptions,
): Promise<readonly string[]> {
  const { devices, more } = await records.readOwners(id, options);
  if (!more) return devices;
  const perSource = await Promise.all(sources.map((source) => records.readOwnersIn(source, id, options)));
  return perSource.flatMap((owners) => owners.devices);
}

function isOf({ source, id }: DeviceKey, device: DeviceKey): boolean {
  return source === device.source && id === device.id;
}

/** How many of its records are read does not depend on what other sources say. */
function keysOf(source: string, named: readonly DeviceKey[]): readonly DeviceKey[] {
  const own = new Set(named.filter((key) => key.source === source).map(({ id }) => id));
  return [...own]
    .sort()
    .slice(0, MOST_OF_SOURCE)
    .map((id) => ({ source, id }));
}

function ofEachSource(records: readonly StoredDevice[]): readonly StoredDevice[] {
  const sources = [...new Set(records.map(({ device }) => device.source))].sort();
  return sources.flatMap((source) => {
    const own = records.filter(({ device }) => device.source === source);
    return currentEnrolment(own)?.record ?? own;
  });
}

export function versionOf({ device: { source, id }, version }: StoredDevice): RecordVersion {
  return { source, id, version };
}

/** Whether both are the same records with the same content. */
export function sameRecords(one: readonly StoredDevice[], other: readonly StoredDevice[]): boolean {
  return recordVersionsText(one.map(versionOf)) === recordVersionsText(other.map(versionOf));
}
