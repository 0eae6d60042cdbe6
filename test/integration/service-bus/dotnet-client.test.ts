// The broker takes a client that signs in as the .NET client of the Functions host does: by MSSBCBS and nothing else.

import { once } from 'node:events';
import rhea, { type ConnectionOptions } from 'rhea';
import { expect, test } from 'vitest';
import { startServiceBus } from '../../../local/service-bus/start-service-bus.ts';

test.each(['MSSBCBS', 'ANONYMOUS'])('a client that knows %s alone is let in, to show its claims', async (mechanism) => {
  const broker = await startServiceBus({ queues: [{ name: 'jobs' }] });
  try {
    const start = (done: (error: Error | undefined, response: string) => void) => done(undefined, '');
    const options = {
      host: '127.0.0.1',
      port: broker.port,
      reconnect: false,
      sasl_mechanisms: { [mechanism]: () => ({ start }) },
    };
    const connection = rhea.create_container().connect(options as unknown as ConnectionOptions);
    await once(connection, 'connection_open');
    connection.close();
    await once(connection, 'connection_close');
  } finally {
    await broker.close();
  }
});

test('a client that knows neither is not', async () => {
  const broker = await startServiceBus({ queues: [{ name: 'jobs' }] });
  try {
    const connection = rhea.create_container().connect({
      ...{ host: '127.0.0.1', port: broker.port, reconnect: false },
      ...{ username: 'jobs', password: 'secret' },
    });
    const [{ error }] = (await once(connection, 'connection_error')) as [{ error: Error }];
    expect(String(error)).toMatch(/mechanism/i);
  } finally {
    await broker.close();
  }
});
