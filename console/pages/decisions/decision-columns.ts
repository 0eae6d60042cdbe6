// What each column of the list of decisions says about a decision, as text: for the table, its filters and the export.

import type { DecisionRecord } from '../../api/answers.ts';

/** Where the station is: a switch's port, or what it hears of an access point. */
export function placeOf({ decision, nasPortId, calledStationId = '' }: DecisionRecord): string {
  const ssids = decision.facts?.ssids ?? [];
  if (ssids.length > 0) return ssids.join(', ');
  return nasPortId ?? calledStationId;
}

/** The access device by the name that people know, else by its address. */
export function nasOf({ nasIdentifier, nasIpAddress, nasIpv6Address, packetSourceIp }: DecisionRecord): string {
  return nasIdentifier ?? nasIpAddress ?? nasIpv6Address ?? packetSourceIp ?? '';
}

/** The station's address, random ones included: these identify no device, and are shown all the same. */
export function macOf({ mac, decision }: DecisionRecord): string {
  return mac ?? decision.facts?.mac ?? '';
}

/** The device by its name, else by its id; empty where none was found. */
export function deviceOf({ decision: { device } }: DecisionRecord): string {
  return device?.name ?? device?.id ?? '';
}

export function userOf({ userName, decision }: DecisionRecord): string {
  return decision.facts?.users?.[0] ?? userName ?? '';
}

export function identityOf({ decision: { device } }: DecisionRecord): string {
  return device?.identity.kind ?? '';
}

export function assuranceOf({ decision: { device } }: DecisionRecord): string {
  return device?.identity.assurance ?? '';
}

/** `permit employee, VLAN 20` or `deny`. */
export function answerOf({ decision: { outcome } }: DecisionRecord): string {
  if (outcome.verdict === 'deny') return 'deny';
  return outcome.vlan === '' ? `permit ${outcome.role}` : `permit ${outcome.role}, VLAN ${outcome.vlan}`;
}

/** What said that the device stands so, and whether that is in doubt: `intune store`, `intune live`, `intune held`. */
export function sourceOf({ decision: { device, facts } }: DecisionRecord): string {
  if (device === undefined) return '';
  const marks = facts?.marks ?? [];
  const read = device.live ? 'live' : marks.includes('held') ? 'held' : marks.includes('stale') ? 'stale' : 'store';
  return `${device.source} ${read}`;
}

/** Seconds from the source's word to the decision; `undefined` without a device. */
export function ageSecondsOf({ decision: { device, decidedAt } }: DecisionRecord): number | undefined {
  if (device === undefined) return undefined;
  return Math.max(0, Math.round((Date.parse(decidedAt) - Date.parse(device.asOf)) / 1_000));
}
