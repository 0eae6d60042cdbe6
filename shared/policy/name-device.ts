// Which device an operator means: by what consoles, labels and inventories call it. One that several devices are called
// by is refused: a block of the wrong machine looks as if it worked.

import { concurrently } from '../concurrently.ts';
import { type DeviceKey, deviceKeyText, isDeviceId, parseDeviceKeyText } from '../domain/device/device.ts';
import { claims } from '../domain/device/device-identities.ts';
import { foremostFirst, isJoined } from '../domain/device/joined-records.ts';
import { bareGuid } from '../domain/guid-forms.ts';
import type { Identity } from '../domain/identity/identity.ts';
import { canIdentifyDevice, parseMacAddress } from '../domain/mac-address.ts';
import { RequestError } from '../errors.ts';
import type { StoredDevice } from '../ports/device-store.ts';
import type { SeenRecords } from '../ports/site-records.ts';

/** Of several devices so many are named to the operator. */
const MOST_SHOWN = 10;
const READ_AT_ONCE = 8;

/**
 * @param records that the operator may see
 * @param text Intune or Entra device id in any notation, name, serial number or MAC address
 * @param field in which it was given
 * @throws RequestError NAC_DEVICE_UNKNOWN, NAC_DEVICE_AMBIGUOUS
 */
export async function nameDevice(records: SeenRecords, text: string, field: string): Promise<DeviceKey> {
  const wanted = text.trim();
  const id = bareGuid(wanted) ?? wanted.toLowerCase();
  // An id is of one device, even if another device has it as its name.
  const byId = isDeviceId(id) ? await devicesWithId(records, records.keysOf({ value: id })) : [];
  if (byId.length > 1) throw ambiguous(field, byId, false);
  const { found, more } = byId.length === 1 ? { found: byId, more: false } : await devicesMeant(records, wanted, id);
  const [only, ...others] = found;
  if (only === undefined && !more) throw unknown(field);
  if (only === undefined || others.length > 0 || more) throw ambiguous(field, found, more);
  return { source: only.device.source, id: only.device.id };
}

/** Everything that the text may be. */
function meanings(text: string): Identity[] {
  const guid = bareGuid(text);
  const mac = parseMacAddress(text);
  const value = text.toLowerCase();
  return [
    ...(guid === undefined ? [] : [{ kind: 'entraDeviceId', value: guid } as const]),
    ...(mac !== undefined && canIdentifyDevice(mac) ? [{ kind: 'mac', value: mac } as const] : []),
    { kind: 'name', value },
    { kind: 'serialNumber', value },
  ];
}

/** What no tenant of Intune gave as an id: an id of another source, or what devices are called by. */
async function devicesMeant(
  records: SeenRecords,
  text: string,
  id: string,
): Promise<{ found: readonly StoredDevice[]; more: boolean }> {
  const byId = isDeviceId(id) ? await devicesWithId(records, records.everyKeyOf(id)) : [];
  const guid = bareGuid(text);
  const entra: Identity[] = guid === undefined ? [] : [{ kind: 'entraDeviceId', value: guid }];
  const { found, more } = await devicesCalled(records, byId.length > 0 ? entra : meanings(text));
  return { found: machinesOf([...byId, ...found]), more };
}

/** Records of several sources that are one machine count as the one that is looked at first. */
function machinesOf(records: readonly StoredDevice[]): readonly StoredDevice[] {
  const ordered = records.toSorted((one, other) => foremostFirst(one.device, other.device));
  const machines: StoredDevice[] = [];
  for (const record of ordered) {
    const key = deviceKeyText(record.device);
    const isKnown = machines.some(({ device }) => deviceKeyText(device) === key || isJoined(device, record.device));
    if (!isKnown) machines.push(record);
  }
  return machines;
}

async function devicesWithId(records: SeenRecords, keys: readonly DeviceKey[]): Promise<StoredDevice[]> {
  const read = await concurrently(keys, READ_AT_ONCE, (key) => records.read(key));
  return read.filter((record) => record !== undefined);
}

async function devicesCalled(
  records: SeenRecords,
  meant: readonly Identity[],
): Promise<{ found: readonly StoredDevice[]; more: boolean }> {
  const found = new Map<string, StoredDevice>();
  let more = false;
  for (const identity of meant) {
    const owners = await records.readOwners(identity);
    more ||= owners.more;
    for (const owner of owners.devices.slice(0, MOST_SHOWN + 1)) {
      const record = await records.read(parseDeviceKeyText(owner));
      if (record !== undefined && claims(record, identity)) found.set(deviceKeyText(record.device), record);
    }
    more ||= owners.devices.length > MOST_SHOWN + 1;
  }
  return { found: [...found.values()], more };
}

function unknown(field: string): RequestError {
  return new RequestError(400, 'NAC_DEVICE_UNKNOWN', 'No such device is stored.', {
    action:
      'Give the Intune or Entra device id, name or serial number, as Intune shows it; to block one that Intune does not know, give its mac or certificate.',
    field,
  });
}

function ambiguous(field: string, found: readonly StoredDevice[], more: boolean): RequestError {
  const shown = found.slice(0, MOST_SHOWN).map(({ device: { id, name } }) => (name ? `${id} (${name})` : id));
  const rest = more || found.length > MOST_SHOWN ? ' and more' : '';
  return new RequestError(409, 'NAC_DEVICE_AMBIGUOUS', `Several devices are called so: ${shown.join(', ')}${rest}.`, {
    action: 'Give the Intune device id of the one that is meant; or one request for each of them.',
    field,
  });
}
