// Reads one managedDevice of Microsoft Graph v1.0 into this product's device. Everything in it is hostile: users choose
// device names, and a record may be of any shape.

import { parseComplianceState } from '../../domain/device/compliance-state.ts';
import { type Device, isDeviceId } from '../../domain/device/device.ts';
import type { Instant } from '../../domain/instant.ts';
import {
  canIdentifyDevice,
  isGroupAddress,
  isLocallyAdministered,
  type MacAddress,
  parseMacAddress,
} from '../../domain/mac-address.ts';
import type { RecordProblem, RecordReading } from '../../ports/compliance-source.ts';

/** The properties asked for: those that identify a device or that a policy may look at. */
export const MANAGED_DEVICE_PROPERTIES = [
  'id',
  'azureADDeviceId',
  'deviceName',
  'complianceState',
  'complianceGracePeriodExpirationDateTime',
  'wiFiMacAddress',
  'ethernetMacAddress',
  'serialNumber',
  'imei',
  'meid',
  'udid',
  'lastSyncDateTime',
  'enrolledDateTime',
  'userPrincipalName',
  'operatingSystem',
  'osVersion',
  'managementState',
  'managementAgent',
  'deviceRegistrationState',
  'managedDeviceOwnerType',
  'manufacturer',
  'model',
  'deviceCategoryDisplayName',
  'isEncrypted',
  'jailBroken',
] as const;

const LONGEST_TEXT = 256;
/** Nearly every text needs no repair. For a hundred thousand records of twenty fields a short cut pays. */
const PLAIN_TEXT = /^[!-~](?:[ -~]{0,254}[!-~])?$/;
/** As Graph writes nearly every date, on a day that every month has: an instant but for its milliseconds. */
const PLAIN_DATE = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/;

/** Years that stand for no date. */
const NO_DATE = /^(?:0001|9999)-/;
/** Edm.DateTimeOffset: with a zone, always. */
const GRAPH_DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/i;

/**
 * Reads a record as far as it makes sense. A wrong type rejects the record; a text that should be an address or a date
 * but is not one leaves out that field, since the device is still the device. Never throws.
 */
export function readManagedDevice(source: string, record: unknown): RecordReading {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    return { problems: [{ field: 'value[]', problem: 'is not an object' }] };
  }
  const reader = new RecordReader(record as Record<string, unknown>);
  const device = reader.read(source);
  return { ...(device && { device }), problems: reader.problems };
}

/** What only a read of one device by id shows; `undefined` when the record as a whole cannot be trusted. */
export interface HardwareRecord {
  readonly id: string;
  readonly ethernetMac?: MacAddress;
  readonly udid?: string;
}

/** Reads a record that was asked for with `$select=id,ethernetMacAddress,udid`. Never throws. */
export function readHardwareRecord(record: unknown): HardwareRecord | undefined {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return undefined;
  return new RecordReader(record as Record<string, unknown>).readHardware();
}

class RecordReader {
  readonly problems: RecordProblem[] = [];
  readonly #record: Record<string, unknown>;
  #id: string | undefined;
  #trustworthy = true;

  constructor(record: Record<string, unknown>) {
    this.#record = record;
  }

