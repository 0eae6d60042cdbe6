// The filters of GET /api/jobs.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readJobQuery } from '../../../shared/enforcement/read-job-query.ts';
import { RequestError } from '../../../shared/errors.ts';

const NOW = '2026-11-20T12:00:00.000Z';
const read = (query: string) => readJobQuery(new URLSearchParams(query), NOW);

test('nothing given is the newest hundred jobs of all sites', () => {
  expect(read('')).toEqual({ notEnforced: false, limit: 100 });
});

test('every filter is read', () => {
  const query = 'site=hq&stage=refused&device=D&session=S&notEnforced=true&limit=5&after=8204776547116-ab-v2';
  expect(read(query)).toEqual({
    site: 'hq',
    stage: 'refused',
    deviceId: 'D',
    sessionId: 'S',
    notEnforced: true,
    limit: 5,
    after: '8204776547116-ab-v2',
  });
});

test('since is a moment, or how long ago', () => {
  const since = (text: string) => read(`since=${encodeURIComponent(text)}`).since;
  expect(since('90m')).toBe('2026-11-20T10:30:00.000Z');
  expect(since('7d')).toBe('2026-11-13T12:00:00.000Z');
  expect(since('2026-11-20')).toBe('2026-11-20T00:00:00.000Z');
  expect(since('2026-11-20T08:00:00Z')).toBe('2026-11-20T08:00:00.000Z');
  expect(since('2026-11-20T08:00:00.250Z')).toBe('2026-11-20T08:00:00.250Z');
});

describe('what cannot be meant is refused, and named', () => {
  test.each([
    ['stage', 'stage=done'],
    ['since', 'since=yesterday'],
    ['since', 'since=2026-13-45'],
    ['since', 'since=5'],
    ['since', 'since=999999d'],
    ['notEnforced', 'notEnforced=yes'],
    ['limit', 'limit=0'],
    ['limit', 'limit=1001'],
    ['limit', 'limit=ten'],
    ['after', "after=x' or '1"],
    ['state', 'state=refused'],
    ['site', 'site=hq&site=branch'],
  ])('%s in %s', (field, query) => {
    expect(() => read(query)).toThrow(expect.objectContaining({ code: 'NAC_REQUEST_FIELD', status: 400, field }));
  });

  test('whatever is sent', () => {
    fc.assert(
      fc.property(fc.constantFrom('since', 'after', 'limit', 'stage'), fc.string(), (name, value) => {
        try {
          const { since, limit } = readJobQuery([[name, value]], NOW);
          expect(limit).toBeGreaterThan(0);
          if (since !== undefined) expect(new Date(since).toISOString()).toBe(since);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(RequestError);
        }
      }),
      { numRuns: 10_000 },
    );
  });
});
