// A queue that refuses disturbs the jobs of its own site only: the connection, and what others send on it, stays.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { startServiceBus } from '../../../local/service-bus/start-service-bus.ts';
import {
  ServiceBusJobQueue,
  serviceBusConnector,
  serviceBusJobLink,
} from '../../../shared/adapters/service-bus/service-bus-job-queue.ts';
import { systemTimer } from '../../../shared/adapters/system/system-timer.ts';
import type { CoaJob } from '../../../shared/domain/coa-job.ts';

const QUEUES = ['hq', 'branch', 'depot'].map((site) => ({ name: `coa-${site}`, requiresSession: true }));

function job(site: string, id: string, userName = 'alice'): CoaJob {
  return {
    id,
    attempt: 1,
    site,
    action: 'reauthenticate',
    session: { userName },
    nas: {},
    decidedAt: new Date().toISOString(),
    expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
  };
}

/** A broker with queues of sites, and how many connections were opened to it. */
async function counted(stack: AsyncDisposableStack) {
  const broker = await startServiceBus({
    queues: [...QUEUES, { name: 'coa-closed', requiresSession: true, sendDisabled: true }],
  });
  stack.defer(() => broker.close());
  let connections = 0;
  const server = createServer((incoming) => {
    connections += 1;
    const outgoing = connect(broker.port, '127.0.0.1');
    incoming.pipe(outgoing).pipe(incoming);
    for (const socket of [incoming, outgoing]) socket.on('error', () => undefined);
    incoming.on('close', () => outgoing.destroy());
  }).listen(0, '127.0.0.1');
  stack.defer(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connectionString = broker.connectionString.replace(`:${broker.port};`, `:${port};`);
  const link = serviceBusJobLink(
    await serviceBusConnector({ kind: 'connection-string', connectionString }),
    systemTimer,
  );
  stack.defer(() => link.close());
  return { queue: new ServiceBusJobQueue(link, Date.now), connections: () => connections };
}

test.each([
  ['disabled', (id: string) => job('closed', id)],
  ['missing', (id: string) => job('nowhere', id)],
  ['asked to take a message that is too large', (id: string) => job('hq', id, 'x'.repeat(2_000_000))],
])('a queue that is %s', async (_why, refused) => {
  await using stack = new AsyncDisposableStack();
  const { queue, connections } = await counted(stack);
  await queue.send(job('branch', 'first'));

  const sends = Array.from({ length: 12 }, (_, index) =>
    queue.send(index % 4 === 0 ? refused(`no-${index}`) : job(index % 2 === 0 ? 'branch' : 'depot', `yes-${index}`)),
  );
  const results = await Promise.allSettled(sends);

  expect(results.filter((_, index) => index % 4 !== 0).map(({ status }) => status)).toEqual(Array(9).fill('fulfilled'));
  expect(results.filter((_, index) => index % 4 === 0).map(({ status }) => status)).toEqual(Array(3).fill('rejected'));
  expect(connections()).toBe(1);
});
