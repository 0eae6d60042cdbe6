// The session loop with a queue and a clock in the hands of the test.

import { describe, expect, test } from 'vitest';
import { holdSessionLock, type JobSession, SERVICE_BUS_LOCK } from '../../../relay/hold-session-lock.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';
import { manualSendClock, settled } from './radius/manual-send-clock.ts';

const LOCK_MS = 30_000;

/** @param skew by how many milliseconds the clock of Service Bus is ahead of the relay's */
function start({ lock = LOCK_MS, skew = 0, answers = [] as ('taken' | Error)[] } = {}) {
  const clock = manualSendClock();
  const { logger, entries } = collectingLogger();
  const stop = new AbortController();
  const bench = {
    answers,
    asked: 0,
    renewals: 0,
    renewalFails: false,
    closed: 0,
    open: true,
    paused: false,
    states: [] as string[],
    lost: undefined as ((error: unknown) => void) | undefined,
    signal: undefined as AbortSignal | undefined,
    ended: false,
  };
  const until = () => new Date(clock.now().getTime() + skew + lock);
  const session = (): JobSession => ({
    lockedUntil: until(),
    get isOpen() {
      return bench.open;
    },
    async renew() {
      bench.renewals++;
      if (bench.renewalFails) throw new Error('no answer');
      return until();
    },
    receive(handle, lost) {
      bench.lost = lost;
      const nothing = async (): Promise<void> => undefined;
      void handle({ messageId: 'm', body: {}, complete: nothing, abandon: nothing, deadLetter: nothing });
    },
    async pause() {
      bench.paused = true;
    },
    async close() {
      bench.closed++;
    },
  });
  void holdSessionLock({
    queue: {
      async accept() {
        bench.asked++;
        const answer = bench.answers.shift();
        if (answer instanceof Error) throw answer;
        return answer ?? session();
      },
    },
    async handle(_, lost) {
      bench.signal = lost;
    },
    finish: async () => void expect(bench.paused).toBe(true),
    onState: (state) => void bench.states.push(state),
    clock,
    log: logger,
    random: () => 1,
    delays: { firstMs: 1000, longestMs: 8000 },
    standbyRetryMs: 2000,
    watchMs: 250,
    lock: SERVICE_BUS_LOCK,
    stop: stop.signal,
  }).then(() => {
    bench.ended = true;
  });
  return { bench, clock, entries, stop };
}

test('the lock is renewed without end', async () => {
  const { bench, clock } = start();
  await clock.advance(3_600_000);
  expect(bench.renewals).toBeGreaterThanOrEqual(3600 / 16);
  expect(bench.renewals).toBeLessThanOrEqual(3600 / 15);
  expect(bench.asked).toBe(1);
});

test('a standby asks every two seconds and works when the session is free', async () => {
  const { bench, clock } = start({ answers: ['taken', 'taken', 'taken'] });
  await clock.advance(4000);
  expect(bench.states.at(-1)).toBe('standby');
  await clock.advance(2001);
  expect(bench.states.at(-1)).toBe('active');
});

test('when the link is cut, sends end in the same turn, and the session is asked for again', async () => {
  const { bench, clock, entries } = start();
  await settled();
  bench.lost?.(new Error('cut'));
  expect(bench.signal?.aborted).toBe(true);
  await settled();
  expect(bench.closed).toBe(1);
  await clock.advance(1000);
  expect(bench.asked).toBe(2);
  expect(entries).toContainEqual(
    expect.objectContaining({
      event: 'relay.session-lost',
      fields: expect.objectContaining({ code: 'NAC_RELAY_SESSION_LOST' }),
    }),
  );
});

test('a link that closes without a word is noticed within a quarter of a second', async () => {
  const { bench, clock } = start();
  await settled();
  bench.open = false;
  await clock.advance(250);
  expect(bench.signal?.aborted).toBe(true);
});

test('a lock that cannot be renewed counts as lost just before it runs out', async () => {
  const { bench, clock } = start();
  await settled();
  bench.renewalFails = true;
  await clock.advance(LOCK_MS - 500);
  expect(bench.signal?.aborted).toBe(false);
  expect(bench.renewals).toBeGreaterThan(10);
  await clock.advance(499);
  expect(bench.signal?.aborted).toBe(true);
});

describe('a clock that differs from that of Service Bus', () => {
  test.each([3_600_000, 20_000, 5_000])('behind by %d ms: the lock counts as lost before it runs out', async (skew) => {
    const { bench, clock, entries } = start({ skew });
    await settled();
    bench.renewalFails = true;
    await clock.advance(LOCK_MS - 1);
    expect(bench.signal?.aborted).toBe(true);
    expect(entries.filter(({ event }) => event === 'relay.clock')).toMatchObject([
      { fields: { code: 'NAC_RELAY_CLOCK' } },
    ]);
  });

  test.each([-3_600_000, -27_500])('ahead by %d ms: renewals may be slow', async (skew) => {
    const { bench, clock, entries } = start({ skew });
    await settled();
    bench.renewalFails = true;
    await clock.advance(4_000);
    expect(bench.signal?.aborted).toBe(false);
    bench.renewalFails = false;
    await clock.advance(60_000);
    expect(bench.asked).toBe(1);
    expect(entries.filter(({ event }) => event === 'relay.clock')).toHaveLength(1);
  });

  test('by a second or two: not a word', async () => {
    const { entries } = start({ skew: 1_500 });
    await settled();
    expect(entries.map(({ event }) => event)).not.toContain('relay.clock');
  });

  test.each([-3_600_000, 3_600_000])('%d ms, and the shortest lock there is: it is renewed in time', async (skew) => {
    const { bench, clock } = start({ skew, lock: 5_000 });
    await clock.advance(4_999);
    expect(bench.renewals).toBeGreaterThan(0);
  });
});

test('Service Bus away: tries for ever, ever more slowly, up to a bound', async () => {
  const { bench, clock } = start({ answers: Array.from({ length: 50 }, () => new Error('away')) });
  await clock.advance(1000 + 2000 + 4000);
  expect(bench.asked).toBe(4);
  await clock.advance(80_000);
  expect(bench.asked).toBe(14);
  bench.answers.length = 0;
  await clock.advance(8000);
  expect(bench.states.at(-1)).toBe('active');
});

test('stop: no more messages, what is under way ends, the session goes back', async () => {
  const { bench, stop } = start();
  await settled();
  stop.abort();
  await settled();
  expect(bench).toMatchObject({ paused: true, closed: 1, ended: true });
  expect(bench.signal?.aborted).toBe(false);
});
