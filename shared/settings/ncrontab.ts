// Whether a timer's schedule is one that Azure takes. The host lets a function with another one lie, and starts the
// rest of the app: no poll, and no alert but the one that misses it.

interface Field {
  readonly least: number;
  readonly most: number;
  readonly names?: string;
}

const MONTHS = 'january february march april may june july august september october november december';
const DAYS = 'sunday monday tuesday wednesday thursday friday saturday';

/** Second, minute, hour, day, month, day of the week. */
const FIELDS: readonly Field[] = [
  { least: 0, most: 59 },
  { least: 0, most: 59 },
  { least: 0, most: 23 },
  { least: 1, most: 31 },
  { least: 1, most: 12, names: MONTHS },
  { least: 0, most: 6, names: DAYS },
];

/**
 * Six fields of NCRONTAB: `*`, numbers, names of months and days (whole, or three letters), ranges, steps, lists of
 * them. The week has no day 7, and the letters of other crons (`L`, `W`, `#`, `?`) mean nothing. Source:
 * https://github.com/atifaziz/NCrontab, CrontabFieldImpl.cs.
 */
export function isNcrontab(schedule: string): boolean {
  const parts = schedule.trim().split(/\s+/);
  return parts.length === FIELDS.length && FIELDS.every((field, i) => isField(field, parts[i] ?? ''));
}

function isField(field: Field, text: string): boolean {
  return text.split(',').every((item) => {
    const [, first, last, step] = /^(\*|\w{1,9})(?:-(\w{1,9}))?(?:\/0*([1-9]\d?))?$/.exec(item) ?? [];
    if (first === undefined || (step === undefined && item.includes('/'))) return false;
    if (first === '*') return last === undefined;
    const from = numberOf(field, first);
    const to = last === undefined ? from : numberOf(field, last);
    return from !== undefined && to !== undefined && from <= to;
  });
}

function numberOf({ least, most, names = '' }: Field, text: string): number | undefined {
  const word = text.toLowerCase();
  const place = names.split(' ').findIndex((name) => name !== '' && (name === word || name.slice(0, 3) === word));
  if (place >= 0) return place + least;
  const value = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  return value >= least && value <= most ? value : undefined;
}
