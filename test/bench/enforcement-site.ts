// A site for the bench: broker, 500 NASes and, when started, a relay or the bare loop, each in a process of its own.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ServiceBusClient } from '@azure/service-bus';
import { spawnServiceBus } from '../../local/service-bus/spawn-service-bus.ts';
import { type CoaJob, type CoaReport, coaMessageId, stagesOf } from '../../shared/domain/coa-job.ts';
import { type Child, startChild } from './child-process.ts';
import { NAS_COUNT, NAS_SECRET, nasAddress } from './nas-addresses.ts';

export const SITE = 'hq';
/** As many requests as one socket buffer holds answers for, so that none is lost and repeated. */
export const AT_ONCE = 256;

export interface EnforcementSite extends AsyncDisposable {
  readonly connectionString: string;
  start(what: 'relay' | 'relay with memory probe' | 'bare loop'): Child;
  sendJobs(count: number): Promise<void>;
  /** Ids of the jobs that `sendJobs` sends next. */
  nextJobIds(count: number): string[];
  /** Hears every stage that a report on the results queue tells. */
  onReport: (report: CoaReport) => void;
}

export async function enforcementSite(): Promise<EnforcementSite> {
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(path.join(tmpdir(), 'nac-bench-'));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const bus = await spawnServiceBus({
    queues: [
      { name: `coa-${SITE}`, requiresSession: true, duplicateDetectionWindowMs: 600_000 },
      { name: 'coa-results', duplicateDetectionWindowMs: 600_000 },
    ],
  });
  stack.defer(() => bus.stop());
  const here = (script: string) => path.join(import.meta.dirname, script);
  const listeners = startChild({
    script: here('nas-listeners.ts'),
    args: [],
    logFile: path.join(folder, 'nas.log'),
  });
  stack.defer(() => listeners.stop());
  const { port } = (await listeners.message()) as { port: number };
  const relayFile = path.join(folder, 'relay.yaml');
  writeFileSync(relayFile, relayYaml(port));
  const client = new ServiceBusClient(bus.connectionString);
  stack.defer(() => client.close());
  const sender = client.createSender(`coa-${SITE}`);
  const results = client.createReceiver('coa-results');
  let sent = 0;
  const parts = stack.move();

  const site: EnforcementSite = {
    connectionString: bus.connectionString,
    start(what) {
      const env = { SERVICE_BUS_CONNECTION: bus.connectionString, NAS_SECRET };
      const child =
        what !== 'bare loop'
          ? startChild({
              script: here('../../relay/main.ts'),
              args: ['run', relayFile],
              nodeOptions: what === 'relay' ? [] : ['--expose-gc', '--import', here('memory-probe.ts')],
              env,
              logFile: path.join(folder, 'relay.log'),
            })
          : startChild({
              script: here('bare-loop.ts'),
              args: [SITE, String(port), String(AT_ONCE)],
              env,
              logFile: path.join(folder, 'bare-loop.log'),
            });
      parts.defer(() => child.stop());
      return child;
    },
    async sendJobs(count) {
      for (let left = count; left > 0; ) {
        const jobs = Array.from({ length: Math.min(left, 200) }, () => benchJob(sent++));
        await sender.sendMessages(jobs.map((body) => ({ body, sessionId: SITE, messageId: coaMessageId(body) })));
        left -= jobs.length;
      }
    },
    nextJobIds: (count) => Array.from({ length: count }, (_, index) => jobId(sent + index)),
    onReport: () => undefined,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
  results.subscribe(
    {
      async processMessage({ body }) {
        for (const stage of [body].flat().flatMap(stagesOf)) site.onReport(stage);
      },
      processError: async ({ error }) => void process.stderr.write(`results queue: ${error.message}\n`),
    },
    { maxConcurrentCalls: 100 },
  );
  return site;
}

function jobId(index: number): string {
  return `bench-${index}`;
}

function benchJob(index: number): CoaJob {
  const digits = index.toString(16).padStart(10, '0').match(/../g) ?? [];
  return {
    id: jobId(index),
    attempt: 1,
    site: SITE,
    action: 'disconnect',
    session: { acctSessionId: `session-${index}`, callingStationId: ['02', ...digits].join('-'), userName: 'bench' },
    nas: { nasIpAddress: nasAddress(index) },
    decidedAt: new Date().toISOString(),
    expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
  };
}

function relayYaml(port: number): string {
  const nas = Array.from({ length: NAS_COUNT }, (_, index) =>
    [
      `  - name: switch-${index + 1}`,
      `    match: { nasIpAddress: ${nasAddress(index)} }`,
      `    address: ${nasAddress(index)}`,
      `    port: ${port}`,
      '    secretEnv: NAS_SECRET',
      '    profile: generic-rfc5176',
    ].join('\n'),
  );
  return [
    `site: ${SITE}`,
    'relay: bench-relay',
    'serviceBus: { connectionStringEnv: SERVICE_BUS_CONNECTION }',
    `limits: { concurrency: ${AT_ONCE}, perNas: 256, held: ${AT_ONCE}, perMinute: 100000 }`,
    'nas:',
    ...nas,
    '',
  ].join('\n');
}
