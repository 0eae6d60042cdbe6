// A soak: many jobs through broker and relay while their sockets are cut at random moments; in the end all balances.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ServiceBusClient } from '@azure/service-bus';
import { expect, test } from 'vitest';
import { seededRandom } from '../../../local/intune-tenant/seeded-random.ts';
import { spawnServiceBus } from '../../../local/service-bus/spawn-service-bus.ts';
import { startRelay } from '../../../relay/start-relay.ts';
import { type CoaJob, type CoaReport, coaMessageId, stagesOf } from '../../../shared/domain/coa-job.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';
import { startCoaPeer } from './coa-peer.ts';
import { cuttableConnection } from './cuttable-connection.ts';

const MESSAGES = Number(process.env['SOAK_MESSAGES'] ?? 20_000);
const SITE = 'soak';
const JOBS = `coa-${SITE}`;
const SECRET = 'shared-with-the-nas';
/** Enough that no NAS uses up its identifiers within the replay window. */
const PEERS = 10;
/** Finished jobs from one cut to the next: three to six cuts. */
const BETWEEN_CUTS = { from: Math.ceil(MESSAGES * 0.15), to: Math.ceil(MESSAGES * 0.3) };
const BATCH = 200;

test(`${MESSAGES} messages with cut sockets balance exactly`, { timeout: 300_000 }, async () => {
  await using stack = new AsyncDisposableStack();
  const bus = await spawnServiceBus({
    queues: [
      { name: JOBS, requiresSession: true, lockDurationMs: 5000, duplicateDetectionWindowMs: 600_000 },
      { name: 'coa-results', duplicateDetectionWindowMs: 600_000 },
    ],
  });
  stack.defer(() => bus.stop());
  const line = await cuttableConnection(bus.port);
  stack.defer(() => line.close());
  const peers = await Promise.all(Array.from({ length: PEERS }, () => startCoaPeer(SECRET)));
  stack.defer(async () => void (await Promise.all(peers.map((peer) => peer.close()))));
  const folder = mkdtempSync(path.join(tmpdir(), 'nac-soak-'));
  stack.defer(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'relay.yaml');
  writeFileSync(file, relayYaml(peers.map(({ port }) => port)));
  const client = new ServiceBusClient(bus.connectionString);
  stack.defer(() => client.close());

  // Every report that the results queue lets through, by stage and message id.
  const counted = new Map<string, number>();
  const outcomes = new Map<string, number>();
  const all = Promise.withResolvers<void>();
  const drained = Promise.withResolvers<void>();
  const random = seededRandom(1, 1);
  let finished = 0;
  let cuts = 0;
  const nextCut = () => finished + BETWEEN_CUTS.from + random.below(BETWEEN_CUTS.to - BETWEEN_CUTS.from);
  let cutAt = nextCut();
  client.createReceiver('coa-results').subscribe(
    {
      async processMessage({ subject, body }) {
        if (subject === 'last') return drained.resolve();
        for (const { stage, jobId, attempt, outcome } of ([body].flat() as CoaReport[]).flatMap(stagesOf)) {
          const key = `${stage} ${coaMessageId({ id: jobId, attempt })}`;
          counted.set(key, (counted.get(key) ?? 0) + 1);
          if (stage !== 'finished') continue;
          outcomes.set(String(outcome), (outcomes.get(String(outcome)) ?? 0) + 1);
          if (++finished === MESSAGES) all.resolve();
        }
        if (finished < cutAt) return;
        line.cut();
        line.mend();
        cuts++;
        cutAt = nextCut();
      },
      async processError({ error }) {
        all.reject(error);
        drained.reject(error);
      },
    },
    { maxConcurrentCalls: 100 },
  );

  const { logger, entries } = collectingLogger();
  const relay = await startRelay({
    file,
    env: { SERVICE_BUS_CONNECTION: throughLine(bus.connectionString, bus.port, line.port), NAS_SECRET: SECRET },
    log: logger,
    timing: { standbyRetryMs: 300, reconnect: { firstMs: 100, longestMs: 500 }, graceMs: 3000 },
  });
  stack.defer(() => relay.stop());
  const sender = client.createSender(JOBS);
  for (let from = 0; from < MESSAGES; from += BATCH) {
    const jobs = Array.from({ length: Math.min(BATCH, MESSAGES - from) }, (_, index) => soakJob(from + index));
    await sender.sendMessages(jobs.map((body) => ({ body, sessionId: SITE, messageId: coaMessageId(body) })));
  }
  await all.promise;

  // The last messages are completed after their reports.
  const rest = client.createReceiver(JOBS);
  await expect.poll(async () => (await rest.peekMessages(10)).length, { timeout: 30_000, interval: 50 }).toBe(0);
  await relay.stop();
  // The queue keeps the order, so nothing comes after this one.
  await client.createSender('coa-results').sendMessages({ subject: 'last', body: '' });
  await drained.promise;

  const finishedOnce = Array.from({ length: MESSAGES }, (_, index) =>
    counted.get(`finished ${coaMessageId(soakJob(index))}`),
  );
  expect(finishedOnce.filter((count) => count !== 1)).toEqual([]);
  expect([...counted].filter(([, count]) => count !== 1)).toEqual([]);
  expect(Object.fromEntries(outcomes)).toEqual({
    acknowledged: MESSAGES - Math.ceil(MESSAGES / 10),
    refused: Math.ceil(MESSAGES / 10),
  });
  const dead = client.createReceiver(JOBS, { subQueueType: 'deadLetter' });
  expect(await dead.peekMessages(10)).toEqual([]);
  expect(entries.filter(({ event }) => event === 'relay.job-failed')).toEqual([]);
  expect(cuts).toBeGreaterThanOrEqual(3);
  const active = entries.filter(({ event }) => event === 'relay.active').length;
  expect(active).toBeGreaterThan(cuts);
});

/** Every tenth is refused. */
function soakJob(index: number): CoaJob {
  return {
    id: `soak-${index}`,
    attempt: 1,
    site: SITE,
    action: 'disconnect',
    session: { acctSessionId: index % 10 === 0 ? `cause-503-${index}` : `live-${index}` },
    nas: { nasIdentifier: `switch-${Math.floor(index / 10) % PEERS}` },
    decidedAt: new Date().toISOString(),
    expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
  };
}

function throughLine(connectionString: string, port: number, through: number): string {
  return connectionString.replace(`127.0.0.1:${port}`, `127.0.0.1:${through}`);
}

function relayYaml(ports: readonly number[]): string {
  const nas = ports.map((port, index) =>
    [
      `  - name: switch-${index}`,
      `    match: { nasIdentifier: switch-${index} }`,
      '    address: 127.0.0.1',
      `    port: ${port}`,
      '    secretEnv: NAS_SECRET',
      '    profile: generic-rfc5176',
    ].join('\n'),
  );
  return [
    `site: ${SITE}`,
    'relay: relay-1',
    'serviceBus: { connectionStringEnv: SERVICE_BUS_CONNECTION }',
    'limits: { perMinute: 100000 }',
    'nas:',
    ...nas,
    '',
  ].join('\n');
}
