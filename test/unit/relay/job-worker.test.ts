// The worker with a network, a results queue and a clock in the hands of the test.

import { describe, expect, test } from 'vitest';
import { createJobWorker, type JobDelivery } from '../../../relay/job-worker.ts';
import type { CoaSender, CoaSendResult } from '../../../relay/radius/coa-sender.ts';
import { readRelayConfig } from '../../../relay/read-relay-config.ts';
import type { RelayLimits } from '../../../relay/relay-config.ts';
import { createReportOutbox } from '../../../relay/report-outbox.ts';
import { createIdentityPrivacy } from '../../../shared/adapters/system/identity-privacy.ts';
import { type CoaJob, type CoaReport, stagesOf } from '../../../shared/domain/coa-job.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';
import { manualSendClock, settled } from './radius/manual-send-clock.ts';

const config = readRelayConfig(
  `site: hq
relay: r1
serviceBus: { connectionStringEnv: X }
limits: { concurrency: 4, perNas: 2 }
nas:
  - { name: all, match: { subnet: 10.0.0.0/8 }, secretEnv: X, profile: generic-rfc5176 }
`,
  { file: 'relay.yaml', hostName: 'host' },
);

const ANSWERED: CoaSendResult = { kind: 'ack', transmissions: 1, discarded: {}, elapsedMs: 5 };

