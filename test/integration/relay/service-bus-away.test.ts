// Service Bus goes away in every way there is, and comes back: the relay goes on within seconds.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ServiceBusClient } from '@azure/service-bus';
import { expect, test } from 'vitest';
import { type SpawnedServiceBus, spawnServiceBus } from '../../../local/service-bus/spawn-service-bus.ts';
import { type CoaReport, stagesOf } from '../../../shared/domain/coa-job.ts';
import { aJob, lineTo, relayFixture, siteQueues } from './relay-fixture.ts';

/** Nothing that the SDK waits for by itself is as short: 10 s would be the least, a minute the usual. */
const SOON_MS = 8000;
const PATIENT = { initialMs: 20_000, maximumMs: 20_000, maximumCount: 0, maximumDurationMs: 60_000, jitter: 0 };

async function soon<Value>(promise: Promise<Value>): Promise<Value> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`Nothing within ${SOON_MS} ms`)), SOON_MS);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

test('a line that is cut again and again under load: all reports flow at once when it is back, each once', async () => {
  await using fixture = await relayFixture();
  const { line, env } = await lineTo(fixture);
  await using _ = { [Symbol.asyncDispose]: () => line.close() };
  const { relay } = await fixture.start({ env });
  const jobs = Array.from({ length: 600 }, (_unused, index) => aJob(`live-${index}`));
  await fixture.send(...jobs);
  for (const index of [100, 300]) {
    await soon(fixture.finished(jobs[index] ?? aJob('')));
    line.cut();
    line.mend();
  }
  await soon(Promise.all(jobs.map((job) => fixture.finished(job))));
  for (const { id } of jobs) {
    const stages = fixture.reports.filter(({ jobId }) => jobId === id).map(({ stage }) => stage);
    expect(stages).toEqual(['taken', 'sent', 'finished']);
  }
  await soon(expect.poll(() => fixture.left(), { timeout: SOON_MS, interval: 20 }).toBe(0));
  const startedAt = performance.now();
  await relay.stop();
  expect(performance.now() - startedAt).toBeLessThan(2500);
});

test('a connection that is dead without a word: what was to be reported goes over another one', async () => {
  await using fixture = await relayFixture();
  const { line, env } = await lineTo(fixture);
  await using _ = { [Symbol.asyncDispose]: () => line.close() };
  const { logged } = await fixture.start({ env, retransmission: PATIENT });
  await logged('relay.active');
  const before = aJob('live');
  await fixture.send(before);
  await fixture.finished(before);
  const job = aJob('held');
  await fixture.send(job);
  await fixture.peer.saw('held');
  line.freeze();
  fixture.peer.answerHeld();
  expect(await soon(fixture.finished(job))).toMatchObject({ outcome: 'acknowledged' });
  await soon(expect.poll(() => fixture.left(), { timeout: SOON_MS, interval: 20 }).toBe(0));
  expect(fixture.peer.received.filter((id) => id === 'held')).toHaveLength(1);
});

test('a connection that dies while its links are opening does not hold up the next one', async () => {
  await using fixture = await relayFixture();
  const { line, env } = await lineTo(fixture);
  await using _ = { [Symbol.asyncDispose]: () => line.close() };
  const swallowed = line.swallow();
  const { logged } = await fixture.start({ env });
  await swallowed;
  line.mend();
  await soon(logged('relay.active'));
});

test('stopped while Service Bus is away: at once', async () => {
  await using fixture = await relayFixture();
  const { line, env } = await lineTo(fixture);
  await using _ = { [Symbol.asyncDispose]: () => line.close() };
  const { relay, logged } = await fixture.start({ env });
  await logged('relay.active');
  line.cut();
  await soon(logged('relay.unreachable'));
  const startedAt = performance.now();
  await relay.stop();
  expect(performance.now() - startedAt).toBeLessThan(2500);
});

test('the broker is killed and comes back with what it had stored', async () => {
  const dataFolder = mkdtempSync(path.join(tmpdir(), 'service-bus-away-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rmSync(dataFolder, { recursive: true, force: true }));
  const startBroker = async (port = 0): Promise<SpawnedServiceBus> => {
    const bus = await spawnServiceBus({ port, dataFolder, queues: siteQueues() });
    stack.defer(() => bus.stop());
    return bus;
  };
  const broker = await startBroker();
  const fixture = stack.use(await relayFixture({ connectionString: broker.connectionString }));
  const { relay, logged } = await fixture.start({ retransmission: PATIENT });
  await logged('relay.active');
  const job = aJob('held');
  await fixture.send(job);
  await fixture.peer.saw('held');
  await broker.kill();
  await soon(logged('relay.session-lost'));
  await startBroker(broker.port);

  const client = new ServiceBusClient(broker.connectionString);
  stack.defer(() => client.close());
  const ended = Promise.withResolvers<CoaReport>();
  client.createReceiver('coa-results').subscribe({
    async processMessage({ body }) {
      for (const report of [body].flat().flatMap(stagesOf)) {
        if (report.jobId === job.id && report.stage === 'finished') ended.resolve(report);
      }
    },
    async processError({ error }) {
      ended.reject(error);
    },
  });
  await soon(expect.poll(() => fixture.peer.received.length, { timeout: SOON_MS, interval: 20 }).toBe(2));
  fixture.peer.answerHeld();
  expect(await soon(ended.promise)).toMatchObject({ outcome: 'acknowledged' });
  expect(relay.health.state).toBe('active');
  await soon(relay.stop());
});
