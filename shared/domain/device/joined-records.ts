// When records of several sources are one device, and whose verdict counts then. docs/policy.md says the same in the
// words of operators.
//
// - Two records are one device where they share an Entra device id, or where the id that one source gave is a GUID and
//   the other's, too. An address, a serial number, a name or a user joins nothing: others have or copy them.
// - The worse verdict counts. So a source that lies about ids makes no device better than that device's own source
//   says. What a source said that is away, or has not confirmed its record, counts where it is worse, and never betters
//   anything.
// - Precedence is the operator's word: the verdict of the source with the highest number counts, as long as it is
//   fresh. Two sources with the same number, or none, are judged by the rule above.
// - A disabled device or user counts whatever precedence says.
// - A source that has no record of the device says nothing about it.
// - The answer is as old as the verdict that counts. A verdict that the breaker holds back stays that source's own: its
//   earlier one takes part.

import { CERTIFICATE_SOURCE } from '../identity/certificate-source.ts';
import type { Identity } from '../identity/identity.ts';
import type { Instant } from '../instant.ts';
import { type Device, type DeviceKey, deviceKeyText } from './device.ts';
import type { Standing, StandingMark } from './standing.ts';

/** Sources whose records are looked at for one device, that of the found record included. No device has more. */
export const MOST_RECORDS = 8;

/** What one source says of a device, and how far that may be relied on. */
export interface SourceVerdict extends DeviceKey {
  /** Of the record. */
  readonly version: number;
  readonly standing: Standing;
  readonly marks: readonly StandingMark[];
  /** When the source was last known to say this. */
  readonly asOf: Instant;
  /** False: its last complete sweep is too long ago; absent where there are no sweeps. */
  readonly reachable?: boolean;
}

/** Why a verdict counts before the others. */
export const COUNTS_BECAUSE = [
  /** The directory has disabled the device or its owner. */
  'disabled',
  /** Its source has the highest precedence, and its verdict is fresh. */
  'precedence',
  /** It is worse than all others. */
  'worst',
  /** No other is worse: it is that of the record that the question led to. */
  'agreed',
] as const;
export type CountsBecause = (typeof COUNTS_BECAUSE)[number];

export interface CountingVerdict {
  readonly verdict: SourceVerdict;
  readonly because: CountsBecause;
}

/** The number that an operator gave a source; `undefined` where none was given. */
export type PrecedenceOf = (source: string) => number | undefined;

/** From what says least for a device to what says most. */
const WORST_FIRST: readonly Standing[] = [
  'disabled',
  'beingRemoved',
  'noncompliant',
  'error',
  'conflict',
  'silent',
  'unknown',
  'configManager',
  'inGracePeriod',
  'compliant',
];

/**
 * @param found of the record that the question led to
 * @param others of its other records, in any order
 */
export function verdictThatCounts(
  found: SourceVerdict,
  others: readonly SourceVerdict[],
  precedenceOf: PrecedenceOf,
): CountingVerdict {
  const all = [found, ...others];
  const worst = all.toSorted((one, other) => worstFirst(one, other, found))[0] ?? found;
  if (worst.standing === 'disabled') return { verdict: worst, because: 'disabled' };
  const preferred = preferredAmong(all, found, precedenceOf);
  if (preferred !== undefined) return { verdict: preferred, because: 'precedence' };
  const isAgreed = all.every(({ standing }) => standing === worst.standing);
  return { verdict: worst, because: isAgreed ? 'agreed' : 'worst' };
}

/** Killing the source of the highest precedence must not give its place to a better verdict: so none has it then. */
function preferredAmong(
  all: readonly SourceVerdict[],
  found: SourceVerdict,
  precedenceOf: PrecedenceOf,
): SourceVerdict | undefined {
  const highest = Math.max(...all.map(({ source }) => precedenceOf(source) ?? Number.NEGATIVE_INFINITY));
  if (highest === Number.NEGATIVE_INFINITY) return undefined;
  const first = all.filter(({ source }) => precedenceOf(source) === highest);
  if (first.length === all.length || !first.every(isFresh)) return undefined;
  return first.toSorted((one, other) => worstFirst(one, other, found))[0];
}

/** Its source was read in time lately, and named the device. */
export function isFresh({ marks, reachable }: SourceVerdict): boolean {
  return reachable !== false && !marks.includes('stale');
}

/** The worse first; among equals that of the record which the question led to, then in the order of the keys. */
function worstFirst(one: SourceVerdict, other: SourceVerdict, found: SourceVerdict): number {
  const rank = ({ standing }: SourceVerdict): number => WORST_FIRST.indexOf(standing);
  if (rank(one) !== rank(other)) return rank(one) - rank(other);
  if (one === found || other === found) return one === found ? -1 : 1;
  return deviceKeyText(one) < deviceKeyText(other) ? -1 : 1;
}

/** What only one device has: two records that share one of them are joined. */
export function strongIdentities(device: Device): Identity[] {
  const entraDeviceId = realGuid(device.entraDeviceId);
  const own = realGuid(device.id);
  return [
    ...(entraDeviceId === undefined ? [] : [{ kind: 'entraDeviceId', value: entraDeviceId } as const]),
    ...(own === undefined ? [] : [{ kind: 'deviceId', value: own } as const]),
  ];
}

/** Of two sources: within one, two ids are two records of its own. */
export function isJoined(one: Device, other: Device): boolean {
  if (one.source === other.source) return false;
  const own = new Set(strongIdentities(one).map(({ kind, value }) => `${kind}|${value}`));
  return strongIdentities(other).some(({ kind, value }) => own.has(`${kind}|${value}`));
}

/**
 * Where the identity that was asked by leads to joined records of several sources: whose attributes policy looks at.
 * The same whatever order the sources stand in, and no source can choose itself.
 */
export function foremostFirst(one: DeviceKey, other: DeviceKey): number {
  const isFirst = ({ source }: DeviceKey): boolean => source === CERTIFICATE_SOURCE;
  if (isFirst(one) !== isFirst(other)) return isFirst(one) ? -1 : 1;
  return deviceKeyText(one) < deviceKeyText(other) ? -1 : 1;
}

/** Zeros, or one digit throughout, stand for "none" in Intune and in many scripts. */
function realGuid(text: string | undefined): string | undefined {
  const value = text?.trim().toLowerCase() ?? '';
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value)) return undefined;
  return /^([0-9a-f])\1*$/.test(value.replaceAll('-', '')) ? undefined : value;
}
