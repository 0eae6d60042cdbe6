// Decides what one observation of a device means for its stored record.

import { type Device, type DeviceRecord, deviceContent } from '../../domain/device/device.ts';
import { describeChange } from '../../domain/device/device-change.ts';
import { pointersOf } from '../../domain/device/device-identities.ts';
import { identityText, type Pointer } from '../../domain/identity/identity.ts';
import { type Instant, millisecondsBetween } from '../../domain/instant.ts';
import type { AnswersDiffer } from '../../domain/policy/answers-differ.ts';
import type { DeviceWrite, StoredDevice } from '../../ports/device-store.ts';

export type DevicePlan =
  /** The record says the same already, and all its pointers are in place. */
  | { readonly kind: 'unchanged' }
  /** The record holds a newer observation, which an older one must not overwrite. */
  | { readonly kind: 'outdated' }
  /** The record says the same, but a crash came before its pointers were in place. */
  | { readonly kind: 'index-again'; readonly stored: StoredDevice }
  /** The compliance would turn: nothing is written until the run knows how many do. */
  | { readonly kind: 'flip' }
  /** The observation is held beside the record already. */
  | { readonly kind: 'held' }
  | { readonly kind: 'write'; readonly write: DeviceWrite };

/** What becomes of an observation that turns a device's compliance. */
export type FlipRule =
  | { readonly kind: 'apply' }
  | { readonly kind: 'collect'; readonly answersDiffer: AnswersDiffer }
  | HoldRule;

export interface HoldRule {
  readonly kind: 'hold';
  readonly answersDiffer: AnswersDiffer;
  readonly runId: string;
  /** Start of the newest complete sweep: the content kept was confirmed then, if not later. */
  readonly confirmedUntil: Instant | undefined;
}

export interface ObservationRules {
  readonly flips: FlipRule;
  /** The writer is not the sweep, which must look at the record next time even if its fingerprint is unchanged. */
  readonly outOfBand?: boolean;
  /** A new record may change what a station gets: its certificate names the device, or another source knows it, too. */
  readonly newIsChange?: boolean;
}

const APPLY: ObservationRules = { flips: { kind: 'apply' } };

/** A check-in alone is left to the sweep, unless the record's is so old that the device may count as silent. */
const LONG_SILENCE_MS = 3 * 24 * 3_600_000;

/**
 * @param listed what the source says; what lists leave out stays as it was fetched for this device
 * @param observedAt when the request that brought the observation was started
 */
export function planObserved(
  stored: StoredDevice | undefined,
  listed: Device,
  observedAt: Instant,
  rules: ObservationRules = APPLY,
): DevicePlan {
  if (stored && (stored.observedAt > observedAt || (stored.held?.observedAt ?? '') > observedAt)) {
    return { kind: 'outdated' };
  }
  const device = stored ? withHardwareOf(stored.device, withOwnerOf(stored.device, listed)) : listed;
  if (stored?.presence === 'present') {
    if (deviceContent(stored.device) === deviceContent(device)) return planSame(stored, observedAt, rules);
    const { flips } = rules;
    if (flips.kind !== 'apply' && flips.answersDiffer(stored.device, device)) {
      return planFlip(stored, device, observedAt, flips);
    }
  }
  const record: DeviceRecord = {
    device,
    presence: 'present',
    version: (stored?.version ?? 0) + 1,
    observedAt,
    indexed: stored?.indexed === true && sameIdentities(stored.device, device),
    ...hardwareStillKnown(stored, device),
    ...(rules.outOfBand && UNSWEPT),
  };
  const write = toWrite(stored, record, retiredIdentities(stored, device), rules);
  return rules.outOfBand && isMereCheckIn(stored, write) ? { kind: 'unchanged' } : { kind: 'write', write };
}

const UNSWEPT = { unswept: true } as const;

function planSame(stored: StoredDevice, observedAt: Instant, { outOfBand = false }: ObservationRules): DevicePlan {
  const isFirstSighting = stored.unswept === true && !outOfBand;
  if (stored.confirmedUntil !== undefined || stored.held !== undefined || isFirstSighting) {
    return { kind: 'write', write: confirmed(stored, observedAt, outOfBand) };
  }
  return stored.indexed ? { kind: 'unchanged' } : { kind: 'index-again', stored };
}

function planFlip(
  stored: StoredDevice,
  device: Device,
  observedAt: Instant,
  rule: FlipRule & { readonly kind: 'collect' | 'hold' },
): DevicePlan {
  const before = stored.held?.device;
  if (before !== undefined && deviceContent(before) === deviceContent(device))
    return planHeldAgain(stored, observedAt, rule);
  if (rule.kind === 'collect') return { kind: 'flip' };
  // What an earlier run held already stays under that run's name, with the newest content.
  const runId = before !== undefined && stored.held ? stored.held.runId : rule.runId;
  return { kind: 'write', write: withHeld(stored, { runId, observedAt, device }, rule.confirmedUntil) };
}

