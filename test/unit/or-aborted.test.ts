// A wait that a signal bounds leaves nothing behind while the signal lives.

import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { orAborted } from '../../shared/or-aborted.ts';

describe('a wait bounded by a signal', () => {
  test('brings what comes first: the value, the failure, or nothing', async () => {
    const ends = new AbortController();
    expect(await orAborted(Promise.resolve('page'), ends.signal)).toBe('page');
    expect(await orAborted(Promise.resolve('page'), undefined)).toBe('page');
    await expect(orAborted(Promise.reject(new Error('away')), ends.signal)).rejects.toThrow('away');
    const waits = orAborted(new Promise(() => undefined), ends.signal);
    ends.abort();
    expect(await waits).toBeUndefined();
    expect(await orAborted(new Promise(() => undefined), ends.signal)).toBeUndefined();
    expect(await orAborted(Promise.reject(new Error('too late')), ends.signal)).toBeUndefined();
  });

  test('keeps no value, and no listener, for as long as the signal lives', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const { signal } = new AbortController();
    const seen: WeakRef<object>[] = [];
    for (let index = 0; index < 50; index++) {
      const page = await orAborted(Promise.resolve({ records: new Array(1_000) }), signal);
      if (page !== undefined) seen.push(new WeakRef(page));
    }
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    expect(seen.filter((page) => page.deref() !== undefined).length).toBeLessThan(3);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
