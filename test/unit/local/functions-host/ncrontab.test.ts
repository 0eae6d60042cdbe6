// Schedules of timers, as NCRONTAB writes them.

import { describe, expect, test } from 'vitest';
import { parseNcrontab } from '../../../../local/functions-host/ncrontab.ts';

describe('NCRONTAB schedules', () => {
  const after = (schedule: string, from: string) => parseNcrontab(schedule).next(new Date(from)).toISOString();

  test.each([
    ['*/5 * * * *', '2026-01-01T00:00:00Z', '2026-01-01T00:05:00.000Z'],
    ['30 5/10 * * * *', '2026-01-01T00:05:30Z', '2026-01-01T00:15:30.000Z'],
    ['0 0 9 * * Monday-Fri', '2026-01-02T09:00:00Z', '2026-01-05T09:00:00.000Z'],
    ['0 0 0 13 * 5', '2026-01-01T00:00:00Z', '2026-02-13T00:00:00.000Z'],
    ['0 0 0 29 Feb *', '2026-01-01T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['0 15,45 1-3/2 * * *', '2026-01-01T01:45:00Z', '2026-01-01T03:15:00.000Z'],
  ])('%s after %s', (schedule, from, next) => {
    expect(after(schedule, from)).toBe(next);
  });

  test.each([
    '',
    '60 * * * * *',
    '0 0 24 * * *',
    '0 0 0 0 * *',
    '0 0 0 * 13 *',
    '0 */0 * * * *',
    '0 5-3 * * * *',
    '0 0 0 ? * *',
    '0 0 0 * * 1#2',
    '* * * * * * *',
    '-1 * * * * *',
    '0 1,, * * * *',
  ])('rejects "%s"', (schedule) => {
    expect(() => parseNcrontab(schedule)).toThrow();
  });
});
