// Conditions about the device that was found. Without a device none of them holds; a value that its source leaves out
// is not known.

import { isInGroup } from '../device/group-memberships.ts';
import { compareVersions, type DottedVersion, parseDottedVersion } from '../dotted-version.ts';
import {
  type Condition,
  flagCondition,
  globIgnoringCase,
  ignoringCase,
  type Limit,
  meetsLimit,
  numberCondition,
  oneOf,
  type Reading,
  severalOf,
  textOf,
} from './condition.ts';
import { isStateAlone, type OwnerWord, ownerWord } from './device-owner.ts';
import { ageOf, type DeviceFacts, daysSinceCheckIn, minutesSinceEnrolment, type PolicyFacts } from './policy-facts.ts';

function text(field: keyof DeviceFacts) {
  return ({ device }: PolicyFacts): Reading<string> => {
    const value = device?.[field];
    if (device === undefined) return undefined;
    return typeof value === 'string' ? value : null;
  };
}

/**
 * What enumerations of Microsoft Graph say where there is no answer, or one that this version of them does not have.
 */
const NO_ANSWER: readonly string[] = ['unknown', 'unknownfuturevalue'];

/** Of an enumeration: without an answer it is not known, unless the policy asks for just that word. */
function wordOf(name: string, words: readonly string[], field: keyof DeviceFacts): Condition {
  const read = text(field);
  const isAsked = (value: string): boolean => words.some((word) => ignoringCase(word, value));
  return oneOf(
    name,
    words,
    (facts) => {
      const value = read(facts);
      return typeof value === 'string' && isNoAnswer(value) && !isAsked(value) ? null : value;
    },
    globIgnoringCase,
  );
}

function isNoAnswer(value: string): boolean {
  return NO_ANSWER.includes(value.toLowerCase());
}

export function ownershipIs(owners: readonly string[]): Condition {
  return wordOf('ownership', owners, 'ownership');
}

export function platformIs(platforms: readonly string[]): Condition {
  return wordOf('platform', platforms, 'operatingSystem');
}

export function deviceNameMatches(patterns: readonly string[]): Condition {
  return oneOf('deviceName', patterns, text('name'), globIgnoringCase);
}

export function modelMatches(patterns: readonly string[]): Condition {
  return oneOf('model', patterns, text('model'), globIgnoringCase);
}

/** A device that no administrator has sorted is in no category: Intune says nothing then, or `Unassigned`. */
export function categoryMatches(patterns: readonly string[]): Condition {
  return oneOf(
    'category',
    patterns,
    ({ device }) => device?.category ?? (device && isStateAlone(device) ? null : undefined),
    globIgnoringCase,
  );
}

export function managementAgentIs(agents: readonly string[]): Condition {
  return wordOf('managementAgent', agents, 'managementAgent');
}

/** `revoked` means that the device was blocked, wiped or retired. */
export function registrationStateIs(states: readonly string[]): Condition {
  return wordOf('registrationState', states, 'registrationState');
}

/** Known to Entra ID, as the source says it. */
export function isRegistered(wanted: boolean): Condition {
  const state = text('registrationState');
  return flagCondition('registered', wanted, (facts) => {
    const value = state(facts);
    if (typeof value !== 'string') return value;
    return isNoAnswer(value) ? null : value.toLowerCase() === 'registered';
  });
}

export function isEncrypted(wanted: boolean): Condition {
  return flagCondition('encrypted', wanted, ({ device }) =>
    device === undefined ? undefined : (device.isEncrypted ?? null),
  );
}

/** Intune says True, False or Unknown; Windows is never asked. */
export function isJailbroken(wanted: boolean): Condition {
  const state = text('jailBroken');
  return flagCondition('jailbroken', wanted, (facts) => {
    const value = state(facts);
    if (typeof value !== 'string') return value;
    return { true: true, false: false }[value.toLowerCase()] ?? null;
  });
}

export function ownerIs(words: readonly OwnerWord[]): Condition {
  return oneOf('owner', words, ownerWord);
}

export function osVersionIs(limits: readonly Limit<DottedVersion>[]): Condition {
  const read = text('osVersion');
  return {
    name: 'osVersion',
    wanted: textOf(limits),
    actual: (facts) => read(facts) ?? undefined,
    holds(facts) {
      const written = read(facts);
      if (written === undefined) return false;
      const version = written === null ? undefined : parseDottedVersion(written);
      return version && limits.every((limit) => meetsLimit(limit, compareVersions(version, limit.value)));
    },
  };
}

