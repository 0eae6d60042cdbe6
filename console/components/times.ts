// Moments and spans in words: in the reader's zone or in UTC, as the switch in the header says.

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** @returns `2026-11-20 21:40:00 CET`; in UTC with `UTC` */
export function writeMoment(at: Date, zone: 'local' | 'utc', withSeconds = true): string {
  if (Number.isNaN(at.getTime())) return '–';
  const parts = new Intl.DateTimeFormat('en-GB', {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
    ...(zone === 'utc' && { timeZone: 'UTC' }),
  }).formatToParts(at);
  const part = (type: string): string => parts.find((each) => each.type === type)?.value ?? '';
  const clock = [part('hour'), part('minute'), ...(withSeconds ? [part('second')] : [])].join(':');
  return `${part('year')}-${part('month')}-${part('day')} ${clock} ${part('timeZoneName')}`;
}

/** @returns `12 s`, `3 min`, `2 h 5 min`, `4 d 3 h` */
export function writeSpan(ms: number): string {
  const size = Math.abs(ms);
  if (size < 1.5 * SECOND) return size < SECOND / 2 ? '0 s' : '1 s';
  if (size < MINUTE) return `${Math.round(size / SECOND)} s`;
  if (size < HOUR) return `${Math.floor(size / MINUTE)} min`;
  if (size < DAY) return both(size, HOUR, 'h', MINUTE, 'min');
  return both(size, DAY, 'd', HOUR, 'h');
}

function both(size: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((size % large) / small);
  const first = `${Math.floor(size / large)} ${largeUnit}`;
  return rest === 0 ? first : `${first} ${rest} ${smallUnit}`;
}

/** @returns `3 min ago`, `in 2 h` */
export function writeDistance(at: Date, now: Date): string {
  const ms = now.getTime() - at.getTime();
  if (Math.abs(ms) < 2 * SECOND) return 'just now';
  return ms > 0 ? `${writeSpan(ms)} ago` : `in ${writeSpan(ms)}`;
}
