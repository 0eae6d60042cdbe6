// Cloud and relay of a site with one collector, all of it real but the switch: one change is one trace from the poll to
// the proof, and everything that docs/telemetry.md lists is counted or measured when it happens.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startRelay } from '../../../relay/start-relay.ts';
import { type CoaReport, stagesOf } from '../../../shared/domain/coa-job.ts';
import { INSTRUMENTS, type InstrumentName } from '../../../shared/ports/instruments.ts';
import { SPANS } from '../../../shared/ports/telemetry.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '../../support/otlp-receiver.ts';
import {
  account,
  apply,
  ask,
  comeBack,
  type Enforcement,
  jobsOf,
  MINUTE_MS,
  POLLING_INTERVAL_MS,
  pollAgain,
  startEnforcement,
  stationOf,
  turn,
} from '../enforcement/enforcement-fixture.ts';
import { type CoaPeer, startCoaPeer } from '../relay/coa-peer.ts';
import { type CuttableConnection, cuttableConnection } from '../relay/cuttable-connection.ts';
import { TIMING } from '../relay/relay-fixture.ts';

const SECRET = 'shared-with-the-nas';
/** Gives up after 0.9 s. */
const RETRANSMISSION = { initialMs: 200, maximumMs: 400, maximumCount: 3, maximumDurationMs: 900, jitter: 0 };
const PATIENT = { initialMs: 60_000, maximumMs: 60_000, maximumCount: 0, maximumDurationMs: 120_000, jitter: 0 };
const SOON = { timeout: 10_000, interval: 20 };
/** How many devices the breaker holds here. */
const HELD = 6;

type Labels = Readonly<Record<string, unknown>>;

const AT_HQ = { 'nac.site': 'hq' };
const OF_INTUNE = { 'nac.source': 'intune' };
const GENERIC = { 'nac.nas.profile': 'generic-rfc5176' };
const NO_CAUSE = { 'nac.job.cause': 'none' };
const ofStage = (stage: string, profile: Labels = { 'nac.nas.profile': 'unknown' }): Labels => {
  return { 'nac.job.stage': stage, ...NO_CAUSE, ...profile, ...AT_HQ };
};
const PERMIT = { 'nac.decision': 'permit', 'nac.rule': 'permit-compliant', 'nac.role': 'compliant' };

/** Of every instrument: labels of series that must have come, of a gauge with the value. */
const SHOWN: Readonly<Record<InstrumentName, readonly Labels[] | { readonly labels: Labels; readonly value: number }>> =
  {
    'nac.lookups': [{ ...PERMIT, ...AT_HQ, ...OF_INTUNE }],
    'nac.lookup.failures': [{ 'error.type': 'NAC_CLIENT_CREDENTIAL' }],
    'nac.lookup.duration': [AT_HQ],
    'nac.answer.ages': [
      { ...OF_INTUNE, 'nac.age': '1m', 'nac.objective': 'met' },
      { ...OF_INTUNE, 'nac.age': '8h', 'nac.objective': 'missed' },
    ],
    'nac.accounting.records': [{ 'nac.accounting.status': 'Start', ...AT_HQ }],
    'nac.quiet_failures': [{ 'nac.quiet_failure': 'accounting.restart-not-believed' }],
    'nac.live_queries': [{ 'nac.live_query.outcome': 'answered' }],
    'nac.job.stages': [
      ...['decided', 'queued'].map((stage) => ofStage(stage)),
      ...['taken', 'sent', 'acknowledged', 'answered', 'proven'].map((stage) => ofStage(stage, GENERIC)),
      { 'nac.job.stage': 'refused', 'nac.job.cause': '501', ...GENERIC, ...AT_HQ },
    ],
    'nac.job.proof.duration': [AT_HQ],
    'nac.sweep.duration': [{ ...OF_INTUNE, 'nac.sweep.result': 'complete' }],
    'nac.sweep.pages': [OF_INTUNE],
    'nac.held.devices': { labels: OF_INTUNE, value: HELD },
    'nac.source.throttled': [OF_INTUNE],
    'nac.credential.days_left': [{ 'nac.credential.kind': 'secret' }],
    'nac.relay.jobs': [
      { ...NO_CAUSE, ...GENERIC },
      { 'nac.job.cause': '501', ...GENERIC },
    ],
    'nac.relay.coa.duration': [GENERIC],
    'nac.relay.jobs_under_way': { labels: {}, value: 1 },
    'nac.relay.jobs_waiting': { labels: {}, value: 1 },
    'nac.relay.reports_pending': { labels: {}, value: 1 },
    'nac.relay.working': { labels: {}, value: 1 },
  };

