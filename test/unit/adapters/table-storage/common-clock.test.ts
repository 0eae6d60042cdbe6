// The clock of Table Storage, gone by where the machine's own differs from it.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { CommonClock } from '../../../../shared/adapters/table-storage/common-clock.ts';
import { openTables } from '../../../../shared/adapters/table-storage/tables.ts';
import { adjustableClock } from '../../../support/adjustable-clock.ts';

const SECOND = 1_000;

function start(aheadMs: number) {
  const own = adjustableClock();
  const reported: number[] = [];
  const clock = new CommonClock(own, (ahead) => reported.push(ahead));
  /** A call that takes so long; the store's clock is ahead of ours by `aheadMs`. */
  const call = (ms = 10, ahead = aheadMs): void => {
    const askedAt = own.now().getTime();
    const date = Math.floor((askedAt + ahead + ms / 2) / SECOND) * SECOND;
    clock.observe({ date, askedAt, answeredAt: askedAt + ms });
  };
  const offMs = (): number => clock.now().getTime() - own.now().getTime();
  return { call, offMs, reported, own };
}

describe('a machine whose clock', () => {
  test.each([0, 900, -900])('differs by %d ms goes by its own', (aheadMs) => {
    const { call, offMs, reported } = start(aheadMs);
    for (let times = 0; times < 3; times++) call();
    expect(offMs()).toBe(0);
    expect(reported).toEqual([]);
  });

  test.each([5, -5, 90, -90, 86_400])(
    'is %d s behind goes by the store from the first call on, and says so once',
    (seconds) => {
      const { call, offMs, reported } = start(seconds * SECOND);
      for (let times = 0; times < 3; times++) call();
      expect(Math.abs(offMs() - seconds * SECOND)).toBeLessThanOrEqual(SECOND);
      expect(reported).toHaveLength(1);
    },
  );

  test('is behind is known the better, the more calls there were', () => {
    const { call, offMs, own } = start(90 * SECOND);
    for (let times = 0; times < 40; times++) {
      call(20);
      own.advance(1_037);
    }
    expect(Math.abs(offMs() - 90 * SECOND)).toBeLessThanOrEqual(50);
  });

  test('is set right goes by its own again', () => {
    const { call, offMs, reported } = start(90 * SECOND);
    call();
    call(10, 0);
    expect(offMs()).toBe(0);
    expect(reported).toHaveLength(2);
  });

  test('was set during a call, or waited long for an answer, takes nothing from it', () => {
    const { call, offMs } = start(90 * SECOND);
    call(-90 * SECOND);
    call(5 * SECOND);
    expect(offMs()).toBe(0);
  });
});

test('each answer of the store says what time it has, one that refuses as well', async () => {
  const server = createServer((_, answer) => {
    answer.writeHead(404, { date: 'Mon, 30 Nov 2026 08:00:00 GMT' });
    answer.end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const seen: number[] = [];
  const connectionString = `AccountName=a;AccountKey=a2V5;TableEndpoint=http://127.0.0.1:${port}`;
  const { devices } = await openTables(
    { kind: 'connection-string', connectionString },
    'lookup',
    undefined,
    ({ date }) => seen.push(date),
  );
  await expect(devices.getEntity('p', 'r')).rejects.toMatchObject({ statusCode: 404 });
  expect(seen).toEqual([Date.UTC(2026, 10, 30, 8)]);
  server.closeAllConnections();
  server.close();
});
