// What Service Bus refuses, as the operator gets to read it.

import { ServiceBusClient } from '@azure/service-bus';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningServiceBus, startServiceBus } from '../../../local/service-bus/start-service-bus.ts';
import { serviceBusJobsQueue } from '../../../relay/service-bus-jobs-queue.ts';
import { serviceBusResultsQueue } from '../../../relay/service-bus-results-queue.ts';

let bus: RunningServiceBus;

beforeAll(async () => {
  bus = await startServiceBus({ queues: [{ name: 'without-sessions' }, { name: 'coa-hq', requiresSession: true }] });
});

afterAll(() => bus.close());

function connect(connectionString = bus.connectionString): () => ServiceBusClient {
  return () => new ServiceBusClient(connectionString, { retryOptions: { maxRetries: 0, timeoutInMs: 8000 } });
}

function jobsQueue(queue: string, connectionString?: string) {
  return serviceBusJobsQueue({ connect: connect(connectionString), queue, sessionId: 'hq', prefetch: 10 });
}

describe('the jobs queue', () => {
  test.each([
    ['missing', 'NAC_RELAY_QUEUE', 'could not be found'],
    ['without-sessions', 'NAC_RELAY_QUEUE', 'gives no sessions'],
  ])('%s: %s', async (queue, code, message) => {
    const jobs = jobsQueue(queue);
    const accepting = jobs.accept(new AbortController().signal);
    await expect(accepting).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
    await jobs.close();
  });

  test('wrong key', async () => {
    const jobs = jobsQueue('coa-hq', bus.connectionString.replace(/(SharedAccessKey=).{5}/, '$1AAAAA'));
    const accepting = jobs.accept(new AbortController().signal);
    await expect(accepting).rejects.toMatchObject({ code: 'NAC_RELAY_UNAUTHORIZED' });
    await jobs.close();
  });

  test('a session that another one has is taken, and free again after that one closed', async () => {
    const one = jobsQueue('coa-hq');
    const other = jobsQueue('coa-hq');
    const { signal } = new AbortController();
    const session = await one.accept(signal);
    if (session === 'taken') throw new Error('No relay has it.');
    expect(await other.accept(signal)).toBe('taken');
    expect(await other.accept(signal)).toBe('taken');
    await session.close();
    const next = await other.accept(signal);
    expect(next).not.toBe('taken');
    await Promise.all([one.close(), other.close()]);
  });
});

test('the results queue is missing', async () => {
  const results = serviceBusResultsQueue(connect(), 'missing');
  const report = {
    jobId: 'a',
    attempt: 1,
    site: 'hq',
    relay: 'r',
    stage: 'taken',
    at: '2026-11-20T12:00:00Z',
  } as const;
  await expect(results.send([report])).rejects.toMatchObject({ code: 'NAC_RELAY_QUEUE' });
  await results.close();
});
