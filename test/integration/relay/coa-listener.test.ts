// The sender and the profiles against a NAS played by FreeRADIUS.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { NAS_PROFILES } from '../../../relay/profiles/nas-profiles.ts';
import type { Attribute } from '../../../relay/radius/attribute-table.ts';
import { type CoaSender, type CoaTarget, createCoaSender } from '../../../relay/radius/coa-sender.ts';
import type { CoaRequest } from '../../../relay/radius/encode-request.ts';
import { reportSendResult } from '../../../relay/radius/report-send-result.ts';
import { type RetransmissionTimes, RFC5080_TIMES } from '../../../relay/radius/retransmission-timeouts.ts';
import { systemSendClock } from '../../../relay/radius/send-clock.ts';
import type { CoaAction } from '../../../shared/domain/coa-job.ts';
import { type CoaListener, startCoaListener } from '../../support/freeradius/start-coa-listener.ts';
import { type RecordedUdp, recordedUdp } from './recorded-udp.ts';

/** For answers that do not come. */
const QUICK: RetransmissionTimes = {
  initialMs: 100,
  maximumMs: 200,
  maximumCount: 3,
  maximumDurationMs: 1000,
  jitter: 0.1,
};

let nas: CoaListener;
let network: RecordedUdp;
/** For answers that come, so that a busy machine does not fail a test. */
let patient: CoaSender;
let quick: CoaSender;

beforeAll(async () => {
  nas = await startCoaListener();
});

afterAll(async () => {
  await nas?.stop();
});

beforeEach(() => {
  network = recordedUdp();
  patient = createCoaSender({ times: RFC5080_TIMES, openSocket: network.openSocket });
  quick = createCoaSender({ times: QUICK, openSocket: network.openSocket });
});

afterEach(async () => {
  await Promise.all([patient.close(), quick.close()]);
});

const target = (more: Partial<CoaTarget> = {}): CoaTarget => ({
  address: '127.0.0.1',
  port: nas.port,
  secret: nas.secret,
  ...more,
});
const coa = (...attributes: Attribute[]): CoaRequest => ({ packet: 'CoA-Request', attributes });
const disconnect = (...attributes: Attribute[]): CoaRequest => ({ packet: 'Disconnect-Request', attributes });
const LIVE: Attribute = ['Acct-Session-Id', 'live-1'];
const SILENT: Attribute = ['Acct-Session-Id', 'silent'];

describe('answers', () => {
  test.each([
    ['CoA-ACK', coa(LIVE)],
    ['Disconnect-ACK', disconnect(LIVE)],
  ])('%s', async (_name, request) => {
    const result = await patient.send(target(), request);
    expect(result).toMatchObject({ kind: 'ack', transmissions: 1, discarded: {} });
    expect(reportSendResult(result, target())).toEqual({ outcome: 'acknowledged', transmissions: 1 });
  });

  test.each([401, 402, 403, 404, 405, 406, 407, 501, 502, 503, 504, 505, 506, 507, 508])(
    'NAK with Error-Cause %i, to both kinds of request',
    async (code) => {
      for (const request of [coa, disconnect]) {
        expect(await patient.send(target(), request(['Acct-Session-Id', `cause-${code}`]))).toMatchObject({
          kind: 'nak',
          errorCause: { code, name: expect.stringMatching(/^[A-Z]/) },
          transmissions: 1,
          discarded: {},
        });
      }
    },
  );

  test('NAK without Error-Cause', async () => {
    const result = await patient.send(target(), coa(['Acct-Session-Id', 'no-cause']));
    expect(result.kind).toBe('nak');
    expect(result).not.toHaveProperty('errorCause');
  });

  test('over IPv6', async () => {
    expect(await patient.send(target({ address: '0:0:0:0:0:0:0:1' }), coa(LIVE))).toMatchObject({ kind: 'ack' });
  });

  test('600 at once, over three source ports', async () => {
    const persistent = createCoaSender({ times: { ...QUICK, maximumCount: 0, maximumDurationMs: 20_000 } });
    try {
      const sending = Array.from({ length: 600 }, (_, index) =>
        persistent.send(target(), coa(['Acct-Session-Id', `live-${index}`])),
      );
      const results = await Promise.all(sending);
      expect(results.filter(({ kind }) => kind !== 'ack')).toEqual([]);
      expect(persistent.openPorts).toBe(3);
    } finally {
      await persistent.close();
    }
  });
});