export function minutesSinceEnrolmentIs(limits: readonly Limit<number>[]): Condition {
  return numberCondition('minutesSinceEnrolment', limits, ofDevice(minutesSinceEnrolment), String);
}

export function daysSinceCheckInIs(limits: readonly Limit<number>[]): Condition {
  return numberCondition('daysSinceCheckIn', limits, ofDevice(daysSinceCheckIn), String);
}

/** @param limits in milliseconds */
export function answerAgeIs(limits: readonly Limit<number>[]): Condition {
  return numberCondition('answerAge', limits, ofDevice(ageOf), (age) => `${Math.round(age / 1000)}s`);
}

function ofDevice(read: (facts: PolicyFacts) => number | undefined) {
  return (facts: PolicyFacts): Reading<number> => (facts.device === undefined ? undefined : (read(facts) ?? null));
}

/** The source was asked to retire, wipe or delete the device. */
export function removalIsPending(wanted: boolean): Condition {
  return flagCondition('removalPending', wanted, ({ standing, device }) => {
    if (standing === 'beingRemoved') return true;
    const isSaid = device?.managementState !== undefined || device?.registrationState !== undefined;
    return device && (isSaid ? false : null);
  });
}

/**
 * The source whose verdict counts, and the one whose record the question led to: where they differ both must be among
 * these, so that a record of one source never passes for a device of another.
 */
export function sourceIs(sources: readonly string[]): Condition {
  return severalOf('source', sources, ({ source, records, device }) => {
    if (source === undefined) return device && null;
    return [...new Set([source, ...(records === undefined ? [] : [records.found])])];
  });
}

/** The device or its owner is in one of these, by object id in lower case. */
export function groupIs(groups: readonly string[]): Condition {
  return {
    ...groupCondition(groups, groups.join(', ')),
    holds(facts) {
      if (facts.device === undefined) return false;
      const are = groups.map((group) => membership(facts, group));
      if (are.includes(true)) return true;
      return are.includes(undefined) ? undefined : false;
    },
  };
}

/** Of each of these the device or its owner is a member, or neither is: all must be as wanted. */
export function groupsAre(wanted: Readonly<Record<string, boolean>>): Condition {
  const groups = Object.keys(wanted);
  return {
    ...groupCondition(groups, groups.map((group) => `${group} ${wanted[group]}`).join(', ')),
    holds(facts) {
      if (facts.device === undefined) return false;
      const fits = groups.map((group) => {
        const is = membership(facts, group);
        return is === undefined ? undefined : is === wanted[group];
      });
      if (fits.includes(false)) return false;
      return fits.includes(undefined) ? undefined : true;
    },
  };
}

function groupCondition(groups: readonly string[], wanted: string): Omit<Condition, 'holds'> {
  return {
    name: 'group',
    wanted,
    groups,
    actual(facts) {
      const known = groups.map((group) => [group, membership(facts, group)] as const);
      return known.flatMap(([group, is]) => (is === undefined ? [] : `${group} ${is}`)).join(', ') || undefined;
    },
  };
}

function membership({ device }: PolicyFacts, group: string): boolean | undefined {
  return isInGroup(device?.groups, group);
}

/** Of the source whose verdict counts. Without a device no source is asked after. */
export function sourceIsReachable(wanted: boolean): Condition {
  return flagCondition('sourceReachable', wanted, ({ sourceReachable, device }) => sourceReachable ?? (device && null));
}

/** Of sources by name, whether or not they know the device: all must be as wanted. */
export function sourcesAreReachable(wanted: Readonly<Record<string, boolean>>): Condition {
  const names = Object.keys(wanted);
  const known = (facts: PolicyFacts, name: string): boolean | undefined => {
    const { source, sourceReachable, sourcesReachable = {} } = facts;
    const ofAll = Object.hasOwn(sourcesReachable, name) ? sourcesReachable[name] : undefined;
    return ofAll ?? (source === name ? sourceReachable : undefined);
  };
  return {
    name: 'sourceReachable',
    wanted: names.map((name) => `${name} ${wanted[name]}`).join(', '),
    actual: (facts) =>
      names.flatMap((name) => (known(facts, name) === undefined ? [] : `${name} ${known(facts, name)}`)).join(', ') ||
      undefined,
    holds(facts) {
      const readings = names.map((name) => ({ is: known(facts, name), wanted: wanted[name] }));
      if (readings.some(({ is, wanted: asked }) => is !== undefined && is !== asked)) return false;
      return readings.some(({ is }) => is === undefined) ? undefined : true;
    },
  };
}
