// Jobs from queue to switch and back: the real SDK against the embedded broker, and a NAS over UDP.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseTraceparent, type TraceParent } from '../../../shared/domain/traceparent.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../../support/otlp-receiver.ts';
import { aJob, JOBS, type RelayFixture, relayFixture, SITE, type StartedRelay } from './relay-fixture.ts';

let fixture: RelayFixture;
let started: StartedRelay;
let collector: OtlpReceiver;
let ofFirst: TraceParent | undefined;

beforeAll(async () => {
  collector = await startOtlpReceiver();
  fixture = await relayFixture();
  started = await fixture.start({ env: { ...fixture.env, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } });
  await started.logged('relay.active');
});

afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
  await collector[Symbol.asyncDispose]();
});

/** Everything is settled, so nothing of the job is left. */
async function expectSettled(): Promise<void> {
  await expect.poll(() => fixture.left(), { timeout: 5000, interval: 20 }).toBe(0);
}

describe('what becomes of a job', () => {
  test('ACK: taken, sent, finished, and the message is completed', async () => {
    const job = aJob('live-1');
    await fixture.send(job);
    const report = await fixture.finished(job);
    expect(report).toMatchObject({ outcome: 'acknowledged', transmissions: 1, relay: 'relay-1', site: SITE });
    expect(fixture.reports.filter(({ jobId }) => jobId === job.id).map(({ stage }) => stage)).toEqual([
      'taken',
      'sent',
      'finished',
    ]);
    await expectSettled();
  });

  test('NAK: refused with cause and hint', async () => {
    const job = aJob('cause-503');
    await fixture.send(job);
    expect(await fixture.finished(job)).toMatchObject({
      outcome: 'refused',
      errorCause: { code: 503, name: 'Session Context Not Found' },
      hint: expect.stringContaining('no such session'),
    });
  });

  test('silence: no answer after all transmissions', async () => {
    const job = aJob('silent-1');
    await fixture.send(job);
    expect(await fixture.finished(job)).toMatchObject({ outcome: 'no-answer', transmissions: 3 });
    expect(fixture.peer.received.filter((id) => id === 'silent-1')).toHaveLength(3);
  });

  test('unknown NAS, without a packet', async () => {
    const job = aJob('live-2', { nas: { nasIpAddress: '203.0.113.9' } });
    await fixture.send(job);
    const report = await fixture.finished(job);
    expect(report).toMatchObject({ outcome: 'unknown-nas', hint: expect.stringContaining('203.0.113.9') });
    expect(report.transmissions).toBeUndefined();
  });

  test('expired, without a packet', async () => {
    const job = aJob('live-3', { expiresAt: new Date(Date.now() - 1000).toISOString() });
    await fixture.send(job);
    expect(await fixture.finished(job)).toMatchObject({ outcome: 'expired' });
    expect(fixture.peer.received).not.toContain('live-3');
  });

  test('not possible: the session lacks what the profile needs', async () => {
    const job = aJob('', { session: { userName: 'bob' } });
    await fixture.send(job);
    expect(await fixture.finished(job)).toMatchObject({ outcome: 'not-possible' });
  });

  test('an invalid message is dead-lettered with its reason', async () => {
    await fixture.send({ ...aJob('live-4'), attempt: 'first', action: 'reboot' });
    const message = await fixture.deadLetter();
    expect(message.deadLetterReason).toBe('NAC_RELAY_JOB');
    expect(message.deadLetterErrorDescription).toMatch(/attempt must .*action must/);
    expect(fixture.peer.received).not.toContain('live-4');
  });

  test('invalid ones among good ones of the same turn: each gets its own fate', async () => {
    const good = Array.from({ length: 10 }, (_, index) => aJob(`mixed-${index}`));
    const bodies = good.flatMap((job, index) => [job, { broken: index }]);
    await fixture.send(...bodies);
    for (const job of good) expect(await fixture.finished(job)).toMatchObject({ outcome: 'acknowledged' });
    const dead = new Set<unknown>();
    while (dead.size < good.length) dead.add((await fixture.deadLetter()).body.broken);
    await expectSettled();
  });
});

test('a dead NAS delays no other', async () => {
  const toDead = Array.from({ length: 20 }, (_, index) =>
    aJob(`dead-${index}`, { nas: { nasIpAddress: '192.0.2.66' } }),
  );
  const toLive = Array.from({ length: 40 }, (_, index) => aJob(`beside-${index}`));
  await fixture.send(...toDead, ...toLive);
  for (const job of toLive) expect(await fixture.finished(job)).toMatchObject({ outcome: 'acknowledged' });
  const done = new Set(fixture.reports.filter(({ stage }) => stage === 'finished').map(({ jobId }) => jobId));
  // The first of the dead one's jobs take longer than all of the others' together; most have not ended.
  expect(toDead.filter(({ id }) => done.has(id)).length).toBeLessThan(toDead.length);
});

