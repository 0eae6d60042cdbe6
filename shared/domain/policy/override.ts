// An override: an operator's block or exception for a device, a station's address, a certificate or a user, with a
// reason and an end. It beats policy. docs/decisions/0015 has the flow.

import type { Device, DeviceKey } from '../device/device.ts';
import { identitiesOf } from '../device/device-identities.ts';
import { type MachineMarks, machineMarks, realSerialNumber } from '../device/same-machine.ts';
import type { Identity, IdentityKind } from '../identity/identity.ts';
import { addMilliseconds, type Instant } from '../instant.ts';
import type { MacAddress } from '../mac-address.ts';

/** What an override names; one of these. */
export type OverrideTarget =
  | { readonly device: DeviceKey }
  | { readonly mac: MacAddress }
  /** `serial` from `certificateSerial`; `issuer` as policies write theirs. Without issuer it is a block alone. */
  | { readonly certificate: { readonly serial: string; readonly issuer?: string } }
  /** Lower case, as the RADIUS server or the certificate names the user. */
  | { readonly user: string };

export type OverrideEffect = { readonly kind: 'block' } | { readonly kind: 'let-on'; readonly role: string };

export interface Override {
  /** Eight hexadecimal digits. */
  readonly id: string;
  readonly target: OverrideTarget;
  readonly effect: OverrideEffect;
  /** The only site where it holds; absent for every site. */
  readonly site?: string;
  readonly reason: string;
  /** Name of the client that made it. */
  readonly by: string;
  readonly createdAt: Instant;
  /** When it ends by itself. */
  readonly until: Instant;
  /** When an operator ended it early, and which one. */
  readonly endedAt?: Instant;
  readonly endedBy?: string;
  /** Of a blocked device: what its other records, and questions that lead to no record, are recognised by. */
  readonly machine?: BlockedMachine;
  /** An operator of this one site made it: it takes of the room that the site has. */
  readonly ofSite?: true;
  /** The sessions concerned were compared after it came into force. */
  readonly compared?: true;
}

/** A machine as its record described it when it was blocked. */
export interface BlockedMachine extends MachineMarks {
  /** Of kinds that are of one machine, as a rule: no names. */
  readonly identities: readonly Identity[];
}

export const KINDS_OF_A_MACHINE: readonly IdentityKind[] = [
  'mac',
  'entraDeviceId',
  'serialNumber',
  'imei',
  'meid',
  'udid',
];

export function blockedMachine(device: Device): BlockedMachine {
  const serialNumber = realSerialNumber(device);
  const identities = identitiesOf(device).filter(
    ({ kind }) => KINDS_OF_A_MACHINE.includes(kind) && (kind !== 'serialNumber' || serialNumber !== undefined),
  );
  return { ...machineMarks(device), identities };
}

/** Overrides that are kept at once, those that ended a moment ago included. */
export const MOST_OVERRIDES = 500;
/** Of these places so many are kept for administrators: what operators use up must not keep one from blocking. */
export const PLACES_OF_ADMINISTRATORS = 100;
/** Overrides that operators of one site may have at once: no site uses up the room of the others. */
export const MOST_OF_SITE = 50;
/** Instances answer by a list of overrides that is no older. */
export const OVERRIDE_MEMORY_MS = 10_000;
/**
 * From a change of the list until every instance answers by it: half of it is for the write, answers under way and
 * clocks.
 */
export const OVERRIDE_SETTLE_MS = 20_000;
/** The part of it for the write: an override that is stored later would reach instances after its CoAs. */
export const OVERRIDE_WRITE_MS = 5_000;
/** A role by override holds for seven days at most. */
export const LONGEST_LET_ON_MS = 7 * 24 * 3_600_000;
/** A block holds for a year at most: what is to stay belongs into policy. */
export const LONGEST_BLOCK_MS = 366 * 24 * 3_600_000;

/** When it ended or will end. */
export function endTimeOf({ until, endedAt }: Override): Instant {
  return endedAt !== undefined && endedAt < until ? endedAt : until;
}

/**
 * As an instance with the newest list sees it. An end by an operator counts once it is read, by any clock of the
 * instance.
 */
export function isInForce({ until, endedAt }: Override, now: Instant): boolean {
  return endedAt === undefined && now < until;
}

/** As an instance may see it that has an older list: one made just now is missing, one ended just now still holds. */
export function wasInForce(override: Override, now: Instant): boolean {
  const before = addMilliseconds(now, -OVERRIDE_SETTLE_MS);
  return override.createdAt <= before && before < endTimeOf(override);
}

/** Every instance answers by it. */
export function hasSettled(override: Override, now: Instant): boolean {
  return addMilliseconds(override.createdAt, OVERRIDE_SETTLE_MS) <= now;
}

/** Every instance answers without it. */
export function hasEndedEverywhere(override: Override, now: Instant): boolean {
  return addMilliseconds(endTimeOf(override), OVERRIDE_SETTLE_MS) <= now;
}

/** Of one kind and one value, for messages and the audit. */
export function targetText(target: OverrideTarget): string {
  if ('device' in target) return `device ${target.device.source}|${target.device.id}`;
  if ('mac' in target) return `mac ${target.mac}`;
  if ('user' in target) return `user ${target.user}`;
  const { serial, issuer } = target.certificate;
  return `certificate ${serial}${issuer === undefined ? '' : ` of ${issuer}`}`;
}

/**
 * A serial number of a certificate in one comparable form: hexadecimal digits without leading zeros (RFC 5280 4.1.2.2:
 * up to twenty octets). Octets may stand apart by colons, blanks or hyphens; the mark without width that Windows'
 * certificate dialog puts before a number when it is copied does not count.
 * @returns `undefined` where the text is none
 */
export function certificateSerial(text: string): string | undefined {
  const written = text
    .replaceAll(/\p{Cf}/gu, '')
    .trim()
    .toLowerCase()
    .replace(/^0x/, '');
  const digits = written.replaceAll(/[:\s]|(?<=[0-9a-f])-(?=[0-9a-f])/g, '');
  return /^[0-9a-f]{1,64}$/.test(digits) ? digits.replace(/^0+(?=.)/, '') : undefined;
}
/** The override behind a decision. */

export type AppliedOverride = Pick<Override, 'id' | 'effect' | 'reason' | 'by' | 'until'>;
