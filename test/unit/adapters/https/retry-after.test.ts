// The header Retry-After in seconds and as a date (RFC 9110, section 10.2.3).

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clockOfAnswer, parseRetryAfter } from '../../../../shared/adapters/https/retry-after.ts';

const NOW = new Date('2026-11-20T10:00:00Z');
const HOUR = 3_600_000;

describe('Retry-After', () => {
  test.each([
    ['0', 0],
    ['5', 5_000],
    [' 120 ', 120_000],
    ['2.128', 2_128],
    ['0.5', 500],
    ['Fri, 20 Nov 2026 10:01:30 GMT', 90_000],
    ['Friday, 20-Nov-26 10:01:30 GMT', 90_000],
  ])('"%s" is a wait of %i ms', (header, wait) => {
    expect(parseRetryAfter(header, NOW)).toBe(wait);
  });

  test('that is over already means no wait', () => {
    expect(parseRetryAfter('Fri, 20 Nov 2026 09:00:00 GMT', NOW)).toBe(0);
  });

  test.each(['3601', '999999', 'Sat, 21 Nov 2026 10:00:00 GMT'])('"%s" is too long: an hour is enough', (header) => {
    expect(parseRetryAfter(header, NOW)).toBe(HOUR);
  });

  test.each([undefined, '', '  ', 'soon', '5 seconds', 'PT5S', '-5', '5, 5', 'NaN', 'Infinity'])(
    '%j makes no sense, so the connector’s own backoff counts',
    (header) => {
      expect(parseRetryAfter(header, NOW)).toBeUndefined();
    },
  );

  test('never makes it fail or wait longer than an hour', () => {
    const unit = fc.constantFrom(...'0123456789 ,:;-+.eETZ', 'GMT', 'Fri', 'Nov', '\0', 'é', '\ud800');
    const written = fc.string({ unit, maxLength: 12 });
    fc.assert(
      fc.property(written, (header) => {
        const wait = parseRetryAfter(header, NOW) ?? 0;
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThanOrEqual(HOUR);
      }),
      { numRuns: 10_000 },
    );
  });
});

describe('the clock of an answer', () => {
  test('is its Date, whatever ours says: a wait of ninety seconds stays one', () => {
    const at = clockOfAnswer({ date: 'Fri, 20 Nov 2026 11:00:00 GMT' }, NOW);
    expect(parseRetryAfter('Fri, 20 Nov 2026 11:01:30 GMT', at)).toBe(90_000);
  });

  test.each([{}, { date: '' }, { date: 'soon' }])('is ours when there is none: %j', (headers) => {
    expect(clockOfAnswer(headers, NOW)).toBe(NOW);
  });
});
