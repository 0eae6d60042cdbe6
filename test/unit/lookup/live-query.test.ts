// The live query by the count of its questions: time is what the test says it is.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { createUnknownDevicesCache } from '../../../shared/adapters/memory/unknown-devices-cache.ts';
import { parseDuration } from '../../../shared/duration.ts';
import { SourceError } from '../../../shared/errors.ts';
import { LiveQuery } from '../../../shared/lookup/live-query.ts';
import type { CallOptions } from '../../../shared/ports/call-options.ts';
import type { Clock } from '../../../shared/ports/clock.ts';
import type { RetrievedCompliance } from '../../../shared/ports/compliance-retrieval.ts';
import { SETTINGS } from '../../../shared/settings/settings-table.ts';
import { readSettings } from '../../../shared/settings.ts';

const MINUTE_MS = 60_000;

/** A clock whose deadlines pass when the test lets time pass. */
function manualClock(): Clock & { advance(milliseconds: number): void } {
  let now = Date.parse('2026-11-20T10:00:00Z');
  const deadlines: { at: number; controller: AbortController }[] = [];
  return {
    now: () => new Date(now),
    deadline(milliseconds) {
      const controller = new AbortController();
      deadlines.push({ at: now + milliseconds, controller });
      return controller.signal;
    },
    within(milliseconds, work) {
      return work(this.deadline(milliseconds));
    },
    advance(milliseconds) {
      now += milliseconds;
      for (const { at, controller } of deadlines) if (at <= now) controller.abort();
    },
  };
}

type Answer = 'known' | 'unknown' | 'hangs' | SourceError;

let clock: ReturnType<typeof manualClock>;
let asked: string[];
let counts: Map<string, number>;
let answer: Answer;

beforeEach(() => {
  clock = manualClock();
  asked = [];
  counts = new Map();
  answer = 'known';
});

function liveQuery(perSecond = 1000): LiveQuery {
  const readByDeviceId = async (id: string, _: CallOptions): Promise<RetrievedCompliance> => {
    asked.push(id);
    if (answer instanceof SourceError) throw answer;
    // Deaf to every signal: a step below it may be, and the deadline must hold all the same.
    if (answer === 'hangs') return new Promise<RetrievedCompliance>(() => undefined);
    const requestedAt = clock.now().toISOString();
    return { requestedAt, ...(answer === 'known' && { device: { id, compliant: true } }) };
  };
  const metrics = { count: (name: string, by = 1) => void counts.set(name, (counts.get(name) ?? 0) + by) };
  const unknown = createUnknownDevicesCache();
  return new LiveQuery(
    { verdicts: { readByDeviceId }, isDeviceId: () => true, unknown, clock, metrics },
    { deadlineMs: 400, perSecond },
  );
}

const unavailable = (code: 'NAC_SOURCE_UNAVAILABLE' | 'NAC_SOURCE_RECORD' = 'NAC_SOURCE_UNAVAILABLE') =>
  new SourceError(code, 'no', { action: 'none' });

describe('a live query', () => {
  test('says what Intune says', async () => {
    expect((await liveQuery().read('a', {}))?.device).toEqual({ id: 'a', compliant: true });
  });

  test('is one for all who ask about the same device at once', async () => {
    const live = liveQuery();
    const readings = await Promise.all(Array.from({ length: 20 }, () => live.read('a', {})));
    expect(asked).toEqual(['a']);
    expect(readings.every((reading) => reading?.device?.compliant)).toBe(true);
    await live.read('a', {});
    expect(asked).toEqual(['a', 'a']);
  });

  test('is not asked again for ten minutes about a device Intune did not know', async () => {
    const live = liveQuery();
    answer = 'unknown';
    expect((await live.read('a', {}))?.device).toBeUndefined();
    clock.advance(10 * MINUTE_MS - 1);
    expect(await live.read('a', {})).toBeUndefined();
    expect(asked).toEqual(['a']);
    clock.advance(1);
    answer = 'known';
    expect((await live.read('a', {}))?.device).toBeDefined();
  });

  test('that gets no answer ends at its deadline, and remembers nothing', async () => {
    const live = liveQuery();
    answer = 'hangs';
    let ended = false;
    const reading = live.read('a', {}).finally(() => {
      ended = true;
    });
    clock.advance(399);
    await Promise.resolve();
    expect(ended).toBe(false);
    clock.advance(1);
    expect(await reading).toBeUndefined();
    answer = 'known';
    expect((await live.read('a', {}))?.device).toBeDefined();
  });

  test('ends sooner when the lookup has no more time', async () => {
    const lookup = new AbortController();
    answer = 'hangs';
    const reading = liveQuery().read('a', { signal: lookup.signal });
    lookup.abort();
    expect(await reading).toBeUndefined();
  });

  test('over its share is not asked, and waits for nothing', async () => {
    const live = liveQuery(2);
    answer = 'unknown';
    const ids = Array.from({ length: 100 }, (_, index) => `device-${index}`);
    await Promise.all(ids.map((id) => live.read(id, {})));
    expect(asked).toHaveLength(2);
    clock.advance(1000);
    await Promise.all(ids.map((id) => live.read(id, {})));
    expect(asked).toHaveLength(4);
  });

  test('with a share of less than one a second is asked now and then', async () => {
    const live = liveQuery(0.25);
    for (let second = 0; second < 40; second++) {
      await live.read(`device-${second}`, {});
      clock.advance(1000);
    }
    expect(asked).toHaveLength(10);
  });
});

