// A site in this process: the embedded broker with the two queues, NASes over UDP, and relays that run in between.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ServiceBusClient, type ServiceBusReceivedMessage, type ServiceBusReceiver } from '@azure/service-bus';
import { type QueueDefinition, startServiceBus } from '../../../local/service-bus/start-service-bus.ts';
import { fixRheaSettlement } from '../../../relay/fix-rhea-settlement.ts';
import { type RunningRelay, type StartRelayOptions, startRelay } from '../../../relay/start-relay.ts';
import { type CoaJob, type CoaReport, coaMessageId, stagesOf } from '../../../shared/domain/coa-job.ts';
import { collectingLogger, type LogEntry } from '../../support/collecting-logger.ts';
import { type CoaPeer, startCoaPeer } from './coa-peer.ts';
import { cuttableConnection } from './cuttable-connection.ts';

export const SITE = 'hq';
export const JOBS = `coa-${SITE}`;
/** The shortest that Service Bus has. */
export const LOCK_MS = 5000;
const NAS_SECRET = 'shared-with-the-nas';
/** Gives up after 0.9 s. */
const RETRANSMISSION = { initialMs: 200, maximumMs: 400, maximumCount: 3, maximumDurationMs: 900, jitter: 0 };

export interface RelayFixture extends AsyncDisposable {
  readonly client: ServiceBusClient;
  readonly peer: CoaPeer;
  /** Never answers. */
  readonly deadPort: number;
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
  start(options?: Partial<StartRelayOptions>): Promise<StartedRelay>;
  send(...bodies: unknown[]): Promise<void>;
  /** The finished report of a job, once it is there. */
  finished(job: CoaJob): Promise<CoaReport>;
  /** Every stage that was reported. */
  readonly reports: CoaReport[];
  deadLetter(): Promise<ServiceBusReceivedMessage>;
  /** Messages of the jobs queue that no relay settled. */
  left(): Promise<number>;
}

export interface StartedRelay {
  readonly relay: RunningRelay;
  readonly log: LogEntry[];
  /** Resolves when the event has been logged. */
  logged(event: string): Promise<LogEntry>;
}

let counter = 0;

export function aJob(acctSessionId: string, more: Partial<CoaJob> = {}): CoaJob {
  return {
    id: `job-${++counter}`,
    attempt: 1,
    site: SITE,
    action: 'disconnect',
    session: {
      acctSessionId,
      callingStationId: `02-00-00-00-00-${String(10 + counter)}`,
      userName: 'alice@example.org',
    },
    nas: { nasIpAddress: '192.0.2.10' },
    decidedAt: new Date().toISOString(),
    expiresAt: new Date(Date.now() + 60_000).toISOString(),
    ...more,
  };
}

export interface RelayFixtureOptions {
  /** Of a broker that runs elsewhere; its queues are `siteQueues()`. */
  readonly connectionString?: string;
  readonly lockMs?: number;
}

export function siteQueues(lockMs = LOCK_MS): QueueDefinition[] {
  return [
    { name: JOBS, requiresSession: true, lockDurationMs: lockMs },
    { name: 'coa-results', duplicateDetectionWindowMs: 60_000 },
  ];
}

