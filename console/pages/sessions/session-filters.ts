// The filters of the list of sessions: which of them the API answers, and which the page looks for itself.

import type { ShownSession } from '../../../shared/http/schemas/session.ts';
import type { FilterNames, Filters } from '../../lists/filters-in-address.ts';
import { macPart } from '../../lists/mac-part.ts';

const BY_THE_API = ['site', 'notEnforced', 'live'] as const;
const BY_THE_PAGE = ['session', 'proof', 'nas', 'rule'] as const;
const PERSONAL = ['station', 'user'] as const;

export type SessionFilter = (typeof BY_THE_API)[number] | (typeof BY_THE_PAGE)[number] | (typeof PERSONAL)[number];
export type SessionFilters = Filters<SessionFilter>;
export const SESSION_FILTERS: FilterNames<SessionFilter> = {
  open: [...BY_THE_API, ...BY_THE_PAGE],
  personal: PERSONAL,
};

export interface SplitSessionFilters {
  /** Query of GET /api/sessions, without the page's mark and limit. */
  readonly query: Readonly<Record<string, string>>;
  readonly keep: (session: ShownSession) => boolean;
  readonly isWholeByApi: boolean;
}

export function splitSessionFilters(filters: SessionFilters): SplitSessionFilters {
  const query: Record<string, string> = {};
  for (const name of BY_THE_API) {
    const value = filters[name];
    if (value !== undefined) query[name] = value;
  }
  const { session, proof, nas, rule, station, user } = filters;
  const keep = (row: ShownSession): boolean =>
    (proof === undefined || row.proof === proof) &&
    (session === undefined || row.id === session) &&
    fits(nas, row.nasIdentifier, row.nasIpAddress, row.nasIpv6Address, row.packetSourceIp) &&
    fits(rule, row.answer.rule, row.wanted?.rule) &&
    fits(user, row.userName) &&
    (fits(station, row.deviceName, row.device?.id) || holdsMac(row, station));
  const isWholeByApi = [...BY_THE_PAGE, ...PERSONAL].every((name) => filters[name] === undefined);
  return { query, keep, isWholeByApi };
}

/** Hexadecimal digits of a session's id. */
const ID_DIGITS = 20;

/** @returns the greatest id that is less than this one; nothing for what is no id of a session, and for the least one */
export function idBefore(id: string): string | undefined {
  if (!/^[0-9a-f]{20}$/.test(id)) return undefined;
  const number = BigInt(`0x${id}`);
  return number === 0n ? undefined : (number - 1n).toString(16).padStart(ID_DIGITS, '0');
}

function fits(part: string | undefined, ...texts: readonly (string | undefined)[]): boolean {
  if (part === undefined) return true;
  return texts.some((text = '') => text.toLowerCase().includes(part.toLowerCase()));
}

function holdsMac({ mac }: ShownSession, station = ''): boolean {
  const digits = macPart(station);
  return digits !== undefined && mac?.includes(digits) === true;
}
