// From a compliance change to a proven CoA: poll, lookup, accounting and enforcement in this process; Azurite, the
// simulated tenant and the embedded Service Bus broker behind the unmodified SDKs. The test itself is the relay.

import { ServiceBusClient, type ServiceBusReceivedMessage } from '@azure/service-bus';
import { expect } from 'vitest';
import type { QueueDefinition } from '../../../local/service-bus/start-service-bus.ts';
import { startServiceBus } from '../../../local/service-bus/start-service-bus.ts';
import { createApp } from '../../../shared/app.ts';
import type { EnforcementJob } from '../../../shared/domain/coa/enforcement-job.ts';
import type { CoaJob, CoaReport } from '../../../shared/domain/coa-job.ts';
import { formatMacAddress, parseMacAddress } from '../../../shared/domain/mac-address.ts';
import type { LookupAnswer } from '../../../shared/lookup/answer-lookup.ts';
import { readSettings } from '../../../shared/settings.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';
import {
  type ConnectorFixture,
  type FixtureOptions,
  startConnector,
  withoutListener,
} from '../../support/connector-fixture.ts';

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const POLLING_INTERVAL_MS = 5 * MINUTE_MS;

export const NORMAL = { verdict: 'permit', role: 'compliant', vlan: '10' };
export const QUARANTINE = { verdict: 'permit', role: 'quarantine', vlan: '666' };

export const QUEUES: QueueDefinition[] = [
  ...['hq', 'branch'].map((site) => ({
    name: `coa-${site}`,
    requiresSession: true,
    duplicateDetectionWindowMs: 10 * MINUTE_MS,
  })),
  { name: 'coa-results' },
];

export interface Enforcement extends ConnectorFixture {
  readonly serviceBus: ServiceBusClient;
  readonly branchKey: string;
  readonly operatorKey: string;
}

