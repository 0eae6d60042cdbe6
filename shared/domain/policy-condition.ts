// Conditions of a policy's rules. Each knows what it wants, what it sees, and whether that will do, so that a decision
// can be explained rule by rule.

import { compareVersions, type DottedVersion, parseDottedVersion } from './dotted-version.ts';
import { globMatches } from './glob.ts';
import type { Assurance } from './identity.ts';
import { ageOf, type Medium, mediumOf, minutesSinceEnrolment, type PolicyFacts, ssidOf } from './policy-facts.ts';
import type { Standing, StandingMark } from './standing.ts';

/** All conditions of a rule must hold; within one, any of the values listed will do. */
export interface Condition {
  /** As the policy's author wrote it, e.g. `osVersion`. */
  readonly name: string;
  /** What is wanted, in the author's words. */
  readonly wanted: string;
  /** What the request has; `undefined` when it has nothing of the kind, and then the condition does not hold. */
  actual(facts: PolicyFacts): string | undefined;
  holds(facts: PolicyFacts): boolean;
}

/** Addresses and subnets; who implements it knows how they are written. */
export interface AddressSet {
  readonly texts: readonly string[];
  contains(address: string): boolean;
}

/** A limit, e.g. `>= 10.0.19045` or `< 60`. */
export interface Limit<T> {
  readonly operator: '>=' | '<';
  readonly value: T;
  readonly text: string;
}

export function complianceIs(states: readonly (Standing | StandingMark)[]): Condition {
  const seen = ({ standing, marks }: PolicyFacts): readonly string[] => [standing, ...marks];
  return {
    name: 'compliance',
    wanted: states.join(', '),
    actual: (facts) => seen(facts).join(', '),
    holds: (facts) => seen(facts).some((state) => (states as readonly string[]).includes(state)),
  };
}

export function assuranceIs(assurances: readonly Assurance[]): Condition {
  return oneOf('assurance', assurances, ({ assurance }) => assurance);
}

export function ownershipIs(owners: readonly string[]): Condition {
  return oneOf('ownership', owners, ({ device }) => device?.ownership, ignoringCase);
}

export function platformIs(platforms: readonly string[]): Condition {
  return oneOf('platform', platforms, ({ device }) => device?.operatingSystem, ignoringCase);
}

export function osVersionIs(limits: readonly Limit<DottedVersion>[]): Condition {
  const actual = ({ device }: PolicyFacts): string | undefined => device?.osVersion;
  return {
    name: 'osVersion',
    wanted: textOf(limits),
    actual,
    holds(facts) {
      const version = parseDottedVersion(actual(facts) ?? '');
      return version !== undefined && limits.every((limit) => keeps(limit, compareVersions(version, limit.value)));
    },
  };
}

export function siteIs(sites: readonly string[]): Condition {
  return oneOf('site', sites, ({ site }) => site);
}

export function mediumIs(media: readonly Medium[]): Condition {
  return oneOf('medium', media, mediumOf);
}

/** SSIDs are told apart by letter case, too. */
export function ssidMatches(patterns: readonly string[]): Condition {
  return oneOf('ssid', patterns, ssidOf, globMatches);
}

export function nasIdentifierMatches(patterns: readonly string[]): Condition {
  return oneOf('nasIdentifier', patterns, ({ nasIdentifier }) => nasIdentifier, globIgnoringCase);
}

export function userNameMatches(patterns: readonly string[]): Condition {
  return oneOf('userName', patterns, ({ userName }) => userName, globIgnoringCase);
}

/** The address the NAS gives as its own; where it gives none, the one its packet came from. */
export function nasAddressIn(addresses: AddressSet): Condition {
  const actual = ({ nasIpAddress, nasIpv6Address, packetSourceIp }: PolicyFacts): string[] => {
    const own = [nasIpAddress, nasIpv6Address].filter((address) => address !== undefined);
    return own.length > 0 || packetSourceIp === undefined ? own : [packetSourceIp];
  };
  return {
    name: 'nasAddress',
    wanted: addresses.texts.join(', '),
    actual: (facts) => actual(facts).join(', ') || undefined,
    holds: (facts) => actual(facts).some((address) => addresses.contains(address)),
  };
}

export function minutesSinceEnrolmentIs(limits: readonly Limit<number>[]): Condition {
  return number('minutesSinceEnrolment', limits, minutesSinceEnrolment, String);
}

/** @param limits in milliseconds */
export function answerAgeIs(limits: readonly Limit<number>[]): Condition {
  return number('answerAge', limits, ageOf, (age) => `${Math.round(age / 1000)}s`);
}

/** Somebody has told the source to retire, wipe or delete the device. */
export function removalIsPending(wanted: boolean): Condition {
  return flag('removalPending', wanted, ({ standing }) => standing === 'beingRemoved');
}

/** Known to Entra ID, as the source says it. */
export function isRegistered(wanted: boolean): Condition {
  return flag('registered', wanted, ({ device }) => device?.registrationState?.toLowerCase() === 'registered');
}

function oneOf(
  name: string,
  values: readonly string[],
  actual: (facts: PolicyFacts) => string | undefined,
  matches: (value: string, text: string) => boolean = (value, text) => value === text,
): Condition {
  return {
    name,
    wanted: values.join(', '),
    actual,
    holds(facts) {
      const text = actual(facts);
      return text !== undefined && values.some((value) => matches(value, text));
    },
  };
}

function number(
  name: string,
  limits: readonly Limit<number>[],
  read: (facts: PolicyFacts) => number | undefined,
  show: (value: number) => string,
): Condition {
  return {
    name,
    wanted: textOf(limits),
    actual(facts) {
      const value = read(facts);
      return value === undefined ? undefined : show(value);
    },
    holds(facts) {
      const value = read(facts);
      return value !== undefined && limits.every((limit) => keeps(limit, value - limit.value));
    },
  };
}

function flag(name: string, wanted: boolean, read: (facts: PolicyFacts) => boolean): Condition {
  return {
    name,
    wanted: String(wanted),
    actual: (facts) => String(read(facts)),
    holds: (facts) => read(facts) === wanted,
  };
}

function keeps({ operator }: Limit<unknown>, difference: number): boolean {
  return operator === '<' ? difference < 0 : difference >= 0;
}

function textOf(limits: readonly Limit<unknown>[]): string {
  return limits.map(({ text }) => text).join(' and ');
}

function ignoringCase(value: string, text: string): boolean {
  return value.toLowerCase() === text.toLowerCase();
}

function globIgnoringCase(pattern: string, text: string): boolean {
  return globMatches(pattern.toLowerCase(), text.toLowerCase());
}