export async function relayFixture({ connectionString, lockMs }: RelayFixtureOptions = {}): Promise<RelayFixture> {
  const stack = new AsyncDisposableStack();
  // The tests themselves settle with the same SDK.
  fixRheaSettlement();
  const bus = connectionString === undefined ? await startServiceBus({ queues: siteQueues(lockMs) }) : undefined;
  if (bus) stack.defer(() => bus.close());
  const connection = connectionString ?? bus?.connectionString ?? '';
  const peer = await startCoaPeer(NAS_SECRET);
  stack.defer(() => peer.close());
  const dead = await startCoaPeer('another secret, so that it never answers');
  stack.defer(() => dead.close());
  const client = new ServiceBusClient(connection, { retryOptions: { maxRetries: 0, timeoutInMs: 8000 } });
  stack.defer(() => client.close());
  const folder = mkdtempSync(path.join(tmpdir(), 'nac-relay-'));
  stack.defer(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'relay.yaml');
  writeFileSync(path.join(folder, 'switch.secret'), `${NAS_SECRET}\n`);
  writeFileSync(file, relayYaml(peer.port, dead.port));
  const env = { SERVICE_BUS_CONNECTION: connection, NAS_SECRET };

  const reports: CoaReport[] = [];
  const waiting: { readonly id: string; readonly resolve: (report: CoaReport) => void }[] = [];
  const results: ServiceBusReceiver = client.createReceiver('coa-results');
  results.subscribe({
    async processMessage({ body }) {
      for (const report of ([body].flat() as CoaReport[]).flatMap(stagesOf)) {
        reports.push(report);
        if (report.stage !== 'finished') continue;
        const id = coaMessageId({ id: report.jobId, attempt: report.attempt });
        for (const one of waiting.filter((waiter) => waiter.id === id)) one.resolve(report);
      }
    },
    async processError() {},
  });
  const sender = client.createSender(JOBS);

  return {
    client,
    peer,
    deadPort: dead.port,
    file,
    env,
    reports,
    async start(options = {}) {
      const started = await startLogged({ file, env, retransmission: RETRANSMISSION, timing: TIMING, ...options });
      stack.defer(() => started.relay.stop());
      return started;
    },
    async send(...bodies) {
      await sender.sendMessages(
        bodies.map((body) => ({ body, sessionId: SITE, ...(isJob(body) ? { messageId: coaMessageId(body) } : {}) })),
      );
    },
    finished(job) {
      const id = coaMessageId(job);
      const known = reports.find((one) => one.stage === 'finished' && `${one.jobId}:${one.attempt}` === id);
      if (known) return Promise.resolve(known);
      const { promise, resolve } = Promise.withResolvers<CoaReport>();
      waiting.push({ id, resolve });
      return promise;
    },
    async deadLetter() {
      const receiver = client.createReceiver(JOBS, { subQueueType: 'deadLetter' });
      const [message] = await receiver.receiveMessages(1, { maxWaitTimeInMs: 5000 });
      if (message) await receiver.completeMessage(message);
      await receiver.close();
      if (!message) throw new Error('Nothing was dead-lettered.');
      return message;
    },
    async left() {
      const receiver = client.createReceiver(JOBS);
      const messages = await receiver.peekMessages(100);
      await receiver.close();
      return messages.length;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** A line to the fixture's broker, and the environment of a relay that goes through it. */
export async function lineTo({ env }: Pick<RelayFixture, 'env'>) {
  const connection = env['SERVICE_BUS_CONNECTION'] ?? '';
  const line = await cuttableConnection(Number(/:(\d+);/.exec(connection)?.[1]));
  return { line, env: { ...env, SERVICE_BUS_CONNECTION: connection.replace(/:\d+;/, `:${line.port};`) } };
}

export const TIMING = { standbyRetryMs: 300, reconnect: { firstMs: 100, longestMs: 500 }, graceMs: 3000 };

async function startLogged(options: Omit<StartRelayOptions, 'log'>): Promise<StartedRelay> {
  const { logger, entries } = collectingLogger();
  const waiting: { readonly event: string; readonly resolve: (entry: LogEntry) => void }[] = [];
  const noticing =
    (level: LogEntry['level']) =>
    (event: string, fields?: Record<string, unknown>): void => {
      logger[level](event, fields);
      for (const one of waiting.filter((waiter) => waiter.event === event)) {
        one.resolve({ level, event, fields: fields ?? {} });
      }
    };
  const relay = await startRelay({
    ...options,
    log: { info: noticing('info'), warn: noticing('warn'), error: noticing('error') },
  });
  return {
    relay,
    log: entries,
    logged(event) {
      const known = entries.find((entry) => entry.event === event);
      if (known) return Promise.resolve(known);
      const { promise, resolve } = Promise.withResolvers<LogEntry>();
      waiting.push({ event, resolve });
      return promise;
    },
  };
}

function isJob(body: unknown): body is CoaJob {
  return typeof body === 'object' && body !== null && 'id' in body && 'attempt' in body;
}

function relayYaml(port: number, deadPort: number): string {
  return `site: ${SITE}
relay: relay-1
serviceBus:
  connectionStringEnv: SERVICE_BUS_CONNECTION
healthz: { port: 0, metrics: true }
log: { privacy: FullyHashed }
nas:
  - name: switch-1
    match: { nasIpAddress: 192.0.2.10 }
    address: 127.0.0.1
    port: ${port}
    secretFile: switch.secret
    profile: generic-rfc5176
  - name: dead
    match: { nasIpAddress: 192.0.2.66 }
    address: 127.0.0.1
    port: ${deadPort}
    secretEnv: NAS_SECRET
    profile: generic-rfc5176
`;
}
