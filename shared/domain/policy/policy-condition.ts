// Conditions about the question: its user, its place, and how sure it is which device asks. Those about the device
// itself are in device-condition.ts.

import type { Standing, StandingMark } from '../device/standing.ts';
import { distinguishedNameMatches, isDistinguishedName } from '../distinguished-name.ts';
import { globMatches } from '../glob.ts';
import type { MethodWord } from '../identity/authentication-word.ts';
import type { Assurance } from '../identity/identity.ts';
import { CONTRADICTIONS, type Contradiction } from '../identity/presented-identities.ts';
import { type Condition, flagCondition, globIgnoringCase, oneOf, type Reading, severalOf } from './condition.ts';
import type { MacSet } from './mac-set.ts';
import { isCutText, isMediumUnread, type Medium, mediumOf, type PolicyFacts, ssidCandidates } from './policy-facts.ts';
import { unreadContradictions } from './unread-contradictions.ts';

export type { Condition, Limit } from './condition.ts';
export * from './device-condition.ts';

/** Addresses and subnets, in the notations that the implementation knows. */
export interface AddressSet {
  readonly texts: readonly string[];
  /** @returns `undefined` for a text that is no address */
  contains(address: string): boolean | undefined;
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

/** Any of these, or any at all. One that was found counts, even where other fields were cut. */
export function contradictionIs(wanted: boolean | readonly Contradiction[]): Condition {
  const asked = typeof wanted === 'boolean' ? CONTRADICTIONS : wanted;
  const isAmong = (contradictions: readonly Contradiction[]): boolean =>
    contradictions.some((contradiction) => asked.includes(contradiction));
  return {
    ...flagCondition('contradiction', wanted !== false, (facts) => {
      if (isAmong(found(facts))) return true;
      return isAmong(unreadContradictions(facts)) ? null : false;
    }),
    wanted: String(wanted).replaceAll(',', ', '),
    actual: shownContradictions,
  };
}

function found({ contradictions = [] }: PolicyFacts): readonly Contradiction[] {
  return contradictions;
}

function shownContradictions(facts: PolicyFacts): string | undefined {
  return found(facts).join(', ') || undefined;
}

/** A question may be several at once: a certificate on a VPN is both. */
export function methodIs(methods: readonly MethodWord[]): Condition {
  return {
    name: 'method',
    wanted: methods.join(', '),
    actual: (facts) => facts.methods?.join(', '),
    holds(facts) {
      if (facts.methods === undefined || isCut(facts, 'eapType')) return undefined;
      const isHeldBy = (words: readonly MethodWord[]): boolean => words.some((word) => methods.includes(word));
      const held = isHeldBy(facts.methods);
      if (!isMediumUnread(facts)) return held;
      return held === isHeldBy(onVpn(facts.methods)) ? held : undefined;
    },
  };
}

/** The same question, were it on a VPN. */
function onVpn(words: readonly MethodWord[]): readonly MethodWord[] {
  return words.includes('mab') || words.length === 0 ? words : [...words.filter((word) => word !== 'pap'), 'vpn'];
}

/** Counts for MAB alone: with any other method the station may send any address beside its credential. */
export function macAddressIn(macs: MacSet): Condition {
  return {
    name: 'macAddress',
    wanted: macs.shown,
    actual: ({ mac }) => mac,
    holds({ methods, mac, standing }) {
      if (methods === undefined) return undefined;
      return methods.includes('mab') && standing !== 'notAuthenticated' && mac !== undefined && macs.contains(mac);
    },
  };
}

/** Of a question by certificate alone; there must be an issuer then. */
export function certificateIssuerMatches(patterns: readonly string[]): Condition {
  return oneOf(
    'certificateIssuer',
    patterns,
    ({ certificateIssuer, methods }) => {
      if (certificateIssuer === undefined) return methods?.includes('eap-tls') ? null : undefined;
      return isDistinguishedName(certificateIssuer) ? certificateIssuer : null;
    },
    distinguishedNameMatches,
  );
}

export function siteIs(sites: readonly string[]): Condition {
  return oneOf('site', sites, ({ site }) => site);
}

export function mediumIs(media: readonly Medium[]): Condition {
  return oneOf('medium', media, (facts) => mediumOf(facts) ?? (isMediumUnread(facts) ? null : undefined));
}

/** SSIDs that differ in letter case differ. */
export function ssidMatches(patterns: readonly string[]): Condition {
  return severalOf('ssid', patterns, ssidCandidates, globMatches);
}

export function nasIdentifierMatches(patterns: readonly string[]): Condition {
  return oneOf('nasIdentifier', patterns, (facts) => said(facts, 'nasIdentifier'), globIgnoringCase);
}

export function userNameMatches(patterns: readonly string[]): Condition {
  return oneOf('userName', patterns, (facts) => said(facts, 'userName'), globIgnoringCase);
}

/** The address the NAS gives as its own; where it gives none, the one its packet came from. */
export function nasAddressIn(addresses: AddressSet): Condition {
  const own = ({ nasIpAddress, nasIpv6Address }: PolicyFacts): string[] =>
    [nasIpAddress, nasIpv6Address].filter((address) => address !== undefined);
  const actual = (facts: PolicyFacts): string[] => {
    const given = own(facts);
    return given.length > 0 || facts.packetSourceIp === undefined ? given : [facts.packetSourceIp];
  };
  return {
    name: 'nasAddress',
    wanted: addresses.texts.join(', '),
    actual: (facts) => actual(facts).join(', ') || undefined,
    holds(facts) {
      const isOwnCut = isCut(facts, 'nasIpAddress') || isCut(facts, 'nasIpv6Address');
      const found = (isOwnCut ? own(facts) : actual(facts)).map((address) => addresses.contains(address));
      if (found.includes(true)) return true;
      const isSourceCut = found.length === 0 && isCut(facts, 'packetSourceIp');
      return found.includes(undefined) || isOwnCut || isSourceCut ? undefined : false;
    },
  };
}

function said(facts: PolicyFacts, field: 'nasIdentifier' | 'userName'): Reading<string> {
  const text = facts[field];
  return isCut(facts, field) && (text === undefined || isCutText(text)) ? null : text;
}

function isCut({ cut = [] }: PolicyFacts, field: string): boolean {
  return cut.includes(field);
}