function start(limits: Partial<RelayLimits> = {}) {
  const clock = manualSendClock();
  const { logger, entries } = collectingLogger();
  const reports: CoaReport[] = [];
  const messages: (readonly CoaReport[])[] = [];
  const bench = {
    clock,
    entries,
    /** Every stage that was reported. */
    reports,
    /** What the results queue was sent at once. */
    messages,
    /** Fails the results queue that often. */
    resultsFail: 0,
    onTry: (_batch: readonly CoaReport[]): void => undefined,
    sends: [] as {
      readonly address: string;
      readonly sent: () => void;
      readonly unsigned: () => void;
      readonly end: (result: CoaSendResult) => void;
    }[],
    aborted: 0,
  };
  const sender: Pick<CoaSender, 'send'> = {
    send({ address }, _request, { signal, onTransmission, onUnsignedAnswer } = {}) {
      const { promise, resolve, reject } = Promise.withResolvers<CoaSendResult>();
      const abort = (): void => {
        bench.aborted++;
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', abort);
      const end = (result: CoaSendResult): void => {
        signal?.removeEventListener('abort', abort);
        resolve(result);
      };
      bench.sends.push({ address, sent: () => onTransmission?.(1), unsigned: () => onUnsignedAnswer?.(), end });
      return promise;
    },
  };
  const outbox = createReportOutbox({
    queue: {
      async send(batch) {
        bench.onTry(batch);
        if (bench.resultsFail-- > 0) throw new Error('away');
        messages.push(batch);
        reports.push(...batch.flatMap(stagesOf));
      },
    },
    clock,
    log: logger,
    random: () => 1,
    delays: { firstMs: 1000, longestMs: 4000 },
  });
  const privacy = createIdentityPrivacy('Static', '');
  const secrets = new Map([['all', 'secret']]);
  const worker = createJobWorker({
    config: { ...config, limits: { ...config.limits, ...limits } },
    secrets,
    sender,
    reports: outbox,
    clock,
    log: logger,
    privacy,
  });
  return { ...bench, bench, worker, outbox };
}

let counter = 0;

function job(nasIpAddress = '10.0.0.1', more: Partial<CoaJob> = {}): CoaJob {
  return {
    id: `job-${++counter}`,
    attempt: 1,
    site: 'hq',
    action: 'disconnect',
    session: { acctSessionId: `session-${counter}` },
    nas: { nasIpAddress },
    decidedAt: '2026-11-20T12:00:00.000Z',
    expiresAt: '2026-11-20T12:05:00.000Z',
    ...more,
  };
}

function delivery(body: unknown): JobDelivery & { readonly settled: string[] } {
  const done: string[] = [];
  return {
    messageId: 'm',
    body,
    settled: done,
    complete: async () => void done.push('completed'),
    abandon: async () => void done.push('abandoned'),
    deadLetter: async (reason) => void done.push(reason),
  };
}

const never = new AbortController().signal;

test('the message is completed only after the results queue has accepted the finished report', async () => {
  const { worker, bench, reports, clock, entries } = start();
  const message = delivery(job());
  void worker.handle(message, never);
  await settled();
  bench.sends[0]?.sent();
  await clock.advance(100);
  expect(reports.map(({ stage }) => stage)).toEqual(['taken', 'sent']);
  bench.resultsFail = 3;
  bench.sends[0]?.end(ANSWERED);
  await settled();
  expect(message.settled).toEqual([]);
  await clock.advance(1000 + 2000);
  expect(message.settled).toEqual([]);
  await clock.advance(4000);
  expect(message.settled).toEqual(['completed']);
  expect(reports.at(-1)).toMatchObject({ stage: 'finished', outcome: 'acknowledged', transmissions: 1, relay: 'r1' });
  expect(entries.filter(({ event }) => event === 'relay.reports-delayed')).toHaveLength(3);
});

test('a job that ends soon is reported once, with all its stages at their times', async () => {
  const { worker, bench, messages, clock } = start();
  void worker.handle(delivery(job()), never);
  await clock.advance(20);
  bench.sends[0]?.sent();
  await clock.advance(30);
  bench.sends[0]?.end(ANSWERED);
  await clock.advance(1000);
  const at = (milliseconds: number) => new Date(Date.parse('2026-11-20T12:00:00.750Z') + milliseconds).toISOString();
  expect(messages).toHaveLength(1);
  expect(messages[0]).toMatchObject([
    {
      stage: 'finished',
      at: at(50),
      earlier: [
        { stage: 'taken', at: at(0) },
        { stage: 'sent', at: at(20) },
      ],
    },
  ]);
});

test('while its NAS is silent a job is seen to be sent', async () => {
  const { worker, bench, messages, clock } = start();
  void worker.handle(delivery(job()), never);
  await settled();
  bench.sends[0]?.sent();
  await clock.advance(99);
  expect(messages).toEqual([]);
  await clock.advance(1);
  expect(messages).toMatchObject([[{ stage: 'sent', earlier: [{ stage: 'taken' }] }]]);
  bench.sends[0]?.end(ANSWERED);
  await settled();
  expect(messages).toHaveLength(2);
  expect(messages[1]).toEqual([expect.not.objectContaining({ earlier: expect.anything() })]);
});

test('a message that may have arrived is repeated as it was, whatever has come since', async () => {
  const { worker, bench, outbox, clock } = start();
  const tried: (readonly string[])[] = [];
  const send = (nas: string) => void worker.handle(delivery(job(nas)), never);
  bench.onTry = (batch) => void tried.push(batch.map(({ jobId }) => jobId));
  bench.resultsFail = 2;
  send('10.0.0.1');
  send('10.0.0.2');
  await settled();
  for (const one of bench.sends) one.end(ANSWERED);
  await settled();
  send('10.0.0.3');
  await settled();
  bench.sends[2]?.end(ANSWERED);
  await clock.advance(10_000);
  expect(tried.map((batch) => batch.length)).toEqual([2, 2, 2, 1]);
  expect(tried[1]).toEqual(tried[0]);
  expect(tried[2]).toEqual(tried[0]);
  expect(outbox.pending).toBe(0);
});

test('on a lost lock the send ends at once and nothing is settled; the redelivery is sent', async () => {
  const { worker, bench } = start();
  const one = job();
  const first = delivery(one);
  const lost = new AbortController();
  void worker.handle(first, lost.signal);
  await settled();
  lost.abort(new Error('lost'));
  await settled();
  expect({ aborted: bench.aborted, settled: first.settled, underWay: worker.underWay }).toEqual({
    aborted: 1,
    settled: [],
    underWay: 0,
  });
  const second = delivery(one);
  void worker.handle(second, never);
  await settled();
  bench.sends[1]?.end(ANSWERED);
  await settled();
  expect(second.settled).toEqual(['completed']);
});

test('lost after the end, before the message was completed: neither sent nor reported again', async () => {
  const { worker, bench, reports } = start();
  const one = job();
  const lost = new AbortController();
  const first = { ...delivery(one), complete: () => Promise.reject(new Error('lock lost')) };
  void worker.handle(first, lost.signal);
  await settled();
  lost.abort();
  const other = job('10.0.0.2');
  const otherFirst = delivery(other);
  void worker.handle(otherFirst, never);
  await settled();
  bench.sends[1]?.end(ANSWERED);
  await settled();
  const again = delivery(other);
  void worker.handle(again, never);
  await settled();
  expect(bench.sends).toHaveLength(2);
  expect(again.settled).toEqual(['completed']);
  const finished = reports.filter(({ stage }) => stage === 'finished');
  expect(finished).toHaveLength(1);
});

test('one at a time per session, no more than allowed per NAS and in all', async () => {
  const { worker, bench } = start();
  const session = { callingStationId: '02-00-00-00-00-01', acctSessionId: 'a' };
  for (const body of [
    job('10.0.0.1', { session }),
    job('10.0.0.1', { session }),
    job('10.0.0.1'),
    job('10.0.0.1'),
    job('10.0.0.2'),
    job('10.0.0.3'),
    job('10.0.0.4'),
  ]) {
    void worker.handle(delivery(body), never);
  }
  await settled();
  expect(bench.sends.map(({ address }) => address)).toEqual(['10.0.0.1', '10.0.0.1', '10.0.0.2', '10.0.0.3']);
  expect({ underWay: worker.underWay, waiting: worker.waiting }).toEqual({ underWay: 4, waiting: 3 });
  bench.sends[2]?.end(ANSWERED);
  await settled();
  // The session that waits for its own first job does not hold up another NAS.
  expect(bench.sends.at(-1)?.address).toBe('10.0.0.4');
});

test('a NAS that did not answer gets one request at a time until it does', async () => {
  const { worker, bench } = start();
  for (let index = 0; index < 5; index++) void worker.handle(delivery(job()), never);
  await settled();
  expect(bench.sends).toHaveLength(2);
  const silent: CoaSendResult = { kind: 'no-answer', transmissions: 5, discarded: {}, elapsedMs: 30_000 };
  bench.sends[0]?.end(silent);
  bench.sends[1]?.end(silent);
  await settled();
  expect(bench.sends).toHaveLength(3);
  bench.sends[2]?.end(ANSWERED);
  await settled();
  expect(bench.sends).toHaveLength(5);
});

test('a job that expired while it waited is not sent', async () => {
  const { worker, bench, reports, clock } = start();
  const session = { acctSessionId: 'same' };
  void worker.handle(delivery(job('10.0.0.1', { session })), never);
  const late = delivery(job('10.0.0.1', { session }));
  void worker.handle(late, never);
  await settled();
  await clock.advance(300_000);
  bench.sends[0]?.end(ANSWERED);
  await settled();
  expect(bench.sends).toHaveLength(1);
  expect(late.settled).toEqual(['completed']);
  expect(reports.at(-1)).toMatchObject({ stage: 'finished', outcome: 'expired' });
});

test('stop: what waits is left in the queue, what is under way may end within the grace, the rest is cut off', async () => {
  const { worker, bench, clock } = start();
  const messages = ['10.0.0.1', '10.0.0.1', '10.0.0.1'].map((nas) => delivery(job(nas)));
  for (const message of messages) void worker.handle(message, never);
  await settled();
  const stopping = worker.stop(5000);
  await settled();
  bench.sends[0]?.end(ANSWERED);
  await clock.advance(5000);
  await clock.advance(1000);
  await stopping;
  expect(messages.map((message) => message.settled)).toEqual([['completed'], [], []]);
  expect(bench.sends).toHaveLength(2);
  expect(bench.aborted).toBe(1);
});

test('what cannot be dealt with is given back', async () => {
  const { worker, bench, entries } = start();
  const message = delivery(job());
  void worker.handle({ ...message, complete: () => Promise.reject(new Error('refused')) }, never);
  await settled();
  bench.sends[0]?.end(ANSWERED);
  await settled();
  expect(message.settled).toEqual(['abandoned']);
  expect(entries).toContainEqual(expect.objectContaining({ level: 'error', event: 'relay.job-failed' }));
});

test('a NAS that does not sign its answers is named once', async () => {
  const { worker, bench, entries } = start();
  for (let index = 0; index < 2; index++) {
    void worker.handle(delivery(job()), never);
    await settled();
    bench.sends[index]?.unsigned();
    bench.sends[index]?.end(ANSWERED);
    await settled();
  }
  const warned = entries.filter(({ event }) => event === 'relay.unsigned-answer');
  expect(warned.map(({ fields }) => fields)).toEqual([
    expect.objectContaining({ code: 'NAC_RELAY_HARDENING', nas: 'all' }),
  ]);
});

describe('the brake', () => {
  /** The job is acknowledged as soon as it is sent. */
  async function through(bench: ReturnType<typeof start>, body: CoaJob): Promise<void> {
    const sends = bench.bench.sends.length;
    void bench.worker.handle(delivery(body), never);
    await settled();
    bench.bench.sends[sends]?.end(ANSWERED);
    await settled();
  }
  const finished = ({ reports }: ReturnType<typeof start>) => reports.filter(({ stage }) => stage === 'finished');

  test('what a minute has no room for leaves with the next one, in order, and once is it said', async () => {
    const bench = start({ perMinute: 2 });
    await through(bench, job('10.0.0.1'));
    await bench.clock.advance(20_000);
    for (const nas of ['10.0.0.2', '10.0.0.3', '10.0.0.4']) await through(bench, job(nas));
    expect(bench.bench.sends.map(({ address }) => address)).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(bench.worker.brake).toEqual({ perMinute: 2, lastMinute: 2, holding: true });
    expect(bench.worker.waiting).toBe(2);
    await bench.clock.advance(39_999);
    expect(bench.bench.sends).toHaveLength(2);
    await bench.clock.advance(1);
    expect(bench.bench.sends.at(-1)?.address).toBe('10.0.0.3');
    await bench.clock.advance(20_000);
    expect(bench.bench.sends.at(-1)?.address).toBe('10.0.0.4');
    expect(bench.worker.brake.holding).toBe(false);
    const braked = bench.entries.filter(({ event }) => event === 'relay.braked');
    expect(braked).toEqual([
      expect.objectContaining({ level: 'warn', fields: expect.objectContaining({ code: 'NAC_RELAY_BRAKE' }) }),
    ]);
  });

  test('stop does not wait for the minute: what is held stays in the queue', async () => {
    const bench = start({ perMinute: 1 });
    await through(bench, job());
    const held = delivery(job());
    void bench.worker.handle(held, never);
    await settled();
    await bench.worker.stop(0);
    await bench.clock.advance(120_000);
    expect({ settled: held.settled, sends: bench.bench.sends.length }).toEqual({ settled: [], sends: 1 });
  });

  test('more stations than ten minutes allow are reported back for another attempt, with the reason', async () => {
    const bench = start({ inTenMinutes: 2 });
    const station = (number: number, attempt = 1) =>
      job('10.0.0.1', { attempt, session: { callingStationId: `02-00-00-00-00-0${number}`, acctSessionId: 'a' } });
    for (const one of [station(1), station(2), station(3)]) await through(bench, one);
    expect(finished(bench).map(({ outcome }) => outcome)).toEqual(['acknowledged', 'acknowledged', 'no-answer']);
    expect(finished(bench).at(-1)).toMatchObject({ hint: expect.stringContaining('limits.inTenMinutes') });
    expect(finished(bench).at(-1)?.transmissions).toBeUndefined();
    expect(bench.worker.brake).toMatchObject({ inTenMinutes: 2, stationsInTenMinutes: 2, turnedBack: 1 });
    // A station that is among them is not one more.
    await through(bench, station(2, 2));
    expect(bench.bench.sends).toHaveLength(3);
    // The first one counts for ten minutes, and the second from its last request on.
    await bench.clock.advance(600_000);
    const decidedAt = bench.clock.now().toISOString();
    const expiresAt = new Date(bench.clock.now().getTime() + 60_000).toISOString();
    await through(bench, { ...station(3, 2), decidedAt, expiresAt });
    expect(finished(bench).at(-1)).toMatchObject({ outcome: 'acknowledged', attempt: 2 });
  });

  test('stations are counted by what the NAS goes by, whatever else a job says of them', async () => {
    const bench = start({ inTenMinutes: 2 });
    for (const acctSessionId of ['a', 'b', 'c']) {
      await through(bench, job('10.0.0.1', { session: { callingStationId: '02-00-00-00-00-01', acctSessionId } }));
    }
    expect(finished(bench).map(({ outcome }) => outcome)).toEqual(['acknowledged', 'acknowledged', 'no-answer']);
  });

  test('without limit of ten minutes none is reported back', async () => {
    const bench = start();
    for (let index = 0; index < 20; index++) await through(bench, job(`10.0.0.${index}`));
    expect(finished(bench).every(({ outcome }) => outcome === 'acknowledged')).toBe(true);
  });
});

describe('a job of another time', () => {
  const ahead = (milliseconds: number) => new Date(Date.parse('2026-11-20T12:00:00.750Z') + milliseconds).toISOString();

  test.each<[string, Partial<CoaJob>]>([
    ['expires a day and a millisecond ahead', { expiresAt: ahead(86_400_001) }],
    ['expires in another century', { expiresAt: '9999-12-31T23:59:59Z' }],
    ['was decided an hour and a millisecond ahead', { decidedAt: ahead(3_600_001), expiresAt: ahead(3_700_000) }],
  ])('that %s goes to the dead letters, with a code', async (_, times) => {
    const { worker, bench, entries } = start();
    const message = delivery(job('10.0.0.1', times));
    await worker.handle(message, never);
    expect({ settled: message.settled, sends: bench.sends }).toEqual({ settled: ['NAC_RELAY_JOB_TIME'], sends: [] });
    expect(entries).toContainEqual(
      expect.objectContaining({
        event: 'relay.job-refused',
        fields: expect.objectContaining({ description: expect.stringContaining('NTP') }),
      }),
    );
  });

  test('on the edge it is sent', async () => {
    const { worker, bench } = start();
    void worker.handle(delivery(job('10.0.0.1', { decidedAt: ahead(3_600_000), expiresAt: ahead(86_400_000) })), never);
    await settled();
    expect(bench.sends).toHaveLength(1);
  });
});
