// A managed device as an MDM reports it, and what this product keeps of it.

import { hash } from 'node:crypto';
import { type Instant, millisecondsBetween } from '../instant.ts';
import type { MacAddress } from '../mac-address.ts';
import type { ComplianceState } from './compliance-state.ts';

/**
 * Which MDM source a device comes from, and the id that source gave it (for Intune the managedDevice id, lower case).
 */
export interface DeviceKey {
  readonly source: string;
  readonly id: string;
}

/** `intune|0f8fad5b-…`: how a device is named in keys, pointers and logs. */
export type DeviceKeyText = string;

/** What a source says of one device. Absent means the source said nothing; it never means "no". */
export interface Device extends DeviceKey {
  readonly complianceState: ComplianceState;
  readonly name?: string;
  readonly entraDeviceId?: string;
  readonly wifiMac?: MacAddress;
  readonly ethernetMac?: MacAddress;
  readonly serialNumber?: string;
  readonly imei?: string;
  readonly meid?: string;
  readonly udid?: string;
  readonly userPrincipalName?: string;
  readonly operatingSystem?: string;
  readonly osVersion?: string;
  readonly ownership?: string;
  readonly manufacturer?: string;
  /** As the maker calls it. */
  readonly model?: string;
  readonly phoneNumber?: string;
  /** As the organisation has sorted the device, by its shown name. */
  readonly category?: string;
  readonly managementState?: string;
  readonly managementAgent?: string;
  readonly registrationState?: string;
  /** How the directory knows the device: `AzureAd` (joined), `ServerAd` (hybrid joined), `Workplace` (registered). */
  readonly trustType?: string;
  /** What kind of object it is in the directory: `RegisteredDevice`, `SecureVM`, `Printer`, `Shared`, `IoT`. */
  readonly profileType?: string;
  /** Application id of the MDM that manages it, as the directory has it. */
  readonly mdmAppId?: string;
  readonly jailBroken?: string;
  readonly isEncrypted?: boolean;
  /** A PIN or password opens it. */
  readonly pinLocked?: boolean;
  /** Of the device in the directory; false once an administrator has disabled it. */
  readonly accountEnabled?: boolean;
  /** What the directory says of the account of its registered owner: one of {@link OWNER_ACCOUNTS}. */
  readonly ownerAccount?: string;
  /**
   * What is known of memberships, of the device or its owner: `+<guid>` for each group that they are in, `-<guid>` for
   * each that they are not in, in the order of the source's settings. A group without either is not known.
   */
  readonly groups?: string;
  readonly graceExpiresAt?: Instant;
  readonly enrolledAt?: Instant;
  readonly lastSyncAt?: Instant;
}

/**
 * `none`: the device has no owner, and had none. `gone`: it had one, and has none any more; the directory says nothing
 * of the owner of a device once it has deleted the user.
 */
export const OWNER_ACCOUNTS = ['enabled', 'disabled', 'none', 'gone'] as const;
export type OwnerAccount = (typeof OWNER_ACCOUNTS)[number];

/** `gone`: two complete sweeps, or a point read, did not find the device any more. */
export type Presence = 'present' | 'gone';

/** The one authoritative record of a device. */
export interface DeviceRecord {
  readonly device: Device;
  readonly presence: Presence;
  /** Grows by one with every change of content; a decision names the version it was made from. */
  readonly version: number;
  /** When the request that brought this content was started. An older observation never overwrites a newer one. */
  readonly observedAt: Instant;
  /**
   * Start of the last sweep that confirmed the content, set once a later one did not: the device was missing, or its
   * record could not be read. Until then every complete sweep confirms it.
   */
  readonly confirmedUntil?: Instant;
  /** Written between sweeps, and no sweep has met the device since: none of them confirms the content. */
  readonly unswept?: true;
  /** False from the write of changed identities until all pointers to the device are in place. */
  readonly indexed: boolean;
  /** When Ethernet MAC and UDID were fetched, which lists leave out; absent when they are to be fetched. */
  readonly hardwareAt?: Instant;
  /**
   * A newer observation that may not count yet, because too much would have changed at once. Answers go by the content.
   */
  readonly held?: HeldObservation;
  /** When an operator last asked for its stations to authenticate again. */
  readonly reauthenticationAskedAt?: Instant;
}

/** What a run saw of a device, held back with everything else that run would have changed. */
export interface HeldObservation {
  /** The run that saw it first; a person's release names it. */
  readonly runId: string;
  readonly observedAt: Instant;
  /** Absent when the device was not listed any more. */
  readonly device?: Device;
}

/**
 * Intune was asked to retire, wipe or delete the device, or has done so; its compliance says nothing any more. The
 * registration state `revoked` means "blocked, wiped or retired" (Microsoft Graph, deviceRegistrationState).
 */
export function isBeingRemoved({ managementState, registrationState }: Device): boolean {
  if (/^revoked$/i.test(registrationState ?? '')) return true;
  return /^(?:retire|wipe)(?:Pending|Issued|Failed)$|^deletePending$/i.test(managementState ?? '');
}

