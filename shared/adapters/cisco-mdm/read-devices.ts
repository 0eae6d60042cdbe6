// Reads the devices of an answer in Cisco's MDM dialect, with everything that it says of them.

import { isAddressRecord } from '../../domain/device/address-record.ts';
import { type Device, isDeviceId } from '../../domain/device/device.ts';
import { type Instant, toInstant } from '../../domain/instant.ts';
import {
  canIdentifyDevice,
  isGroupAddress,
  isLocallyAdministered,
  type MacAddress,
  parseMacAddress,
} from '../../domain/mac-address.ts';
import {
  ANSWER_ELEMENTS,
  ANSWER_NAMES,
  ATTRIBUTES,
  type DialectVersion,
  MOST_MAC_ADDRESSES,
} from '../../domain/mdm-dialect.ts';
import type { RecordProblem } from '../../ports/compliance-source.ts';
import { type Fields, readDialect, VERDICT } from './read-dialect.ts';
import { readField, readFlag, readNumber } from './read-field.ts';

export interface DeviceAnswer {
  readonly devices: readonly MdmDevice[];
  readonly problems: readonly RecordProblem[];
  /** A record that cannot be used, with the id of its device where that could be read. */
  readonly rejected: readonly RejectedRecord[];
  /** The `paging` of the next page; absent on the last one. */
  readonly nextPaging?: string;
  /** Seconds that the server asks to be left alone; 0 where it does not. */
  readonly busySeconds: number;
}

export interface RejectedRecord {
  readonly id?: string;
}

/** A device as its MDM shows it; absent means that it said nothing. */
export interface MdmDevice {
  /** Absent where the answer names the device by nothing that could be its id. */
  readonly id?: string;
  /** The address that the answer is about first; no address twice. */
  readonly macs: readonly MacAddress[];
  /** `false`: the MDM knows of it, and does not manage it. */
  readonly registered?: boolean;
  readonly compliant?: boolean;
  readonly facts: DeviceFacts;
}

/** What is stored of it beside id, addresses and verdict. */
export type DeviceFacts = Pick<
  Device,
  | 'serialNumber'
  | 'imei'
  | 'meid'
  | 'udid'
  | 'operatingSystem'
  | 'osVersion'
  | 'manufacturer'
  | 'model'
  | 'phoneNumber'
  | 'jailBroken'
  | 'isEncrypted'
  | 'pinLocked'
  | 'lastSyncAt'
>;

/** How a device is named in versions 1 and 2, which know no other key of every device than its address. */
export const ADDRESS_ID = 'address-';

/** In lower case, as the fields are named. */
const LAST_CHECK_IN = ATTRIBUTES.lastCheckIn.toLowerCase();
const LONGEST_TEXT = 256;
/** Placeholders for nothing. */
const NOTHING = /^(?:n\/?a|none|null|unknown|not available|-+|0+)$/i;
/** `iOS 14.4`, `Android,2.3.2` (Cisco's samples). */
const SYSTEM_AND_VERSION = /^([A-Za-z][A-Za-z ]{0,40}?)[ ,;/]+(\d[\w.()-]{0,60})$/;
/** The year 2001: milliseconds before that are seconds, or nothing. */
const FIRST_CHECK_IN_MS = 978_307_200_000;
/** The year 2100. */
const LAST_CHECK_IN_MS = 4_102_444_800_000;

/** @throws SourceError NAC_SOURCE_PAGE when it is no such answer, or not all of it */
export function readDevices(xml: string, version: DialectVersion, service: string): DeviceAnswer {
  const devices: MdmDevice[] = [];
  const problems: RecordProblem[] = [];
  const rejected: RejectedRecord[] = [];
  const answer = readDialect(xml, {
    service,
    answerName: ANSWER_NAMES.devices,
    onDevice(fields) {
      const reader = new RecordReader(fields, version);
      const device = reader.read();
      const named = reader.id === undefined ? {} : { id: reader.id };
      problems.push(...reader.problems.map((problem) => ({ ...named, ...problem })));
      if (device === undefined) rejected.push(named);
      else devices.push(device);
    },
  });
  const nextPaging = nextPagingOf(answer);
  const busy = readField(answer, ANSWER_ELEMENTS.serverBusySeconds, readNumber).value ?? 0;
  return { devices, problems, rejected, busySeconds: busy, ...(nextPaging !== undefined && { nextPaging }) };
}

/** Of several places to go on, the last one counts: a circle is noticed. Below 0 nothing follows. */
function nextPagingOf(answer: Fields): string | undefined {
  const place = [...(answer.get(ANSWER_ELEMENTS.pagingInfo) ?? [])].at(-1) ?? '0';
  return /^(?:0+|-\d+)$/.test(place) ? undefined : place;
}

class RecordReader {
  readonly problems: RecordProblem[] = [];
  readonly #fields: Fields;
  readonly #version: DialectVersion;
  #guid: string | undefined;
  #macs: readonly MacAddress[] = [];
  #trustworthy = true;

  constructor(fields: Fields, version: DialectVersion) {
    this.#fields = fields;
    this.#version = version;
  }

