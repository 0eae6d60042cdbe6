// How many jobs share one pass of the outbox.

import { expect, test } from 'vitest';
import { EagerPump } from '../../../shared/enforcement/eager-pump.ts';

/** Passes that end when the test says so. */
function passes() {
  const open: (() => void)[] = [];
  let begun = 0;
  const pump = new EagerPump(() => {
    begun += 1;
    return new Promise<void>((resolve) => open.push(resolve));
  });
  const endPass = async (): Promise<void> => {
    open.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { pump, endPass, begun: () => begun };
}

test('the first job has its pass at once, and what comes meanwhile shares the next one', async () => {
  const { pump, endPass, begun } = passes();
  pump.add(1);
  expect(begun()).toBe(1);
  for (let job = 0; job < 20; job++) pump.add(1);
  expect(begun()).toBe(1);
  await endPass();
  expect(begun()).toBe(2);
});

test('a few more jobs wait for others, at most until the end', async () => {
  const { pump, endPass, begun } = passes();
  pump.add(100);
  await endPass();
  pump.add(49);
  expect(begun()).toBe(1);
  const flushed = pump.flush();
  expect(begun()).toBe(2);
  await endPass();
  await flushed;
  await pump.flush();
  expect(begun()).toBe(2);
});

test('however many jobs there are, passes are few', async () => {
  const { pump, endPass, begun } = passes();
  for (let job = 0; job < 10_000; job++) {
    pump.add(1);
    if (job % 10 === 0) await endPass();
  }
  expect(begun()).toBeLessThan(30);
});

test('the end waits for a pass under way and for those who came during it', async () => {
  const { pump, endPass, begun } = passes();
  pump.add(1);
  pump.add(1);
  const flushed = pump.flush();
  await endPass();
  await endPass();
  await flushed;
  expect(begun()).toBe(2);
});