let collector: OtlpReceiver;
let proven: ReceivedSpan[];
/** Of the credential, at the day of the last poll: the site's night may begin before midnight. */
let daysLeft: number;
/**
 * What a Prometheus server read of the relay's gauges while the switch kept its answers back, and while Service Bus was
 * away.
 */
const scraped = new Map<string, number>();

beforeAll(async () => {
  await using stack = new AsyncDisposableStack();
  collector = await startOtlpReceiver();
  const collected = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
  const inHundredDays = new Date(Date.now() + 100 * 86_400_000).toISOString().slice(0, 10);
  const nac = stack.use(
    await startEnforcement({
      ...collected,
      ENTRA_CLIENT_SECRET_EXPIRES: inHundredDays,
      LIVE_QUERY_DEADLINE: '600ms',
      LOOKUP_DEADLINE: '10s',
      MASS_CHANGE_DEVICES: String(HELD),
      MASS_CHANGE_PERCENT: '1',
    }),
  );
  const nas = stack.adopt(await startCoaPeer(SECRET), (peer) => peer.close());
  const line = stack.adopt(await lineTo(nac), (one) => one.close());
  const startSite = async (retransmissionTimes: typeof RETRANSMISSION) =>
    stack.adopt(await relayOf(nac, { nas, line, collected, retransmissionTimes }), (relay) => relay.stop());

  const [first = '', second = '', third = '', fourth = '', fifth = '', ...others] = await stationsLetIn(nac);
  const relay = await startSite(RETRANSMISSION);
  await oneChange(nac, first, 'live-1');
  await comeBack(nac, first);
  await nac.app.enforce();
  expect(await jobsOf(nac)).toMatchObject([{ stage: 'proven', profile: 'generic-rfc5176' }]);
  await oneChange(nac, second, 'cause-501');
  await relay.stop();

  const waiting = await startSite(PATIENT);
  for (const [name, acctSessionId] of [
    [third, 'held-3'],
    [fourth, 'held-4'],
  ] as const) {
    await apply(nac, name, await ask(nac, name), { acctSessionId });
    turn(nac, name, 'noncompliant');
  }
  await pollAgain(nac);
  await vi.waitFor(() => expect(waiting.health.jobsUnderWay + waiting.health.jobsWaiting).toBe(2), SOON);
  await scrape(waiting.healthPort, ['jobs_under_way', 'jobs_waiting', 'working']);
  line.cut();
  await vi.waitFor(() => expect(waiting.health.state).not.toBe('active'), SOON);
  nas.answerHeld();
  await vi.waitFor(() => expect(waiting.health.reportsPending).toBe(1), SOON);
  await scrape(waiting.healthPort, ['reports_pending']);
  line.mend();
  await waiting.stop();

  await quietFailures(nac, fifth);
  await liveQuery(nac, fifth);
  await throttledSweep(nac);
  // Half the night without a poll.
  nac.clock.advance(240 * MINUTE_MS);
  await ask(nac, fifth);
  for (const name of others.slice(0, HELD)) turn(nac, name, 'noncompliant');
  await pollAgain(nac);
  daysLeft = Math.floor((Date.parse(inHundredDays) - nac.clock.now().getTime()) / 86_400_000);
  await nac.app.close();
  const [{ traceId } = { traceId: '' }] = collector.spans.filter(
    ({ attributes }) => attributes['nac.job.stage'] === 'proven',
  );
  proven = collector.spans.filter((span) => span.traceId === traceId);
}, 60_000);