/** Polled once: every device of the tenant is stored, and no station is connected. */
export async function startEnforcement(
  env: Record<string, string> = {},
  connectionString?: string,
  store: FixtureOptions['store'] = 'azurite',
): Promise<Enforcement & AsyncDisposable> {
  const stack = new AsyncDisposableStack();
  let connection = connectionString;
  if (connection === undefined) {
    const broker = await startServiceBus({ queues: QUEUES });
    stack.defer(() => broker.close());
    connection = broker.connectionString;
  }
  const nac = stack.use(
    await startConnector({ store, env: { ServiceBusConnection: connection, POLLING_INTERVAL: '5m', ...env } }),
  );
  const serviceBus = new ServiceBusClient(connection);
  stack.defer(() => serviceBus.close());
  const branchKey = await nac.createClient('radius-2', 'branch');
  const operatorKey = await nac.createClient('ops', 'hq', 'administrator');
  await nac.app.poll(MINUTE_MS);
  return { ...nac, serviceBus, branchKey, operatorKey, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** The same with the store in memory, for tests that are about jobs and not about their rows. */
export function startEnforcementInMemory(
  env: Record<string, string> = {},
  connectionString?: string,
): Promise<Enforcement & AsyncDisposable> {
  return startEnforcement(env, connectionString, 'memory');
}

export async function pollAgain({ app, clock }: Enforcement): Promise<void> {
  clock.advance(POLLING_INTERVAL_MS);
  expect(await app.poll(MINUTE_MS)).toEqual({ kind: 'complete' });
}

/** The change is polled and noticed, but a process that does not enforce takes it away: lost on the fast path. */
export async function pollWithoutEnforcing({ env, clock, overrides }: Enforcement): Promise<void> {
  const settings = readSettings({ ...env, ServiceBusConnection: '' });
  const app = createApp(settings, { ...withoutListener(overrides), log: collectingLogger().logger });
  clock.advance(POLLING_INTERVAL_MS);
  expect(await app.poll(MINUTE_MS)).toEqual({ kind: 'complete' });
  await app.close();
}

export function stationOf({ tenant }: Enforcement, name: string): { mac: string; device: string } {
  const { id, wiFiMacAddress } = tenant.fleet.get(name);
  const mac = parseMacAddress(String(wiFiMacAddress));
  if (mac === undefined) throw new Error(`${name} has no Wi-Fi address`);
  return { mac: formatMacAddress(mac), device: id };
}

export interface Place {
  readonly apiKey?: string;
  readonly nasIpAddress?: string;
  readonly [attribute: string]: string | undefined;
}

/** The station asks, as it does when it connects and after a CoA. A second goes by first. */
export async function ask(nac: Enforcement, name: string, { apiKey, ...place }: Place = {}): Promise<LookupAnswer> {
  const { mac } = stationOf(nac, name);
  nac.clock.advance(SECOND_MS);
  const request = { method: 'mab', userName: mac, callingStationId: mac, nasIpAddress: '10.1.1.1', ...place };
  return nac.app.lookup(apiKey ?? nac.apiKey, JSON.stringify(request));
}

/** The NAS accounts for the station, a second later. */
export async function account(nac: Enforcement, name: string, event: Record<string, string>): Promise<number> {
  nac.clock.advance(SECOND_MS);
  const { mac } = stationOf(nac, name);
  const record = { callingStationId: mac, acctSessionId: 'A-1', nasIpAddress: '10.1.1.1', ...event };
  return (await nac.app.accounting(nac.apiKey, JSON.stringify(record))).changed;
}

/** The NAS has the answer, and says so: Start with its Class. */
export async function apply(nac: Enforcement, name: string, { decision }: LookupAnswer, event = {}): Promise<void> {
  await account(nac, name, { status: 'Start', class: decision.id, ...event });
}

/** The station asks, and its NAS acts on the answer. */
export async function comeBack(nac: Enforcement, name: string, place: Place = {}): Promise<LookupAnswer> {
  const answer = await ask(nac, name, place);
  const { nasIpAddress = '10.1.1.1' } = place;
  await apply(nac, name, answer, { nasIpAddress });
  return answer;
}

export async function restartNas(nac: Enforcement, nasIpAddress: string, status = 'Accounting-On'): Promise<void> {
  nac.clock.advance(SECOND_MS);
  await nac.app.accounting(nac.apiKey, JSON.stringify({ status, nasIpAddress }));
}

/** As the site's relay: locks its session and takes what is there. */
export async function takeMessages(
  { serviceBus }: Enforcement,
  site: string,
  settle: 'complete' | 'dead-letter' = 'complete',
): Promise<ServiceBusReceivedMessage[]> {
  const receiver = await serviceBus.acceptSession(`coa-${site}`, site);
  const taken: ServiceBusReceivedMessage[] = [];
  while (true) {
    const [message] = await receiver.receiveMessages(1, { maxWaitTimeInMs: 100 });
    if (message === undefined) break;
    taken.push(message);
    if (settle === 'complete') await receiver.completeMessage(message);
    else await receiver.deadLetterMessage(message, { deadLetterReason: 'not-a-job', deadLetterErrorDescription: 'x' });
  }
  await receiver.close();
  return taken;
}

export async function takeJobs(nac: Enforcement, site = 'hq'): Promise<CoaJob[]> {
  return (await takeMessages(nac, site)).map(({ body }) => body);
}

export function report(
  { app, clock }: Enforcement,
  job: CoaJob | undefined,
  stage: CoaReport['stage'],
  fields: Partial<CoaReport> = {},
): Promise<void> {
  const at = clock.now().toISOString();
  return app.report({
    jobId: job?.id,
    attempt: job?.attempt,
    site: job?.site,
    relay: 'relay-1',
    stage,
    at,
    ...fields,
  });
}

export async function acknowledge(nac: Enforcement, job: CoaJob | undefined): Promise<void> {
  await report(nac, job, 'taken');
  await report(nac, job, 'sent');
  await report(nac, job, 'finished', { outcome: 'acknowledged' });
}

/** As the query of GET /api/jobs has it. */
export type Query = Readonly<Record<string, string>>;

export async function jobsOf({ app, operatorKey }: Enforcement, query: Query = {}): Promise<readonly EnforcementJob[]> {
  return (await app.jobs(operatorKey, new URLSearchParams(query))).jobs;
}

export async function stagesOf(nac: Enforcement, query: Query = {}): Promise<string[]> {
  return (await jobsOf(nac, query)).map(({ stage }) => stage);
}

export function turn(
  { tenant }: Enforcement,
  name: string,
  complianceState: 'compliant' | 'noncompliant' | 'error',
): void {
  tenant.fleet.patch(name, { complianceState });
}

/** The station connects; then its device turns noncompliant, and the next poll sees it. */
export async function turnWhileConnected(nac: Enforcement, name: string): Promise<void> {
  await ask(nac, name);
  turn(nac, name, 'noncompliant');
  await pollAgain(nac);
}

export async function stored({ devices, tenant }: Enforcement, name: string) {
  const device = await devices.read({ source: 'intune', id: tenant.fleet.get(name).id });
  if (device === undefined) throw new Error(`${name} is not stored`);
  return device;
}

export async function waitForNextAttempt(nac: Enforcement): Promise<void> {
  const [job] = await jobsOf(nac, { stage: 'no-answer' });
  if (job?.nextAttemptAt === undefined) throw new Error('no job waits for its next attempt');
  nac.clock.advance(Math.max(0, Date.parse(job.nextAttemptAt) - nac.clock.now().getTime()) + 1);
}
