// A report that cannot be recorded is given back late, so that ten deliveries outlast a store that stumbles.

import { expect, test, vi } from 'vitest';
import { connectionString } from '../../../local/table-storage.ts';
import { createApp } from '../../../shared/app.ts';
import { redeliveryDelayMs } from '../../../shared/enforcement/delay-redelivery.ts';
import { StoreError } from '../../../shared/errors.ts';
import { readSettings } from '../../../shared/settings.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';

/** As the template deploys the queue. */
const DELIVERIES = 10;

test('ten deliveries take more than a minute, and each less than the lock of a message', () => {
  const delays = Array.from({ length: DELIVERIES }, (_, earlier) => redeliveryDelayMs(earlier + 1));
  expect(delays.slice(0, 3)).toEqual([500, 1_000, 2_000]);
  expect(delays.reduce((sum, delay) => sum + delay, 0)).toBeGreaterThan(60_000);
  expect(Math.max(...delays)).toBeLessThan(30_000);
});

test.each([
  [undefined, 500],
  [4, 4_000],
  [10, 20_000],
])('after %s deliveries a failure is thrown %i ms later', async (deliveries, expected) => {
  const { app, waits } = appWithoutTables();
  await expect(app.report({}, deliveries)).rejects.toThrow('The tables are away.');
  expect(waits).toEqual([expected]);
  await app.close();
});

test('a process that ends does not wait', async () => {
  const { app, waits } = appWithoutTables({ waitsForEver: true });
  const report = expect(app.report({}, 9)).rejects.toThrow('The tables are away.');
  await vi.waitFor(() => expect(waits).toEqual([20_000]));
  await app.close();
  await report;
});

function appWithoutTables({ waitsForEver = false } = {}) {
  const waits: number[] = [];
  const app = createApp(
    readSettings({
      ENTRA_TENANT_ID: '11111111-1111-4111-8111-111111111111',
      ENTRA_CLIENT_ID: '22222222-2222-4222-8222-222222222222',
      ENTRA_CLIENT_SECRET: 'secret',
      StorageConnection: connectionString(1),
      ServiceBusConnection:
        'Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=a;SharedAccessKey=b;UseDevelopmentEmulator=true;',
    }),
    {
      log: collectingLogger().logger,
      openTables: () =>
        Promise.reject(new StoreError('NAC_STORE_UNAVAILABLE', 'The tables are away.', { action: 'Wait.' })),
      timer: {
        elapsed: () => 0,
        turn: () => Promise.resolve(),
        after(milliseconds, callback) {
          waits.push(milliseconds);
          if (!waitsForEver) callback();
          return () => undefined;
        },
      },
    },
  );
  return { app, waits };
}