/** What is held already was seen once more: it keeps its run, and its time shows whether a list has named it lately. */
function planHeldAgain(stored: StoredDevice, observedAt: Instant, { kind }: FlipRule): DevicePlan {
  const { held, etag, retiredIdentities, ...record } = stored;
  if (kind !== 'hold' || held === undefined || held.observedAt >= observedAt) return { kind: 'held' };
  return {
    kind: 'write',
    write: { record: { ...record, held: { ...held, observedAt } }, retiredIdentities, replaces: etag },
  };
}

function withHeld(
  { etag, retiredIdentities, ...record }: StoredDevice,
  held: NonNullable<DeviceRecord['held']>,
  confirmedUntil: Instant | undefined,
): DeviceWrite {
  const until = record.confirmedUntil ?? knownUntil(record, confirmedUntil);
  return {
    record: { ...record, confirmedUntil: until, held },
    retiredIdentities,
    mark: 'held',
    replaces: etag,
  };
}

/**
 * A complete sweep did not confirm the device: the record says until when it was, so that no answer looks fresher than
 * it is. Neither version nor change: what is known of the device is the same.
 * @param confirmedUntil start of the sweep before, if there was one
 */
export function planStale(
  stored: StoredDevice | undefined,
  confirmedUntil: Instant | undefined,
  doubtedSince: Instant,
): DevicePlan {
  if (stored === undefined || stored.presence === 'gone' || stored.confirmedUntil !== undefined) {
    return { kind: 'unchanged' };
  }
  if (stored.observedAt > doubtedSince) return { kind: 'outdated' };
  const until = knownUntil(stored, confirmedUntil);
  const { etag, retiredIdentities, ...record } = stored;
  return { kind: 'write', write: { record: { ...record, confirmedUntil: until }, retiredIdentities, replaces: etag } };
}

/** The doubt is over: the same content, observed now. The held observation is dropped. */
function confirmed(
  { etag, retiredIdentities, confirmedUntil, held, unswept, ...record }: StoredDevice,
  observedAt: Instant,
  outOfBand: boolean,
): DeviceWrite {
  const mark = held || outOfBand ? ({ mark: 'doubt' } as const) : {};
  return {
    record: { ...record, observedAt, ...(outOfBand && UNSWEPT) },
    retiredIdentities,
    ...mark,
    replaces: etag,
  };
}

/** @param sweptAt start of the newest complete sweep, which has confirmed every record that it has met */
function knownUntil({ observedAt, unswept }: DeviceRecord, sweptAt: Instant | undefined): Instant {
  return unswept ? observedAt : laterOf(observedAt, sweptAt);
}

/** @param missedSince start of the run that missed the device for the last time, or of the point read that said 404 */
export function planGone(
  stored: StoredDevice | undefined,
  missedSince: Instant,
  { outOfBand = false }: { readonly outOfBand?: boolean } = {},
): DevicePlan {
  if (stored === undefined || stored.presence === 'gone') return { kind: 'unchanged' };
  if (stored.observedAt > missedSince) return { kind: 'outdated' };
  return { kind: 'write', write: toGone(stored, missedSince, outOfBand) };
}

/** The run would call too many devices gone at once: this one stays, with the absence held beside it. */
export function planHeldAbsence(
  stored: StoredDevice | undefined,
  missedSince: Instant,
  { runId, confirmedUntil }: { readonly runId: string; readonly confirmedUntil: Instant | undefined },
): DevicePlan {
  if (stored === undefined || stored.presence === 'gone') return { kind: 'unchanged' };
  if (stored.observedAt > missedSince) return { kind: 'outdated' };
  if (stored.held !== undefined && stored.held.device === undefined) return { kind: 'held' };
  return { kind: 'write', write: withHeld(stored, { runId, observedAt: missedSince }, confirmedUntil) };
}

/** What was held counts from now on. @param released which runs' observations; any, if left out */
export function planReleased(stored: StoredDevice | undefined, released?: (runId: string) => boolean): DevicePlan {
  const { held } = stored ?? {};
  if (stored === undefined || held === undefined) return { kind: 'unchanged' };
  if (released !== undefined && !released(held.runId)) return { kind: 'held' };
  if (held.device === undefined) return { kind: 'write', write: toGone(stored, held.observedAt, true) };
  const device = withHardwareOf(stored.device, held.device);
  const record: DeviceRecord = {
    device,
    presence: 'present',
    version: stored.version + 1,
    observedAt: held.observedAt,
    indexed: stored.indexed && sameIdentities(stored.device, device),
    ...hardwareStillKnown(stored, device),
    ...UNSWEPT,
  };
  return { kind: 'write', write: toWrite(stored, record, retiredIdentities(stored, device), { outOfBand: true }) };
}

/**
 * What a read of this device alone said of its hardware. It says nothing of its compliance, so the time of the content
 * stays; nor does it touch what lists show, so no fingerprint is wrong afterwards.
 */