test('health tells what the relay does', async () => {
  const answer = await fetch(`http://127.0.0.1:${started.relay.healthPort}/healthz`);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({
    site: SITE,
    relay: 'relay-1',
    state: 'active',
    lastReport: { jobId: expect.any(String), at: expect.any(String) },
  });
  const other = await fetch(`http://127.0.0.1:${started.relay.healthPort}/secrets`);
  expect(other.status).toBe(404);
  await other.text();
});

test('metrics for a Prometheus server are beside it, in text format 0.0.4', async () => {
  const answer = await fetch(`http://127.0.0.1:${started.relay.healthPort}/metrics`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const text = await answer.text();
  expect(text).toContain('# TYPE nac_relay_jobs_total counter\n');
  expect(text).toMatch(
    /^nac_relay_jobs_total\{nac_job_cause="503",nac_nas_profile="generic-rfc5176"[^}]*\} [1-9]\d*$/m,
  );
  expect(text).toMatch(/^nac_relay_coa_duration_bucket\{nac_nas_profile="generic-rfc5176",[^}]*le="0.1"\} [1-9]/m);
  expect(text).toMatch(/^nac_relay_working(?:\{[^}]*\})? 1$/m);
  expect(text).toMatch(/^nac_relay_jobs_waiting(?:\{[^}]*\})? \d+$/m);
  // Every line is one of the format, and none says who a station is.
  for (const line of text.split('\n').filter(Boolean)) {
    expect(line).toMatch(/^(?:# (?:HELP|TYPE|UNIT) .+|[a-z_:]+(?:\{.*\})? [0-9.e+-]+(?: \d+)?)$/);
    expect(line).not.toMatch(/02-00-00-00-00|alice@/);
  }
});

test('the relay goes on with the trace of a message, and its report says so', async () => {
  const [first, second, third] = [aJob('live-71'), aJob('live-72'), aJob('live-73')];
  const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const sender = fixture.client.createSender(JOBS);
  await sender.sendMessages([
    { body: first, sessionId: SITE, applicationProperties: { traceparent: trace, 'Diagnostic-Id': trace } },
    // As other clients of Service Bus name it, and as none does.
    { body: second, sessionId: SITE, applicationProperties: { 'Diagnostic-Id': trace } },
    { body: third, sessionId: SITE, applicationProperties: { traceparent: 'aa:bb:cc:dd:ee:ff' } },
  ]);
  await sender.close();
  const traces: (TraceParent | undefined)[] = [];
  for (const job of [first, second, third]) {
    const { outcome, profile, trace: reported } = await fixture.finished(job);
    expect({ outcome, profile }).toEqual({ outcome: 'acknowledged', profile: 'generic-rfc5176' });
    traces.push(parseTraceparent(reported));
  }
  const ofMessage = parseTraceparent(trace);
  [ofFirst] = traces;
  expect(traces.map((each) => each?.traceId === ofMessage?.traceId)).toEqual([true, true, false]);
});

test('the log holds no secret, no user name and no station address', () => {
  const text = JSON.stringify(started.log);
  for (const secret of ['shared-with-the-nas', 'SharedAccessKey', 'alice@example.org', '02-00-00-00-00']) {
    expect(text).not.toContain(secret);
  }
  expect(text).toContain('"station"');
});

test(`the session of ${JOBS} goes back at a graceful stop, after what was under way has ended`, async () => {
  const job = aJob('silent-2');
  await fixture.send(job);
  await fixture.peer.saw('silent-2');
  await started.relay.stop();
  expect(await fixture.finished(job)).toMatchObject({ outcome: 'no-answer' });
  // At once: it was given back, not left to run out.
  const session = await fixture.client.acceptSession(JOBS, SITE);
  const left = await session.peekMessages(100);
  expect(left.map(({ body }) => body.id)).not.toContain(job.id);
  await session.close();
});

test('at its stop the collector has the spans of that trace', () => {
  const spans = collector.spans.filter(({ traceId }) => traceId === ofFirst?.traceId);
  const ours = spans.find(({ spanId }) => spanId === ofFirst?.spanId);
  expect(ours).toMatchObject({ name: 'nac.relay.job', service: 'nac-relay', parentSpanId: '00f067aa0ba902b7' });
  const below = spans.filter(({ parentSpanId }) => parentSpanId === ours?.spanId);
  expect(below.map(({ name }) => name)).toEqual(['nac.relay.coa']);
});
