// Reads the texts that a policy compares with requests. A text that can never match is a problem: its rule looks right,
// never decides, and the mistake stays unnoticed.

import { isIP } from 'node:net';
import { issuerPatternProblem } from '../../domain/distinguished-name.ts';
import { LONGEST_SSID_OCTETS } from '../../domain/identity/ssid.ts';
import { canonicalAddress } from '../../domain/ip-address.ts';
import { globIgnoringCase } from '../../domain/policy/condition.ts';
import type { YamlField, YamlReader } from './yaml-reader.ts';

export const LONGEST_PATTERN = 253;

/**
 * Members of enumerations as Microsoft Graph has them, which also says `unknownFutureValue` for those that came later.
 */
export const OWNERSHIPS = ['unknown', 'company', 'personal', 'unknownFutureValue'] as const;
export const REGISTRATION_STATES = [
  'notRegistered',
  'registered',
  'revoked',
  'keyConflict',
  'approvalPending',
  'certificateReset',
  'notRegisteredPendingEnrollment',
  'unknown',
  'unknownFutureValue',
] as const;

/** Of what the station, the NAS or the RADIUS server says of itself. */
export function pattern(read: YamlReader, field: YamlField): string | undefined {
  const text = read.textOrNumber(field);
  if (text === undefined || text.length <= LONGEST_PATTERN) return text;
  read.problem(field, `must have ${LONGEST_PATTERN} characters at most.`);
  return undefined;
}

/** Of a text of the device's record, which has no blanks around it. */
export function devicePattern(read: YamlReader, field: YamlField): string | undefined {
  const text = pattern(read, field);
  if (text === undefined || text.trim() === text) return text;
  read.problem(field, 'can never match: no such text begins or ends with a blank.');
  return undefined;
}

/** A member of an enumeration, in any letter case; without `members` one of which not all are known. */
export function readMember(read: YamlReader, field: YamlField, members?: readonly string[]): string | undefined {
  const text = devicePattern(read, field);
  if (text === undefined) return undefined;
  const isMember = members?.some((known) => globIgnoringCase(text, known)) ?? /^[a-z0-9*?]+$/i.test(text);
  if (isMember) return text;
  const known = members ? `must be one of ${members.join(', ')}` : 'is a word of letters and digits';
  read.problem(field, `can never match: what Intune says there ${known}.`);
  return undefined;
}

/** IEEE 802.11 9.4.2.2 allows 32 octets; `*` may stand for none. */
export function ssidPattern(read: YamlReader, field: YamlField): string | undefined {
  const text = pattern(read, field);
  if (text === undefined || Buffer.byteLength(text.replaceAll('*', '')) <= LONGEST_SSID_OCTETS) return text;
  read.problem(field, `can never match: an SSID has ${LONGEST_SSID_OCTETS} octets at most.`);
  return undefined;
}

/** Parts of the distinguished name of an authority. */
export function issuerPattern(read: YamlReader, field: YamlField): string | undefined {
  const text = pattern(read, field);
  const problem = text === undefined ? undefined : issuerPatternProblem(text);
  if (problem === undefined) return text;
  read.problem(field, problem);
  return undefined;
}

/** An address or a subnet of NASes. */
export function address(read: YamlReader, field: YamlField): string | undefined {
  const text = read.text(field);
  if (text === undefined) return undefined;
  const [network = '', prefix, ...rest] = text.split('/');
  const longest = isIP(network) === 6 ? 128 : 32;
  const fits = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= longest);
  if (isIP(network) === 0 || network.includes('%') || !fits || rest.length > 0) {
    read.problem(field, 'is no address or subnet such as 10.1.2.3, 10.1.2.0/24 or 2001:db8::/48.');
    return undefined;
  }
  const isSingle = prefix === undefined || Number(prefix) === longest;
  if (!isSingle || canonicalAddress(network) !== undefined) return text;
  read.problem(field, 'can never match: it stands for no machine.');
  return undefined;
}