afterAll(() => collector?.[Symbol.asyncDispose]());

test('one change is one trace, through the processes of cloud and relay, with every span that there is', () => {
  const named = (name: string) => proven.find((span) => span.name === name);
  const parentOf = (name: string) => proven.find(({ spanId }) => spanId === named(name)?.parentSpanId)?.name;
  const chain = ['nac.poll', 'nac.change', 'nac.job.decide', 'nac.job.queue', 'nac.relay.job'];
  expect(named('nac.poll')?.parentSpanId).toBeUndefined();
  for (const [index, name] of chain.slice(1).entries()) expect.soft(parentOf(name), name).toBe(chain[index]);
  expect(parentOf('nac.relay.coa')).toBe('nac.relay.job');
  expect(parentOf('nac.job.report')).toBe('nac.relay.job');
  expect(parentOf('nac.job.proof')).toBe('nac.job.decide');
  expect(new Set(proven.map(({ service }) => service))).toEqual(new Set(['nac-connector', 'nac-relay']));
  const [job] = new Set(proven.map(({ attributes }) => attributes['nac.job.id']).filter(Boolean));
  expect(named('nac.relay.job')?.attributes['nac.job.id']).toBe(job);
  // A round of enforcement is a frame around what it finds; this change was found by a poll.
  const others = ['nac.enforcement'];
  expect(new Set(proven.map(({ name }) => name))).toEqual(
    new Set(Object.keys(SPANS).filter((name) => !others.includes(name))),
  );
});

test.each(Object.keys(INSTRUMENTS) as InstrumentName[])('%s is counted when it happens', (name) => {
  const shown = SHOWN[name];
  const series = collector.series(name);
  if ('labels' in shown) {
    const { labels, value } = shown;
    if (name.startsWith('nac.relay.')) expect(scraped.get(name)).toBe(value);
    else expect(series).toEqual([{ labels, value }]);
    expect(series.map((each) => each.labels)).toEqual([labels]);
    return;
  }
  expect(series.map(({ labels }) => labels)).toEqual(expect.arrayContaining([...shown]));
  for (const { value } of series) expect(value).toBeGreaterThan(0);
  expect(new Set(series.flatMap(({ labels }) => Object.keys(labels)))).toEqual(new Set(INSTRUMENTS[name].labels));
});

test('the days that a credential is good are those at the last poll', () => {
  expect(collector.series('nac.credential.days_left').map(({ value }) => value)).toEqual([daysLeft]);
});

interface Site {
  readonly nas: CoaPeer;
  readonly line: CuttableConnection;
  readonly collected: Readonly<Record<string, string>>;
  readonly retransmissionTimes: typeof RETRANSMISSION;
}

/** The relay of hq, which has its session: one request at a time goes to a NAS. */
async function relayOf(nac: Enforcement, { nas, line, collected, retransmissionTimes }: Site) {
  const folder = mkdtempSync(join(tmpdir(), 'nac-relay-'));
  const file = join(folder, 'relay.yaml');
  const connection = String(nac.env['ServiceBusConnection']).replace(/:\d+;/, `:${line.port};`);
  writeFileSync(
    file,
    `site: hq
relay: relay-1
serviceBus: { connectionStringEnv: SERVICE_BUS_CONNECTION }
healthz: { port: 0, metrics: true }
limits: { perNas: 1 }
nas:
  - { name: switch-1, match: { nasIpAddress: 10.1.1.1 }, address: 127.0.0.1, port: ${nas.port}, secretEnv: NAS_SECRET, profile: generic-rfc5176 }
`,
  );
  const relay = await startRelay({
    file,
    env: { ...collected, SERVICE_BUS_CONNECTION: connection, NAS_SECRET: SECRET },
    log: collectingLogger().logger,
    timing: TIMING,
    retransmission: retransmissionTimes,
  });
  rmSync(folder, { recursive: true });
  await vi.waitFor(() => expect(relay.health.state).toBe('active'), SOON);
  return relay;
}

