// Ages in steps: counters for the steps give percentiles, where a histogram keeps only sum, count, least and most.

const MINUTE_MS = 60_000;

const STEPS = [
  ['1m', MINUTE_MS],
  ['5m', 5 * MINUTE_MS],
  ['15m', 15 * MINUTE_MS],
  ['30m', 30 * MINUTE_MS],
  ['1h', 60 * MINUTE_MS],
  ['2h', 120 * MINUTE_MS],
  ['4h', 240 * MINUTE_MS],
  ['8h', 480 * MINUTE_MS],
  ['1d', 1440 * MINUTE_MS],
] as const;

/** The longest age of each step; `more` is beyond them. */
export const AGE_BUCKETS = [...STEPS.map(([name]) => name), 'more'] as const;
export type AgeBucket = (typeof AGE_BUCKETS)[number];

export function ageBucket(ageMs: number): AgeBucket {
  return STEPS.find(([, mostMs]) => ageMs <= mostMs)?.[0] ?? 'more';
}