  /** Absent where the record names its device by nothing that could be its id. */
  get id(): string | undefined {
    if (this.#version >= 3) return this.#guid;
    const [first] = this.#macs;
    return first === undefined ? undefined : `${ADDRESS_ID}${first}`;
  }

  /** @returns `undefined` when what decides about the device makes no sense or contradicts itself */
  read(): MdmDevice | undefined {
    this.#guid = this.#decisive(ATTRIBUTES.guid, deviceId);
    this.#macs = this.#addresses();
    const registered = this.#decisive(ATTRIBUTES.registered, readFlag);
    const compliant = this.#decisive(VERDICT, readFlag);
    if (!this.#trustworthy) return undefined;
    return {
      ...(this.id !== undefined && { id: this.id }),
      macs: this.#macs,
      ...(registered !== undefined && { registered }),
      ...(compliant !== undefined && { compliant }),
      facts: this.#facts(),
    };
  }

  /** The one of the answer's key first, then those of the list. Zeros and groups stand for none. */
  #addresses(): MacAddress[] {
    const key = this.#value(ANSWER_ELEMENTS.macAddress, parseMacAddress);
    const listed = [...(this.#fields.get(ATTRIBUTES.macAddresses) ?? [])].flatMap((text) => text.split(/[,; ]+/));
    const addresses: MacAddress[] = key === undefined ? [] : [key];
    for (const text of listed.slice(0, MOST_MAC_ADDRESSES)) {
      const address = parseMacAddress(text);
      if (address !== undefined) addresses.push(address);
      else if (text !== '') this.#note(ATTRIBUTES.macAddresses, 'is not a MAC address');
    }
    return [...new Set(addresses)].filter(isOfADevice);
  }

  #facts(): DeviceFacts {
    const { operatingSystem, osVersion } = this.#system();
    const jailBroken = this.#value(ATTRIBUTES.jailBroken, readFlag);
    return withoutAbsent({
      serialNumber: this.#text(ATTRIBUTES.serialNumber),
      imei: this.#text(ATTRIBUTES.imei),
      meid: this.#text(ATTRIBUTES.meid),
      udid: this.#text(ATTRIBUTES.udid),
      operatingSystem,
      osVersion,
      manufacturer: this.#text(ATTRIBUTES.manufacturer),
      model: this.#text(ATTRIBUTES.model),
      phoneNumber: this.#text(ATTRIBUTES.phoneNumber),
      jailBroken: jailBroken === undefined ? undefined : String(jailBroken),
      isEncrypted: this.#value(ATTRIBUTES.diskEncrypted, readFlag),
      pinLocked: this.#value(ATTRIBUTES.pinLocked, readFlag),
      lastSyncAt: this.#lastCheckIn(),
    });
  }

  #system(): { readonly operatingSystem?: string | undefined; readonly osVersion?: string | undefined } {
    const text = this.#text(ATTRIBUTES.osVersion);
    const [, operatingSystem, osVersion] = SYSTEM_AND_VERSION.exec(text ?? '') ?? [];
    return osVersion === undefined ? { osVersion: text } : { operatingSystem, osVersion };
  }

  /** ISE itself shows 0 where the element was not sent. */
  #lastCheckIn(): Instant | undefined {
    const milliseconds = this.#value(LAST_CHECK_IN, readNumber);
    if (milliseconds === undefined || milliseconds === 0) return undefined;
    if (milliseconds >= FIRST_CHECK_IN_MS && milliseconds < LAST_CHECK_IN_MS) return toInstant(new Date(milliseconds));
    return this.#note(ATTRIBUTES.lastCheckIn, 'is no time in milliseconds since 1970');
  }

  #text(name: string): string | undefined {
    const text = this.#value(name, plainText);
    return text === undefined || text === '' || NOTHING.test(text) ? undefined : text;
  }

  /** A field without which the device is still the device. */
  #value<T>(name: string, read: (text: string) => T | undefined): T | undefined {
    const { value, problem } = readField(this.#fields, name, read);
    return problem === undefined ? value : this.#note(name, problem);
  }

  #decisive<T>(name: string, read: (text: string) => T | undefined): T | undefined {
    const { value, problem } = readField(this.#fields, name, read);
    if (problem === undefined) return value;
    this.#trustworthy = false;
    return this.#note(name, problem);
  }

  #note(field: string, problem: string): undefined {
    this.problems.push({ field, problem });
  }
}

function deviceId(text: string): string | undefined {
  const id = text.toLowerCase();
  // What looks like a record that stands for an address is none of a server.
  return isDeviceId(id) && !isAddressRecord({ id }) ? id : undefined;
}

/** Without control characters, of a length that a row can hold. */
function plainText(text: string): string {
  return text
    .replace(/\p{Cc}/gu, ' ')
    .trim()
    .slice(0, LONGEST_TEXT)
    .toWellFormed();
}

/** 02:00:00:00:00:00 is what Android shows to apps instead of the address. Random addresses stay visible. */
function isOfADevice(address: MacAddress): boolean {
  if (address === '020000000000' || isGroupAddress(address)) return false;
  return canIdentifyDevice(address) || isLocallyAdministered(address);
}

function withoutAbsent<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
