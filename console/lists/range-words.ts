// Time ranges of lists: as long as ago, or from one moment to another, typed in the reader's zone or in UTC.

export const RANGES: readonly (readonly [string, string])[] = [
  ['15m', 'Last 15 minutes'],
  ['1h', 'Last hour'],
  ['8h', 'Last 8 hours'],
  ['24h', 'Last 24 hours'],
  ['7d', 'Last 7 days'],
  ['30d', 'Last 30 days'],
];

/** @returns whether the API reads it as a moment, not as how long ago */
export function isMoment(value: string | undefined): value is string {
  return value !== undefined && /^\d{4}-/.test(value);
}

/**
 * @param typed value of a `datetime-local` field
 * @returns ISO 8601 in UTC; empty for what is no moment
 */
export function momentOfField(typed: string, zone: 'local' | 'utc'): string {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(typed)) return '';
  const at = new Date(zone === 'utc' ? `${typed}Z` : typed);
  return Number.isNaN(at.getTime()) ? '' : at.toISOString();
}

/** Value of a `datetime-local` field for a moment of the API; empty for what is none. */
export function fieldOfMoment(at: string | undefined, zone: 'local' | 'utc'): string {
  if (!isMoment(at)) return '';
  const moment = new Date(at);
  if (Number.isNaN(moment.getTime())) return '';
  const shifted = zone === 'utc' ? moment : new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}
