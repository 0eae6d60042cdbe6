// Which device it is: follows the presented identities to the one record that still claims them.

import { deviceKeyText, parseDeviceKeyText } from '../domain/device/device.ts';
import { claims } from '../domain/device/device-identities.ts';
import { currentEnrolment, realSerialNumber } from '../domain/device/same-machine.ts';
import type { Identity, PresentedIdentity } from '../domain/identity/identity.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { StoredDevice } from '../ports/device-store.ts';
import type { IdentityOwners } from '../ports/identity-store.ts';
import type { SiteRecords } from '../ports/site-records.ts';

export type FoundDevice =
  | {
      readonly kind: 'found';
      readonly stored: StoredDevice;
      readonly identity: PresentedIdentity;
      /** The device is not stored: Intune itself said so, at `stored.observedAt`. */
      readonly live?: true;
      /** What other sources have stored of the same device; absent where there is nothing. */
      readonly joined?: readonly StoredDevice[];
      /** Owners of the identity, where they were not read just now. */
      readonly remembered?: IdentityOwners;
    }
  | { readonly kind: 'ambiguous' }
  /** The question names ids of several devices. */
  | { readonly kind: 'unidentified' }
  | { readonly kind: 'notEnrolled' };

/** Holders read at once; two machines that claim the identity settle the matter. */
const OWNERS_AT_ONCE = 8;
/** So many owners of one serial number are no records of one machine. */
const MOST_OTHERS = 8;

/**
 * Pointers of all identities are read at once, devices then in the order of the identities: the strongest that leads to
 * a device counts, and one that leads to several ends the search. A device id comes first and needs no pointer, so none
 * is read where it leads to its device.
 * @param records those that the site of the question may see
 * @param presented strongest first; those beside a surer one lead nowhere; a weaker one is tried only where the caller
 * lets it stand in the list
 */
export async function findDevice(
  records: SiteRecords,
  presented: readonly PresentedIdentity[],
  options: CallOptions,
): Promise<FoundDevice> {
  const identities = presented.filter(({ beside }) => beside === undefined);
  const [first, ...others] = identities;
  if (first?.kind === 'deviceId' && others.length > 0) {
    const found = await firstClaimed(records, [first], [undefined], options);
    return found.kind === 'notEnrolled' ? findDevice(records, others, options) : found;
  }
  const owners = await readAllOwners(records, identities, options);
  const found = await firstClaimed(records, identities, owners, options);
  if (found.kind !== 'notEnrolled' || options.fresh || owners.every((list) => list === undefined)) return found;
  // Memory may be behind by a minute, and is not enough to call a device unknown.
  const current = await readAllOwners(records, identities, { ...options, fresh: true });
  if (identities.every((_, index) => sameOwners(owners[index], current[index]))) return found;
  return firstClaimed(records, identities, current, options);
}

/** `undefined` for a device id of the source itself: it needs no pointer. */
type Owners = IdentityOwners | undefined;

function readAllOwners(
  store: SiteRecords,
  identities: readonly PresentedIdentity[],
  options: CallOptions,
): Promise<Owners[]> {
  return Promise.all(
    identities.map((identity) => (identity.kind === 'deviceId' ? undefined : store.readOwners(identity, options))),
  );
}

async function firstClaimed(
  records: SiteRecords,
  identities: readonly PresentedIdentity[],
  owners: readonly Owners[],
  options: CallOptions,
): Promise<FoundDevice> {
  for (const [index, identity] of identities.entries()) {
    const { devices, more, remembered } = owners[index] ?? {
      devices: records.keysOf(identity).map(deviceKeyText),
      more: false,
    };
    if (more) return { kind: 'ambiguous' };
    const claimants = await readClaimants(records, identity, devices, options);
    const stored = await theMachineOf(records, identity, claimants, options);
    if (stored !== undefined) {
      return { kind: 'found', stored, identity, ...(remembered && { remembered: { devices, more } }) };
    }
    if (claimants.length > 0) return { kind: 'ambiguous' };
  }
  return { kind: 'notEnrolled' };
}

/**
 * Records with only a serial number in common are one machine while no other has it: what many share identifies none.
 */
async function theMachineOf(
  records: SiteRecords,
  identity: Identity,
  claimants: readonly StoredDevice[],
  options: CallOptions,
): Promise<StoredDevice | undefined> {
  const current = currentEnrolment(claimants);
  if (current?.by !== 'serial-number') return current?.record;
  const value = realSerialNumber(current.record.device);
  if (identity.kind === 'serialNumber' || value === undefined) return undefined;
  const bySerial: Identity = { kind: 'serialNumber', value };
  const { devices, more } = await records.readOwners(bySerial, options);
  const others = devices.filter((key) => !claimants.some(({ device }) => deviceKeyText(device) === key));
  if (more || others.length > MOST_OTHERS) return undefined;
  return (await readClaimants(records, bySerial, others, options)).length > 0 ? undefined : current.record;
}

async function readClaimants(
  records: SiteRecords,
  identity: Identity,
  owners: readonly string[],
  options: CallOptions,
): Promise<StoredDevice[]> {
  const found: StoredDevice[] = [];
  const isAmbiguous = (): boolean => found.length > 1 && currentEnrolment(found) === undefined;
  for (let start = 0; start < owners.length && !isAmbiguous(); start += OWNERS_AT_ONCE) {
    const keys = owners.slice(start, start + OWNERS_AT_ONCE).map(parseDeviceKeyText);
    const read = await Promise.all(keys.map((key) => records.read(key, options)));
    found.push(...read.filter((record) => record !== undefined).filter((record) => claims(record, identity)));
  }
  return found;
}

export function sameOwners(a: Owners, b: Owners): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.more === b.more && a.devices.length === b.devices.length && a.devices.every((owner) => b.devices.includes(owner))
  );
}
