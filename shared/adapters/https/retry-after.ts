// Reads a Retry-After header: seconds, whole or with a fraction (Graph sends `2.128`), or a date (RFC 9110 10.2.3).

const HOUR_MS = 3_600_000;

/** Milliseconds to wait, by default at most an hour; `undefined` when the header is missing or makes no sense. */
export function parseRetryAfter(
  header: string | undefined,
  now: Date = new Date(),
  longestMs: number = HOUR_MS,
): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d{1,6}(\.\d+)?$/.test(text)) return bounded(Number(text) * 1000, longestMs);
  // An HTTP date starts with the day of the week; Date.parse alone would also make a date of `-5`.
  const date = /^[a-z]{3,9},? /i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : bounded(date - now.getTime(), longestMs);
}

function bounded(milliseconds: number, longestMs: number): number {
  return Math.min(Math.max(0, Math.ceil(milliseconds)), longestMs);
}

/**
 * The time on the clock that a `Retry-After` date was read from: that of the answer's own `Date` (RFC 9110 6.6.1),
 * since the sender's clock and ours may be apart; ours where it gives none.
 */
export function clockOfAnswer(headers: Readonly<Record<string, string>>, now: Date = new Date()): Date {
  const date = Date.parse(headers['date'] ?? '');
  return Number.isNaN(date) ? now : new Date(date);
}
