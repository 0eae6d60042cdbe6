// The filters of the list of decisions: which of them the API answers, and which the page looks for itself.

import type { FilterNames, Filters } from '../../lists/filters-in-address.ts';
import {
  ageSecondsOf,
  assuranceOf,
  deviceOf,
  identityOf,
  macOf,
  nasOf,
  placeOf,
  sourceOf,
  userOf,
} from './decision-columns.ts';
import type { DecisionRow } from './decision-row.ts';

const BY_THE_API = ['since', 'until', 'site', 'session', 'decision', 'role', 'rule', 'policy', 'standing'] as const;
const BY_THE_PAGE = ['nas', 'port', 'method', 'identity', 'assurance', 'source', 'age'] as const;
const EITHER = ['device', 'mac', 'user'] as const;

export type DecisionFilter =
  | (typeof BY_THE_API)[number]
  | 'observed'
  | (typeof BY_THE_PAGE)[number]
  | (typeof EITHER)[number];
export type DecisionFilters = Filters<DecisionFilter>;

/** A name of a device or a person and a station's address belong into no URL, which logs keep. */
export const DECISION_FILTERS: FilterNames<DecisionFilter> = {
  open: [...BY_THE_API, 'observed', ...BY_THE_PAGE],
  personal: EITHER,
};

/** What the list shows where the address says nothing; also what the API takes then. */
export const USUAL_SINCE = '24h';

export interface SplitFilters {
  /** Body of POST /api/decisions/search. */
  readonly search: Readonly<Record<string, string>>;
  /** Whether a decision is one of those that are looked for, as far as the API cannot say. */
  readonly keep: (row: DecisionRow) => boolean;
  /** Whether the API leaves anything to the page. */
  readonly isWholeByApi: boolean;
}

export function splitFilters(filters: DecisionFilters): SplitFilters {
  const search: Record<string, string> = { since: USUAL_SINCE };
  for (const name of [...BY_THE_API, 'observed'] as const) {
    const value = filters[name];
    if (value !== undefined) search[name] = value;
  }
  const tests: ((row: DecisionRow) => boolean)[] = [];
  for (const name of BY_THE_PAGE) {
    const value = filters[name];
    if (value !== undefined) tests.push(TESTS[name](value));
  }
  const { device, mac, user } = filters;
  if (device !== undefined) {
    // The API takes an id alone.
    if (GUID.test(device)) search['device'] = device;
    else tests.push((row) => includes(deviceOf(row), device) || includes(row.decision.device?.id ?? '', device));
  }
  if (mac !== undefined) {
    const digits = macDigits(mac);
    // It stores no random address with the decision.
    if (digits.length === 12 && !isRandom(digits)) search['mac'] = digits;
    else tests.push((row) => digits !== '' && macOf(row).includes(digits));
  }
  if (user !== undefined) {
    // The API takes a whole name alone; a part of one is looked for here.
    if (/[@\\/]/.test(user)) search['user'] = user;
    else tests.push((row) => includes(userOf(row), user) || includes(row.userName ?? '', user));
  }
  return { search, keep: (row) => tests.every((test) => test(row)), isWholeByApi: tests.length === 0 };
}

const GUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

const TESTS: Record<(typeof BY_THE_PAGE)[number], (value: string) => (row: DecisionRow) => boolean> = {
  nas: (value) => (row) =>
    [nasOf(row), row.nasIpAddress, row.nasIpv6Address, row.packetSourceIp].some((text = '') => includes(text, value)),
  port: (value) => (row) => [placeOf(row), row.nasPortId].some((text = '') => includes(text, value)),
  method: (value) => (row) =>
    row.method === value || (row.decision.facts?.methods ?? []).some((word) => word === value),
  identity: (value) => (row) => identityOf(row) === value,
  assurance: (value) => (row) => assuranceOf(row) === value,
  source: (value) => (row) => sourceOf(row).split(' ').includes(value.toLowerCase()),
  age: (value) => {
    const least = seconds(value);
    return (row) => least !== undefined && (ageSecondsOf(row) ?? -1) >= least;
  },
};

/** Seconds of a length of time like `90s`, `15m`, `4h`, `2d`; `undefined` for another text. */
export function seconds(text: string): number | undefined {
  const match = /^(?<count>\d{1,6})\s*(?<unit>[smhd])$/i.exec(text.trim());
  const unit = { s: 1, m: 60, h: 3_600, d: 86_400 }[(match?.groups?.['unit'] ?? '').toLowerCase()];
  return unit === undefined ? undefined : Number(match?.groups?.['count']) * unit;
}

/** Hexadecimal digits of an address or a part of one, in any notation. */
export function macDigits(text: string): string {
  return text
    .toLowerCase()
    .replace(/^0x/, '')
    .replace(/[^0-9a-f]/g, '');
}

/** The U/L bit of the first octet (IEEE 802c). */
function isRandom(digits: string): boolean {
  return (Number.parseInt(digits.slice(0, 2), 16) & 0b10) !== 0;
}

function includes(text: string, part: string): boolean {
  return text.toLowerCase().includes(part.toLowerCase());
}