export function planHardware(
  stored: StoredDevice | undefined,
  { ethernetMac, udid }: Pick<Device, 'ethernetMac' | 'udid'>,
  fetchedAt: Instant,
): DevicePlan {
  if (stored === undefined || stored.presence === 'gone') return { kind: 'unchanged' };
  const { ethernetMac: _mac, udid: _udid, ...listed } = stored.device;
  const device: Device = {
    ...listed,
    ...(ethernetMac !== undefined && { ethernetMac }),
    ...(udid !== undefined && { udid }),
  };
  const { etag, retiredIdentities: retired, ...before } = stored;
  const same = deviceContent(stored.device) === deviceContent(device);
  const record: DeviceRecord = {
    ...before,
    device,
    hardwareAt: fetchedAt,
    version: same ? stored.version : stored.version + 1,
    indexed: stored.indexed && sameIdentities(stored.device, device),
  };
  const change = describeChange(stored, record);
  return {
    kind: 'write',
    write: {
      record,
      retiredIdentities: same ? retired : retiredIdentities(stored, device),
      ...(change && { change }),
      replaces: etag,
    },
  };
}

/** Another name or serial number may mean another machine: its hardware is fetched again. */
function hardwareStillKnown(stored: StoredDevice | undefined, device: Device): Pick<DeviceRecord, 'hardwareAt'> {
  const known = stored?.hardwareAt;
  const { name, serialNumber } = stored?.device ?? {};
  return known !== undefined && name === device.name && serialNumber === device.serialNumber
    ? { hardwareAt: known }
    : {};
}

/** Its pointers stay: they count only while it is present, and are in place already if it comes back. */
function toGone(stored: StoredDevice, observedAt: Instant, outOfBand: boolean): DeviceWrite {
  const { device, indexed, retiredIdentities, hardwareAt } = stored;
  const record: DeviceRecord = {
    device,
    presence: 'gone',
    version: stored.version + 1,
    observedAt,
    indexed,
    ...(hardwareAt && { hardwareAt }),
  };
  return toWrite(stored, record, retiredIdentities, { outOfBand });
}

function toWrite(
  stored: StoredDevice | undefined,
  record: DeviceRecord,
  retiredIdentities: readonly Pointer[],
  { outOfBand = false, newIsChange = false }: Pick<ObservationRules, 'outOfBand' | 'newIsChange'>,
): DeviceWrite {
  // Of a whole fleet that is new, the reconciliation after the sweep finds sessions that were answered without it.
  const isNone = stored === undefined && !outOfBand && !newIsChange;
  const change = isNone ? undefined : describeChange(stored, record);
  const doubted = outOfBand || stored?.held !== undefined;
  const askedAt = stored?.reauthenticationAskedAt;
  return {
    record: { ...record, ...(askedAt !== undefined && { reauthenticationAskedAt: askedAt }) },
    retiredIdentities,
    ...(change && { change }),
    ...(doubted && { mark: 'doubt' as const }),
    ...(stored && { replaces: stored.etag }),
  };
}

/** Nothing but the day of the last check-in moved. */
function isMereCheckIn(stored: StoredDevice | undefined, { change, record }: DeviceWrite): boolean {
  if (stored === undefined || change !== undefined || stored.held !== undefined) return false;
  const [before, after] = [stored.device.lastSyncAt, record.device.lastSyncAt];
  return before !== undefined && after !== undefined && millisecondsBetween(before, after) < LONG_SILENCE_MS;
}

/** Lists leave out Ethernet MAC and UDID; that they do says nothing. */
function withHardwareOf(known: Device, listed: Device): Device {
  const { ethernetMac = known.ethernetMac, udid = known.udid } = listed;
  return {
    ...listed,
    ...(ethernetMac !== undefined && { ethernetMac }),
    ...(udid !== undefined && { udid }),
  };
}

/**
 * A directory names no owner once it has deleted the user. So a device that had one and has none any more stays without
 * access until it gets another owner; a device that never had one has lost nothing.
 */
function withOwnerOf({ ownerAccount: before }: Device, listed: Device): Device {
  const isLost = listed.ownerAccount === 'none' && before !== undefined && before !== 'none';
  return isLost ? { ...listed, ownerAccount: 'gone' } : listed;
}

/** What the device held before and holds no more, pointers that an interrupted run left over included. */
function retiredIdentities(stored: StoredDevice | undefined, device: Device): Pointer[] {
  if (stored === undefined) return [];
  const held = new Set(pointersOf(device).map(identityText));
  const earlier = new Map(
    [...pointersOf(stored.device), ...stored.retiredIdentities].map((identity) => [identityText(identity), identity]),
  );
  return [...earlier].flatMap(([text, identity]) => (held.has(text) ? [] : [identity]));
}

function sameIdentities(a: Device, b: Device): boolean {
  const texts = (device: Device): string => pointersOf(device).map(identityText).sort().join('\n');
  return texts(a) === texts(b);
}

function laterOf(a: Instant, b: Instant | undefined): Instant {
  return b !== undefined && b > a ? b : a;
}