  read(source: string): Device | undefined {
    const id = this.#readId();
    if (id === undefined) return undefined;
    const state = this.#text('complianceState');
    if (state === undefined && this.#trustworthy) this.#reject('complianceState', 'is missing');
    const device = withoutAbsent({
      source,
      id,
      complianceState: parseComplianceState(state ?? ''),
      name: this.#text('deviceName'),
      entraDeviceId: realGuid(this.#text('azureADDeviceId')),
      wifiMac: this.#mac('wiFiMacAddress'),
      ethernetMac: this.#mac('ethernetMacAddress'),
      serialNumber: this.#text('serialNumber'),
      imei: this.#text('imei'),
      meid: this.#text('meid'),
      udid: this.#text('udid'),
      userPrincipalName: this.#text('userPrincipalName'),
      operatingSystem: this.#text('operatingSystem'),
      osVersion: this.#text('osVersion'),
      ownership: this.#text('managedDeviceOwnerType'),
      manufacturer: this.#text('manufacturer'),
      model: this.#text('model'),
      category: this.#text('deviceCategoryDisplayName'),
      managementState: this.#text('managementState'),
      managementAgent: this.#text('managementAgent'),
      registrationState: this.#text('deviceRegistrationState'),
      // Intune writes True, true, False, Unknown: one form is enough.
      jailBroken: this.#text('jailBroken')?.toLowerCase(),
      isEncrypted: this.#flag('isEncrypted'),
      graceExpiresAt: this.#instant('complianceGracePeriodExpirationDateTime'),
      enrolledAt: this.#instant('enrolledDateTime'),
      lastSyncAt: this.#instant('lastSyncDateTime'),
    });
    return this.#trustworthy ? device : undefined;
  }

  readHardware(): HardwareRecord | undefined {
    const id = this.#readId();
    if (id === undefined) return undefined;
    const hardware = withoutAbsent({ id, ethernetMac: this.#mac('ethernetMacAddress'), udid: this.#text('udid') });
    return this.#trustworthy ? hardware : undefined;
  }

  #readId(): string | undefined {
    const id = managedDeviceId(this.#record['id']);
    if (id === undefined) {
      return this.#reject('id', 'is missing or not a device id');
    }
    this.#id = id;
    return id;
  }

  /** Text without control characters, of a length that a row can hold; `undefined` for null, missing and empty. */
  #text(field: string): string | undefined {
    const value = this.#record[field];
    if (value === null || value === undefined) return undefined;
    if (typeof value !== 'string') return this.#reject(field, `is ${typeof value}, not text`);
    if (PLAIN_TEXT.test(value)) return value;
    const cleaned = value.replace(/\p{Cc}/gu, ' ').trim();
    return cleaned === '' ? undefined : cleaned.slice(0, LONGEST_TEXT).toWellFormed();
  }

  #flag(field: string): boolean | undefined {
    const value = this.#record[field];
    if (value === null || value === undefined) return undefined;
    return typeof value === 'boolean' ? value : this.#reject(field, `is ${typeof value}, not true or false`);
  }

  /** Zeros, and the 02:00:00:00:00:00 that Android shows to apps, stand for "none". Random addresses stay visible. */
  #mac(field: string): MacAddress | undefined {
    const value = this.#text(field);
    if (value === undefined) return undefined;
    const address = parseMacAddress(value);
    if (address === undefined) return this.#note(field, 'is not a MAC address');
    if (address === '020000000000' || isGroupAddress(address)) return undefined;
    return canIdentifyDevice(address) || isLocallyAdministered(address) ? address : undefined;
  }

  /** Graph says "never" as year 1, and "no grace period" as year 9999 or year 1. */
  #instant(field: string): Instant | undefined {
    const value = this.#text(field);
    if (value === undefined || NO_DATE.test(value)) return undefined;
    return graphInstant(value) ?? this.#note(field, 'is not a date and time');
  }

  #reject(field: string, problem: string): undefined {
    this.#trustworthy = false;
    return this.#note(field, problem);
  }

  #note(field: string, problem: string): undefined {
    this.problems.push({ ...(this.#id !== undefined && { id: this.#id }), field, problem });
  }
}

/** What Graph writes as a date and time; `undefined` for anything else, and for what it writes where there is none. */
export function graphInstant(value: string): Instant | undefined {
  if (NO_DATE.test(value)) return undefined;
  if (PLAIN_DATE.test(value)) return `${value.slice(0, 19)}.000Z`;
  const time = GRAPH_DATE.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

/** The id as this product writes it; `undefined` for anything that is none. */
export function managedDeviceId(value: unknown): string | undefined {
  const id = typeof value === 'string' ? value.toLowerCase() : undefined;
  return id !== undefined && isDeviceId(id) ? id : undefined;
}

function realGuid(value: string | undefined): string | undefined {
  return value === undefined || value === '00000000-0000-0000-0000-000000000000' ? undefined : value.toLowerCase();
}

function withoutAbsent<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const present: Partial<T> = {};
  for (const field in value) if (value[field] !== undefined) present[field] = value[field];
  return present as { [K in keyof T]: Exclude<T[K], undefined> };
}
