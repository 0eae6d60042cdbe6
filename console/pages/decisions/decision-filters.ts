// The filters of the list of decisions: which of them the API answers, and which the page looks for itself.

import type { DecisionRecord } from '../../api/answers.ts';
import type { FilterNames, Filters } from '../../lists/filters-in-address.ts';
import { isRandomAddress, macPart } from '../../lists/mac-part.ts';
import { ageSecondsOf, deviceOf, macOf, nasOf, placeOf, sourceOf, userOf } from './decision-columns.ts';

const BY_THE_API = [
  ...['since', 'until', 'site', 'session', 'decision', 'role', 'rule', 'policy', 'standing', 'observed'],
  ...['method', 'identity', 'assurance'],
] as const;
const BY_THE_PAGE = ['port', 'age'] as const;
/** By the API as a whole text; by the page as a part of one, or as what the API does not keep. */
const EITHER = ['nas', 'source'] as const;
const PERSONAL = ['device', 'mac', 'user'] as const;

export type DecisionFilter =
  | ('since' | 'until' | 'site' | 'session' | 'decision' | 'role' | 'rule' | 'policy' | 'standing' | 'observed')
  | ('method' | 'identity' | 'assurance')
  | (typeof BY_THE_PAGE)[number]
  | (typeof EITHER)[number]
  | (typeof PERSONAL)[number];
export type DecisionFilters = Filters<DecisionFilter>;

/** A name of a device or a person and a station's address belong into no URL, which logs keep. */
export const DECISION_FILTERS: FilterNames<DecisionFilter> = {
  open: [...(BY_THE_API as readonly DecisionFilter[]), ...BY_THE_PAGE, ...EITHER],
  personal: PERSONAL,
};

/** What the list shows where the address says nothing; also what the API takes then. */
export const USUAL_SINCE = '24h';

export interface SplitFilters {
  /** Body of POST /api/decisions/search. */
  readonly search: Readonly<Record<string, string>>;
  /** Whether a decision is one of those that are looked for, as far as the API cannot say. */
  readonly keep: (row: DecisionRecord) => boolean;
  /** Whether the API leaves anything to the page. */
  readonly isWholeByApi: boolean;
}

export function splitFilters(filters: DecisionFilters): SplitFilters {
  const search: Record<string, string> = { since: USUAL_SINCE };
  const tests: ((row: DecisionRecord) => boolean)[] = [];
  for (const name of BY_THE_API as readonly DecisionFilter[]) {
    const value = filters[name];
    if (value !== undefined) search[name] = value;
  }
  const { device, mac, user, nas, port, source, age } = filters;
  // The API takes an id alone.
  if (device !== undefined && GUID.test(device)) search['device'] = device;
  else if (device !== undefined) tests.push((row) => fits(device, deviceOf(row), row.decision.device?.id));
  if (mac !== undefined) {
    const digits = macPart(mac);
    // The API stores no random address with the decision.
    if (digits?.length === 12 && !isRandomAddress(digits)) search['mac'] = digits;
    else tests.push((row) => digits !== undefined && macOf(row).includes(digits));
  }
  if (user !== undefined && /[@\\/]/.test(user) && !user.includes('*')) search['user'] = user;
  else if (user !== undefined) tests.push((row) => fits(user, userOf(row), row.userName));
  if (nas !== undefined && !nas.includes('*')) search['nas'] = nas;
  else if (nas !== undefined) tests.push((row) => fits(nas, nasOf(row), row.nasIpAddress, row.packetSourceIp));
  if (source !== undefined && !READS.includes(source)) search['source'] = source;
  else if (source !== undefined) tests.push((row) => sourceOf(row).endsWith(` ${source}`));
  if (port !== undefined) tests.push((row) => fits(port, placeOf(row), row.nasPortId));
  if (age !== undefined) tests.push(isOlderThan(age));
  return { search, keep: (row) => tests.every((test) => test(row)), isWholeByApi: tests.length === 0 };
}

/** How a device's state was read: the page alone knows it. */
const READS: readonly string[] = ['store', 'live', 'stale', 'held'];

function isOlderThan(age: string): (row: DecisionRecord) => boolean {
  const least = seconds(age);
  return (row) => least !== undefined && (ageSecondsOf(row) ?? -1) >= least;
}

/** A part of one of the texts, in any case; stars are what they are elsewhere, and needless at the ends. */
function fits(wanted: string, ...texts: readonly (string | undefined)[]): boolean {
  const parts = wanted
    .toLowerCase()
    .split('*')
    .filter((part) => part !== '');
  return texts.some((text = '') => {
    let at = 0;
    for (const part of parts) {
      const found = text.toLowerCase().indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return true;
  });
}

const GUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Seconds of a length of time like `90s`, `15m`, `4h`, `2d`; `undefined` for another text. */
export function seconds(text: string): number | undefined {
  const match = /^(?<count>\d{1,6})\s*(?<unit>[smhd])$/i.exec(text.trim());
  const unit = { s: 1, m: 60, h: 3_600, d: 86_400 }[(match?.groups?.['unit'] ?? '').toLowerCase()];
  return unit === undefined ? undefined : Number(match?.groups?.['count']) * unit;
}