/** The directory has disabled the device, or disabled or deleted its owner: no verdict of any source counts then. */
export function isDisabled({ accountEnabled, ownerAccount }: Pick<Device, 'accountEnabled' | 'ownerAccount'>): boolean {
  return accountEnabled === false || ownerAccount === 'disabled' || ownerAccount === 'gone';
}

/** When the grace period ends that the device is in. */
export function graceEndOf({ complianceState, graceExpiresAt }: Device): Instant | undefined {
  return complianceState === 'inGracePeriod' ? graceExpiresAt : undefined;
}

/**
 * Nothing has been heard of the device for too long. One that has never checked in is not silent: its state says so.
 * @param maxAgeMs how old a check-in may be
 */
export function isSilent({ lastSyncAt }: Device, now: Instant, maxAgeMs: number): boolean {
  return lastSyncAt !== undefined && millisecondsBetween(lastSyncAt, now) > maxAgeMs;
}

export function deviceKeyText(key: DeviceKey): DeviceKeyText {
  return `${key.source}|${key.id}`;
}

export function parseDeviceKeyText(text: DeviceKeyText): DeviceKey {
  const separator = text.indexOf('|');
  return { source: text.slice(0, separator), id: text.slice(separator + 1) };
}

/** First digits of device hashes: what is spread over shards is spread over these. */
export const SHARDS = [...'0123456789abcdef'] as const;

/** Sixteen hexadecimal digits that stand for the key. The first digit spreads devices evenly over sixteen shards. */
export function deviceHash(key: DeviceKey): string {
  return hash('sha256', deviceKeyText(key)).slice(0, 16);
}

/** What a source may use as a device id: safe in keys, pointers and URLs without escaping. */
export function isDeviceId(text: string): boolean {
  return /^[a-z0-9][a-z0-9._-]{0,63}$/.test(text);
}

/**
 * How a field is kept and compared: the source or the id of the key, the compliance state, a text, or true and false.
 */
export type FieldKind = 'source' | 'id' | 'state' | 'text' | 'flag';

type KindOf<Field extends keyof Device> = Field extends 'source' | 'id'
  ? Field
  : Field extends 'complianceState'
    ? 'state'
    : Device[Field] extends boolean | undefined
      ? 'flag'
      : 'text';

/**
 * Every field of a device: the row in the store, the comparison of content, and what a policy may look at (`fact`) are
 * made from this table. The compiler refuses it while a field is missing or of another kind.
 */
export const DEVICE_FIELDS = {
  source: { kind: 'source', fact: false },
  id: { kind: 'id', fact: false },
  complianceState: { kind: 'state', fact: true },
  name: { kind: 'text', fact: true },
  entraDeviceId: { kind: 'text', fact: false },
  wifiMac: { kind: 'text', fact: false },
  ethernetMac: { kind: 'text', fact: false },
  serialNumber: { kind: 'text', fact: false },
  imei: { kind: 'text', fact: false },
  meid: { kind: 'text', fact: false },
  udid: { kind: 'text', fact: false },
  userPrincipalName: { kind: 'text', fact: true },
  operatingSystem: { kind: 'text', fact: true },
  osVersion: { kind: 'text', fact: true },
  ownership: { kind: 'text', fact: true },
  manufacturer: { kind: 'text', fact: false },
  model: { kind: 'text', fact: true },
  phoneNumber: { kind: 'text', fact: false },
  category: { kind: 'text', fact: true },
  managementState: { kind: 'text', fact: true },
  managementAgent: { kind: 'text', fact: true },
  registrationState: { kind: 'text', fact: true },
  trustType: { kind: 'text', fact: true },
  profileType: { kind: 'text', fact: true },
  mdmAppId: { kind: 'text', fact: true },
  jailBroken: { kind: 'text', fact: true },
  isEncrypted: { kind: 'flag', fact: true },
  pinLocked: { kind: 'flag', fact: false },
  accountEnabled: { kind: 'flag', fact: true },
  ownerAccount: { kind: 'text', fact: true },
  groups: { kind: 'text', fact: true },
  graceExpiresAt: { kind: 'text', fact: false },
  enrolledAt: { kind: 'text', fact: true },
  lastSyncAt: { kind: 'text', fact: true },
} as const satisfies { readonly [Field in keyof Device]-?: { readonly kind: KindOf<Field>; readonly fact: boolean } };

type Fields = typeof DEVICE_FIELDS;

/** Names of the fields that have these properties in the table. */
export type FieldsWith<Properties> = {
  [Field in keyof Fields]: Fields[Field] extends Properties ? Field : never;
}[keyof Fields];

export const DEVICE_FIELD_NAMES = Object.keys(DEVICE_FIELDS) as readonly (keyof Device)[];

/**
 * The content worth storing, in one comparable text. The time of the last check-in counts by the day only: it moves
 * every few hours on every device, and storing each move would rewrite the fleet for nothing.
 */
export function deviceContent(device: Device): string {
  return JSON.stringify(
    DEVICE_FIELD_NAMES.map((field) => (field === 'lastSyncAt' ? device.lastSyncAt?.slice(0, 10) : device[field])),
  );
}
