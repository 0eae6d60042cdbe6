// Questions of people have places of their own: more of them wait, and then are refused with an instruction.

import { expect, test } from 'vitest';
import { QUERY_LIMITS, type QueryLimits, QuerySlots } from '../../../shared/console/query-slots.ts';
import { clockOf, VirtualTime } from '../../simulation/virtual-time.ts';

const LIMITS = { atOnce: 2, ofOne: 2, waiting: 1, waitingOfOne: 1, waitMs: 1_000, deadlineMs: 5_000 };
const ONE = 'anna';

function slots(limits: QueryLimits = LIMITS) {
  const time = new VirtualTime(Date.UTC(2026, 10, 30));
  const clock = clockOf(
    (milliseconds, ring) => time.after(milliseconds, ring),
    () => time.now,
    () => 0,
  );
  return { time, slots: new QuerySlots(clock, limits) };
}

test('two are worked on, the third waits for a place, the fourth is refused', async () => {
  const { slots: places } = slots();
  const work = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  const first = work.map(({ promise }) => places.run(ONE, () => promise));
  let begun = false;
  const third = places.run(ONE, async () => {
    begun = true;
    return 'third';
  });
  await expect(places.run(ONE, async () => 'fourth')).rejects.toMatchObject({
    status: 429,
    code: 'NAC_QUERIES_BUSY',
    retryAfterSeconds: 5,
  });
  expect(begun).toBe(false);
  work[0]?.resolve('first');
  expect(await third).toBe('third');
  work[1]?.reject(new Error('it failed'));
  await expect(first[1]).rejects.toThrow('it failed');
  expect(await places.run(ONE, async () => 'there is room again')).toBe('there is room again');
});

test('the one that waits too long is refused, and so is an answer that takes too long', async () => {
  const { time, slots: places } = slots();
  const never = [1, 2].map(() => places.run(ONE, () => new Promise(() => {})));
  const refused = never.map((each) => expect(each).rejects.toMatchObject({ status: 503, code: 'NAC_QUERY_TIMEOUT' }));
  const waiting = expect(places.run(ONE, async () => 'late')).rejects.toMatchObject({ code: 'NAC_QUERIES_BUSY' });
  await time.runUntil(time.now + 10_000);
  await Promise.all([...refused, waiting]);
  // What was begun keeps its place until it ends.
  const again = expect(places.run(ONE, async () => 'again')).rejects.toMatchObject({ code: 'NAC_QUERIES_BUSY' });
  await time.runUntil(time.now + 2_000);
  await again;
});

test('one who asks for a lot leaves places, and room to wait, for all others', async () => {
  const { slots: places } = slots(QUERY_LIMITS);
  const slow = Promise.withResolvers<void>();
  const searches = Array.from({ length: 30 }, () => places.run('anna', () => slow.promise));
  const ends = Promise.allSettled(searches);
  // Of the two that run and the twelve that wait, none keeps an other asker out.
  const others = ['olga', 'ada', 'sam'].map((asker) => places.run(asker, async () => asker));
  expect(await Promise.all(others)).toEqual(['olga', 'ada', 'sam']);
  slow.resolve();
  const results = await ends;
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(14);
});

test('a place that one gives back goes to another who waits, not to the next search of the same', async () => {
  const { slots: places } = slots({ ...LIMITS, ofOne: 1, waiting: 9, waitingOfOne: 9 });
  const [mine, yours] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const begun: string[] = [];
  const ask = (asker: string, name: string, until: Promise<void>) =>
    places.run(asker, async () => {
      begun.push(name);
      await until;
    });
  const all = [ask('anna', 'anna 1', mine.promise), ask('olga', 'olga 1', yours.promise)];
  all.push(ask('anna', 'anna 2', mine.promise), ask('ada', 'ada 1', mine.promise));
  yours.resolve();
  await all[1];
  expect(begun).toEqual(['anna 1', 'olga 1', 'ada 1']);
  mine.resolve();
  await Promise.all(all);
  expect(begun).toEqual(['anna 1', 'olga 1', 'ada 1', 'anna 2']);
});
