// What a request says of its device that does not fit the device its strongest identity leads to.

import { deviceKeyText } from '../domain/device/device.ts';
import { claims } from '../domain/device/device-identities.ts';
import { isJoined } from '../domain/device/joined-records.ts';
import { sameMachineBy } from '../domain/device/same-machine.ts';
import type { Identity, PresentedIdentity } from '../domain/identity/identity.ts';
import type { IdentityProblem } from '../domain/identity/presented-identities.ts';
import { canIdentifyDevice, type MacAddress } from '../domain/mac-address.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { SiteRecords } from '../ports/site-records.ts';
import { type FoundDevice, findDevice } from './find-device.ts';
import { foreignIds, idsInSanContradict, nameContradictsSan } from './ids-of-one-device.ts';

/** Those that take a look at what is stored. */
const CONTRADICTIONS: readonly IdentityProblem[] = [
  'named-device-unknown',
  'claim-of-another-device',
  'mac-of-another-device',
  'cn-contradicts-san',
  'san-contradicting',
];

/** A client may name devices without end. */
const MOST_BESIDE = 4;

export function isContradiction(problem: IdentityProblem): boolean {
  return CONTRADICTIONS.includes(problem);
}

export interface ContradictionOptions extends CallOptions {
  /** Ask the store itself for the station's own address. */
  readonly freshAddress?: boolean;
}

/**
 * Costs nothing where the device holds everything itself. What it does not hold costs one pointer, and more only if
 * another device holds it: a laptop in another's dock, or a copied address.
 * @param mac the station's own, which a certificate leaves out of the identities
 */
export async function contradictions(
  records: SiteRecords,
  mac: MacAddress | undefined,
  identities: readonly PresentedIdentity[],
  found: FoundDevice | undefined,
  options: ContradictionOptions,
): Promise<IdentityProblem[]> {
  if (found === undefined) return [];
  const ofNames = contradictionsOfIds(identities, found);
  if (found.kind !== 'found') return ofNames;
  const { claimed, macs, own } = weakIdentities(mac, identities);
  const { freshAddress = false, ...asKnown } = options;
  const [claim, foreign, ...addresses] = await Promise.all([
    anyIsOfAnother(records, claimed, found, asKnown),
    anyIsOfAnother(records, foreignIds(identities, found), found, asKnown),
    anyIsOfAnother(records, macs, found, asKnown),
    anyIsOfAnother(records, own, found, freshAddress ? { ...asKnown, fresh: true } : asKnown),
  ]);
  const address = addresses.includes(true);
  return CONTRADICTIONS.filter(
    (problem) =>
      ofNames.includes(problem) ||
      (problem === 'named-device-unknown' && namesAnUnknownDevice(identities, found.identity)) ||
      (problem === 'claim-of-another-device' && claim) ||
      (problem === 'cn-contradicts-san' && foreign) ||
      (problem === 'mac-of-another-device' && address),
  );
}

/** Identities that contradict where another device holds them: the one that was found does not. */
export function identitiesBeside(
  mac: MacAddress | undefined,
  identities: readonly PresentedIdentity[],
  found: FoundDevice | undefined,
): Identity[] {
  if (found?.kind !== 'found') return [];
  const { claimed, macs, own } = weakIdentities(mac, identities);
  return [...own, ...claimed, ...macs]
    .filter((identity) => !claims(found.stored, identity))
    .slice(0, MOST_BESIDE)
    .map(({ kind, value }) => ({ kind, value }));
}

function weakIdentities(mac: MacAddress | undefined, identities: readonly PresentedIdentity[]) {
  const ofStation: PresentedIdentity[] =
    mac !== undefined && canIdentifyDevice(mac)
      ? [{ kind: 'mac', value: mac, assurance: 'mac', origin: 'Calling-Station-Id' }]
      : [];
  const claimed = identities.filter(({ assurance }) => assurance === 'client-claim');
  const macs = identities.filter(({ kind }) => kind === 'mac');
  const isOwn = ({ value }: PresentedIdentity): boolean => value === mac;
  return {
    claimed,
    macs: macs.filter((identity) => !isOwn(identity)),
    own: ofStation.length > 0 ? ofStation : macs.filter(isOwn),
  };
}

function contradictionsOfIds(identities: readonly PresentedIdentity[], found: FoundDevice): IdentityProblem[] {
  return [
    ...(nameContradictsSan(identities, found) ? (['cn-contradicts-san'] as const) : []),
    ...(idsInSanContradict(identities, found) ? (['san-contradicting'] as const) : []),
  ];
}

/**
 * A computer account or an MDM's device id stands for one device. Where it led to none, and something weaker to this
 * one, this one must not count as the named device. Unique ids of VPN clients are the client's own more often than not.
 */
function namesAnUnknownDevice(identities: readonly PresentedIdentity[], matched: PresentedIdentity): boolean {
  const stronger = identities.slice(0, Math.max(0, identities.indexOf(matched)));
  return stronger.some(
    ({ kind, assurance }) =>
      assurance !== matched.assurance && (assurance === 'computer-account' || kind === 'deviceId'),
  );
}

async function anyIsOfAnother(
  records: SiteRecords,
  identities: readonly PresentedIdentity[],
  found: FoundDevice & { kind: 'found' },
  options: CallOptions,
): Promise<boolean> {
  const others = await Promise.all(identities.map((identity) => isOfAnother(records, identity, found, options)));
  return others.includes(true);
}

async function isOfAnother(
  records: SiteRecords,
  identity: PresentedIdentity,
  { stored }: FoundDevice & { kind: 'found' },
  options: CallOptions,
): Promise<boolean> {
  if (claims(stored, identity)) return false;
  if (identity.kind !== 'deviceId') {
    // Memory is good enough for a remark; where policy looks at it, the options say that it is not.
    const { devices, more } = await records.readOwners(identity, options);
    if (devices.length === 0 || more) return false;
  }
  const { beside: _, ...alone } = identity;
  const other = await findDevice(records, [alone], options);
  if (other.kind !== 'found') return false;
  const [device, its] = [stored.device, other.stored.device];
  // Two servers may give the same number to two devices: an id is one device's within its source, or where it joins.
  if (deviceKeyText(device) === deviceKeyText(its) || isJoined(device, its)) return false;
  // The record of before, of a machine that has enrolled again.
  return device.source !== its.source || sameMachineBy(its, device) !== 'entra-device';
}
