// Asks an MDM server for one device by one of its keys, and makes sure that the answer is about that device.

import { isAddressRecord } from '../../domain/device/address-record.ts';
import { isDeviceId } from '../../domain/device/device.ts';
import { type Instant, toInstant } from '../../domain/instant.ts';
import { parseMacAddress } from '../../domain/mac-address.ts';
import type { DialectVersion } from '../../domain/mdm-dialect.ts';
import { SourceError } from '../../errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { MdmClient } from './mdm-client.ts';
import { canBeAsked, type DeviceCriterion } from './questions.ts';
import { ADDRESS_ID, type DeviceAnswer, type MdmDevice } from './read-devices.ts';

export interface OneDevice {
  readonly requestedAt: Instant;
  /** Absent when the server knows no such device, or does not manage it. */
  readonly device?: MdmDevice;
  /** False where this version of the dialect has no such question: then nothing is known. */
  readonly asked: boolean;
}

/**
 * @param value an address in twelve digits, or the id as the server gave it
 * @throws SourceError NAC_SOURCE_RECORD when the answer is about another device, or several
 */
export async function readOne(
  client: MdmClient,
  clock: Pick<Clock, 'now'>,
  criterion: DeviceCriterion,
  value: string,
  signal?: AbortSignal,
): Promise<OneDevice> {
  const { version } = await client.information(signal);
  const requestedAt = toInstant(clock.now());
  if (!canBeAsked(version, criterion, value)) return { requestedAt, asked: false };
  const answer = await client.ask({ kind: 'device', criterion, value }, '0', signal);
  const device = theOneAsked(answer, criterion, value, client.connection.preset.title);
  if (device === undefined || device.registered === false) return { requestedAt, asked: true };
  return {
    requestedAt,
    asked: true,
    device: criterion === 'macaddress' ? withAddress(device, value, version) : device,
  };
}

/** An answer need not repeat the address that it was asked for. */
function withAddress(device: MdmDevice, value: string, version: DialectVersion): MdmDevice {
  const mac = parseMacAddress(value);
  if (device.macs.length > 0 || mac === undefined) return device;
  return { ...device, macs: [mac], ...(version < 3 && { id: `${ADDRESS_ID}${mac}` }) };
}

/**
 * By the id that {@link MdmDevice} has: a GUID, or in versions 1 and 2 an address.
 * @throws SourceError NAC_SOURCE_DIALECT when this version cannot be asked by it: then nothing is known
 */
export async function readById(
  client: MdmClient,
  clock: Pick<Clock, 'now'>,
  id: string,
  signal?: AbortSignal,
): Promise<OneDevice> {
  if (!isDeviceId(id)) return { requestedAt: toInstant(clock.now()), asked: false };
  const { version } = await client.information(signal);
  if (version >= 3) return readOne(client, clock, 'guid', id, signal);
  const mac = id.startsWith(ADDRESS_ID) ? parseMacAddress(id.slice(ADDRESS_ID.length)) : undefined;
  if (mac === undefined) throw withoutGuid(client.connection.preset.title, version);
  return readOne(client, clock, 'macaddress', mac, signal);
}

/** Whether a text can be the id of a device of this source, in whichever version. */
export function isIdOf(client: MdmClient, text: string): boolean {
  if (!isDeviceId(text) || isAddressRecord({ id: text })) return false;
  return client.connection.preset.deviceId.test(text) || /^address-[0-9a-f]{12}$/.test(text);
}

/**
 * A server need not repeat the key, but one that names another key answers about another device: its verdict must not
 * count for the one asked for.
 */
function theOneAsked(
  { devices, rejected }: DeviceAnswer,
  criterion: DeviceCriterion,
  value: string,
  title: string,
): MdmDevice | undefined {
  if (rejected.length > 0) throw unusable(title, 'contradicts itself or cannot be read');
  const named = devices.filter((device) => keysOf(device, criterion).includes(value.toLowerCase()));
  const [device = onlyOne(devices, criterion), other] = named;
  if (other !== undefined) throw unusable(title, 'names several devices for one question');
  if (device === undefined && devices.length > 0)
    throw unusable(title, 'is about another device than the one asked for');
  return device;
}

/** The single device of an answer that says nothing of the key. */
function onlyOne(devices: readonly MdmDevice[], criterion: DeviceCriterion): MdmDevice | undefined {
  const [device, other] = devices;
  return device !== undefined && other === undefined && keysOf(device, criterion).length === 0 ? device : undefined;
}

function keysOf({ id, macs, facts }: MdmDevice, criterion: DeviceCriterion): readonly string[] {
  if (criterion === 'macaddress') return macs;
  const key = criterion === 'guid' ? id : facts[criterion];
  return key === undefined ? [] : [key.toLowerCase()];
}

function withoutGuid(title: string, version: DialectVersion): SourceError {
  return new SourceError('NAC_SOURCE_DIALECT', `${title} speaks version ${version} of the dialect, without GUIDs.`, {
    action: 'Upgrade the MDM to version 3 of Cisco’s MDM API, or let devices be recognised by their addresses.',
    field: 'api_version',
  });
}

function unusable(title: string, problem: string): SourceError {
  return new SourceError('NAC_SOURCE_RECORD', `${title}’s answer ${problem}.`, {
    action: 'What is stored of the device stays; it is asked again by itself.',
  });
}
