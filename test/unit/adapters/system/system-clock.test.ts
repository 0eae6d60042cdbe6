// Deadlines of the system's clock.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../../../shared/adapters/system/system-clock.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('work within a deadline hears when it has passed', async () => {
  const work = systemClock.within(3000, async (deadline) => {
    await new Promise((resolve) => deadline.addEventListener('abort', resolve, { once: true }));
    return deadline.reason;
  });
  await vi.advanceTimersByTimeAsync(2999);
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(await work).toMatchObject({ name: 'TimeoutError' });
});

test.each([
  ['is done', async () => 'done', 'done'],
  ['fails', async () => Promise.reject(new Error('no')), new Error('no')],
  [
    'fails at once',
    () => {
      throw new Error('no');
    },
    new Error('no'),
  ],
])('nothing is left of a deadline when its work %s', async (_what, work: () => Promise<string>, outcome) => {
  let seen: AbortSignal | undefined;
  const result = systemClock.within(3000, (deadline) => {
    seen = deadline;
    return work();
  });
  expect(await result.catch((thrown) => thrown)).toEqual(outcome);
  expect(vi.getTimerCount()).toBe(0);
  await vi.advanceTimersByTimeAsync(3000);
  expect(seen?.aborted).toBe(false);
});