describe('one client', () => {
  test('that asks about made-up devices leaves the others their questions, at once and for as long as it goes on', async () => {
    const live = liveQuery(8);
    const [flooding, other] = [live.of('flooding'), live.of('other')];
    answer = 'unknown';
    let own = 0;
    for (let second = 0; second < 60; second++) {
      await Promise.all(Array.from({ length: 200 }, (_, index) => flooding.read(`made-up-${second}-${index}`, {})));
      for (const id of [`new-${second}-a`, `new-${second}-b`]) {
        await other.read(id, {});
        own += Number(asked.includes(id));
      }
      clock.advance(1000);
    }
    expect(own).toBe(2 * 60);
    expect(asked.length - own).toBe(6 * 60);
  });

  test('alone has no more than its share either; another question about the same device costs nothing', async () => {
    const live = liveQuery(8);
    await Promise.all(Array.from({ length: 20 }, (_, index) => live.of('a').read(`device-${index}`, {})));
    expect(asked).toHaveLength(6);
    clock.advance(1000);
    asked.length = 0;
    await Promise.all(Array.from({ length: 20 }, () => live.of('a').read('device', {})));
    expect(asked).toEqual(['device']);
  });
});

describe('an Intune that is away', () => {
  test('is left alone for ten seconds after five questions without answer', async () => {
    const live = liveQuery();
    answer = 'hangs';
    for (let second = 0; second < 60; second++) {
      const readings = Array.from({ length: 200 }, (_, index) => live.read(`device-${second}-${index}`, {}));
      clock.advance(400);
      expect(await Promise.all(readings)).toEqual(Array.from({ length: 200 }, () => undefined));
      clock.advance(600);
    }
    // 200 in each of six tries; a share would make it fewer still.
    expect(asked.length).toBeLessThanOrEqual(6 * 200);
    expect(counts.get('lookup.live-query-paused')).toBeGreaterThan(0);
  });

  test('is asked on once it answers again', async () => {
    const live = liveQuery();
    answer = unavailable();
    for (let index = 0; index < 10; index++) await live.read(`device-${index}`, {});
    expect(asked).toHaveLength(5);
    clock.advance(10_000);
    answer = 'known';
    for (let index = 0; index < 10; index++) expect((await live.read('a', {}))?.device).toBeDefined();
  });

  test('is not away because of one device it cannot describe', async () => {
    const live = liveQuery();
    answer = unavailable('NAC_SOURCE_RECORD');
    for (let index = 0; index < 10; index++) expect(await live.read('odd', {})).toBeUndefined();
    expect(asked).toHaveLength(10);
  });

  test('does not fill the log', async () => {
    const live = liveQuery();
    answer = unavailable();
    for (let index = 0; index < 1000; index++) await live.read(`device-${index}`, {});
    expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBe(1);
    clock.advance(10_001);
    await live.read('b', {});
    expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBe(1001);
  });
});

describe('the time a RADIUS server has', () => {
  const sample = readFileSync(join(import.meta.dirname, '../../../infra/freeradius/nac.env.example'), 'utf8');
  const totalTimeoutMs = Number(/^NAC_TOTAL_TIMEOUT=([\d.]+)$/m.exec(sample)?.[1]) * 1000;
  /** What is left for authentication, the session row (a second by default) and the way there and back. */
  const RESERVE_MS = 1_900;

  test('leaves 1.9 s beside the longest live query, by default and by any setting', () => {
    expect(parseDuration(SETTINGS.LIVE_QUERY_DEADLINE.default)).toBeLessThanOrEqual(totalTimeoutMs - RESERVE_MS);
    const least = {
      ENTRA_TENANT_ID: '11111111-0000-4000-8000-000000000000',
      ENTRA_CLIENT_ID: '22222222-0000-4000-8000-000000000000',
      ENTRA_CLIENT_SECRET: 'x',
      StorageConnection__tableServiceUri: 'https://nac.table.core.windows.net',
    };
    const allowed = readSettings({ ...least, LIVE_QUERY_DEADLINE: `${totalTimeoutMs - RESERVE_MS}ms` });
    expect(allowed.liveQuery.deadlineMs).toBe(totalTimeoutMs - RESERVE_MS);
    expect(() => readSettings({ ...least, LIVE_QUERY_DEADLINE: `${totalTimeoutMs - RESERVE_MS + 1}ms` })).toThrow(
      'LIVE_QUERY_DEADLINE',
    );
  });

  test('is longer than a lookup may wait for store and Intune together, with the session written', () => {
    const LONGEST_SESSION_WRITE_MS = 1_500;
    const lookupMs = Number(parseDuration(SETTINGS.LOOKUP_DEADLINE.default));
    expect(lookupMs + LONGEST_SESSION_WRITE_MS).toBeLessThan(totalTimeoutMs);
  });
});