/** Names of devices whose stations are let in by their addresses. */
async function stationsLetIn(nac: Enforcement): Promise<string[]> {
  const names: string[] = [];
  for (let device = 1; device <= nac.tenant.fleet.size; device++) {
    const name = `NAC-${String(device).padStart(5, '0')}`;
    if (!nac.tenant.fleet.get(name).wiFiMacAddress) continue;
    const { decision } = await ask(nac, name);
    if (decision.rule === 'permit-compliant') names.push(name);
  }
  return names;
}

async function lineTo({ env }: Enforcement): Promise<CuttableConnection> {
  return cuttableConnection(Number(/:(\d+);/.exec(String(env['ServiceBusConnection']))?.[1]));
}

/** The station is let in, its device turns, the poll sees it, the relay asks the switch, and its reports are taken. */
async function oneChange(nac: Enforcement, name: string, acctSessionId: string): Promise<void> {
  await apply(nac, name, await ask(nac, name), { acctSessionId });
  turn(nac, name, 'noncompliant');
  await pollAgain(nac);
  const results = nac.serviceBus.createReceiver('coa-results');
  for (let finished = false; !finished; ) {
    const messages = await results.receiveMessages(10, { maxWaitTimeInMs: 10_000 });
    if (messages.length === 0) throw new Error(`No report of ${name}: ${JSON.stringify(await jobsOf(nac))}`);
    for (const message of messages) {
      await nac.app.report(message.body);
      await results.completeMessage(message);
      finished ||= ([message.body].flat() as CoaReport[]).flatMap(stagesOf).some(({ stage }) => stage === 'finished');
    }
  }
  await results.close();
}

async function scrape(port: number | undefined, gauges: readonly string[]): Promise<void> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  for (const gauge of gauges) {
    const value = new RegExp(`^nac_relay_${gauge}(?:\\{[^}]*\\})? (\\d+)$`, 'm').exec(text)?.[1];
    scraped.set(`nac.relay.${gauge}`, Number(value));
  }
}

/** A key that is none; a restart of a NAS that comes from elsewhere than its sessions do. */
async function quietFailures(nac: Enforcement, name: string): Promise<void> {
  await expect(ask(nac, name, { apiKey: `radius-1.${'0'.repeat(64)}` })).rejects.toThrow();
  const from = { packetSourceIp: '10.1.1.1' };
  await apply(nac, name, await ask(nac, name, from), from);
  await account(nac, name, { status: 'Accounting-Off', packetSourceIp: '10.66.6.6' });
}

/** About a device that enrolled after the last sweep. The first question also loads what signs in. */
async function liveQuery(nac: Enforcement, name: string): Promise<void> {
  const { id } = nac.tenant.fleet.add({ complianceState: 'compliant' });
  const { mac } = stationOf(nac, name);
  const certificate = { sanUri: [`IntuneDeviceId://${id}`] };
  const question = { method: 'eap-tls', eapType: 'TLS', certificate, callingStationId: mac, nasIpAddress: '10.1.1.1' };
  for (let attempt = 0; attempt < 20; attempt++) {
    const { decision } = await nac.app.lookup(nac.apiKey, JSON.stringify(question));
    if (decision.device !== undefined) return;
    nac.clock.advance(11_000);
  }
}

async function throttledSweep(nac: Enforcement): Promise<void> {
  nac.tenant.script({ target: 'page', status: 429, headers: { 'retry-after': '2' } });
  nac.clock.advance(POLLING_INTERVAL_MS);
  await nac.app.poll(MINUTE_MS);
  nac.clock.advance(10 * MINUTE_MS);
  await nac.app.poll(MINUTE_MS);
}
