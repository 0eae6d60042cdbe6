// Questions of people have places of their own: more of them wait, and then are refused with an instruction.

import { expect, test } from 'vitest';
import { QuerySlots } from '../../../shared/console/query-slots.ts';
import { clockOf, VirtualTime } from '../../simulation/virtual-time.ts';

const LIMITS = { atOnce: 2, waiting: 1, waitMs: 1_000, deadlineMs: 5_000 };

function slots() {
  const time = new VirtualTime(Date.UTC(2026, 10, 30));
  const clock = clockOf(
    (milliseconds, ring) => time.after(milliseconds, ring),
    () => time.now,
    () => 0,
  );
  return { time, slots: new QuerySlots(clock, LIMITS) };
}

test('two are worked on, the third waits for a place, the fourth is refused', async () => {
  const { slots: places } = slots();
  const work = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  const first = work.map(({ promise }) => places.run(() => promise));
  let begun = false;
  const third = places.run(async () => {
    begun = true;
    return 'third';
  });
  await expect(places.run(async () => 'fourth')).rejects.toMatchObject({
    status: 429,
    code: 'NAC_QUERIES_BUSY',
    retryAfterSeconds: 5,
  });
  expect(begun).toBe(false);
  work[0]?.resolve('first');
  expect(await third).toBe('third');
  work[1]?.reject(new Error('it failed'));
  await expect(first[1]).rejects.toThrow('it failed');
  expect(await places.run(async () => 'there is room again')).toBe('there is room again');
});

test('the one that waits too long is refused, and so is an answer that takes too long', async () => {
  const { time, slots: places } = slots();
  const never = [1, 2].map(() => places.run(() => new Promise(() => {})));
  const refused = never.map((each) => expect(each).rejects.toMatchObject({ status: 503, code: 'NAC_QUERY_TIMEOUT' }));
  const waiting = expect(places.run(async () => 'late')).rejects.toMatchObject({ code: 'NAC_QUERIES_BUSY' });
  await time.runUntil(time.now + 10_000);
  await Promise.all([...refused, waiting]);
  // What was begun keeps its place until it ends.
  const again = expect(places.run(async () => 'again')).rejects.toMatchObject({ code: 'NAC_QUERIES_BUSY' });
  await time.runUntil(time.now + 2_000);
  await again;
});