describe('what the NAS insists on', () => {
  test('Message-Authenticator: with it', async () => {
    const demanding = target({ sourceAddress: nas.demandingSource });
    expect(await patient.send(demanding, coa(LIVE))).toMatchObject({ kind: 'ack' });
  });

  test('Message-Authenticator: without it', async () => {
    const demanding = target({ sourceAddress: nas.demandingSource, messageAuthenticator: false });
    const result = await quick.send(demanding, coa(LIVE));
    expect(result).toMatchObject({ kind: 'no-answer', transmissions: 3, discarded: {} });
    expect(reportSendResult(result, demanding).hint).toContain('Message-Authenticator is switched off');
  });

  test('neither, where the NAS asks for neither', async () => {
    const plain = target({ messageAuthenticator: false, eventTimestamp: false });
    expect(await patient.send(plain, disconnect(LIVE))).toMatchObject({ kind: 'ack' });
  });

  test('Event-Timestamp: of now', async () => {
    expect(await patient.send(target({ port: nas.strictPort }), coa(LIVE))).toMatchObject({ kind: 'ack' });
  });

  test('Event-Timestamp: none', async () => {
    expect(await patient.send(target({ port: nas.strictPort, eventTimestamp: false }), coa(LIVE))).toMatchObject({
      kind: 'nak',
      errorCause: { code: 402, name: 'Missing Attribute' },
    });
  });

  test.each([-600, 600])('Event-Timestamp: of a clock that is %i seconds off', async (seconds) => {
    const off = createCoaSender({
      times: QUICK,
      clock: { ...systemSendClock, now: () => new Date(Date.now() + seconds * 1000) },
    });
    try {
      expect(await off.send(target({ port: nas.strictPort }), coa(LIVE))).toMatchObject({ kind: 'no-answer' });
    } finally {
      await off.close();
    }
  });
});

describe('silence', () => {
  test('a NAS that ignores the request: three transmissions of the same octets from the same port', async () => {
    const result = await quick.send(target(), coa(SILENT));
    expect(result).toMatchObject({ kind: 'no-answer', transmissions: 3, discarded: {} });
    expect(
      new Set(network.datagrams.map(({ octets, localPort }) => `${localPort} ${octets.toString('hex')}`)).size,
    ).toBe(1);
    expect(network.datagrams).toHaveLength(3);
  });

  test('a wrong secret, signed in whichever way', async () => {
    const results = await Promise.all(
      [true, false].map((messageAuthenticator) =>
        quick.send(target({ secret: 'another', messageAuthenticator }), coa(LIVE)),
      ),
    );
    for (const result of results) expect(result).toMatchObject({ kind: 'no-answer', discarded: {} });
    expect(results[0] && reportSendResult(results[0], target()).hint).toContain('wrong secret');
  });

  test('a NAS that does not know the relay', async () => {
    expect(await quick.send(target({ sourceAddress: '127.0.0.3' }), coa(LIVE))).toMatchObject({ kind: 'no-answer' });
  });

  test('a slow NAS: one ACK, though the request was repeated while it worked', async () => {
    const slow = createCoaSender({
      times: { ...QUICK, maximumCount: 0, maximumDurationMs: 20_000 },
      openSocket: network.openSocket,
    });
    try {
      const result = await slow.send(target(), coa(['Acct-Session-Id', 'slow']));
      expect(result).toMatchObject({ kind: 'ack', discarded: {} });
      expect(result.transmissions).toBeGreaterThan(2);
      // The repetitions were there before its answer; an answer to one of them would be here before the next ACK.
      await slow.send(target(), coa(LIVE));
      expect(network.datagrams.filter(({ direction }) => direction === 'received')).toHaveLength(2);
    } finally {
      await slow.close();
    }
  });

  test('an abort ends it', async () => {
    const stop = new AbortController();
    const sending = patient.send(target(), coa(SILENT), { signal: stop.signal });
    stop.abort(new Error('lock lost'));
    await expect(sending).rejects.toThrow('lock lost');
  });
});

describe('the Message-Authenticator that FreeRADIUS 3.2.1 puts into answers', () => {
  test('is refused', async () => {
    const signing = target({ port: nas.signingPort });
    const result = await quick.send(signing, coa(LIVE));
    expect(result).toMatchObject({ kind: 'no-answer' });
    expect(result.discarded['message-authenticator']).toBeGreaterThan(0);
    expect(reportSendResult(result, signing).hint).toContain('legacyZeroMessageAuthenticator');
  });

  test.each([
    ['CoA-ACK', coa(LIVE)],
    ['Disconnect-ACK', disconnect(LIVE)],
  ])('is accepted where that is allowed: %s', async (_name, request) => {
    const signing = target({ port: nas.signingPort, legacyZeroMessageAuthenticator: true });
    expect(await patient.send(signing, request)).toMatchObject({ kind: 'ack', discarded: {} });
  });
});

describe.each([...NAS_PROFILES.values()])('profile $name', (profile) => {
  const session = { callingStationId: '02-00-00-00-00-01', auditSessionId: '0A0101010000000A', nasPort: 50_101 };

  async function carryOut(action: CoaAction, nasIpAddress: string) {
    const answer = profile.request(
      { action, session, nas: { nasIpAddress } },
      { alsoIdentifyBy: ['NAS-IP-Address', 'NAS-Port'] },
    );
    if (!answer.possible) throw new Error(answer.reason);
    return patient.send(target(), answer.request);
  }

  test.each(['reauthenticate', 'disconnect'] as const)('%s', async (action) => {
    expect(await carryOut(action, '192.0.2.10')).toMatchObject({ kind: 'ack' });
    expect(await carryOut(action, '192.0.2.11')).toMatchObject({ kind: 'nak', errorCause: { code: 403 } });
  });

  test('a session the NAS does not have', async () => {
    const gone = { ...session, callingStationId: '02-00-00-00-00-99' };
    const answer = profile.request({ action: 'reauthenticate', session: gone, nas: {} }, {});
    if (!answer.possible) throw new Error(answer.reason);
    const result = await patient.send(target(), answer.request);
    expect(reportSendResult(result, target())).toMatchObject({ outcome: 'refused', errorCause: { code: 503 } });
  });
});
