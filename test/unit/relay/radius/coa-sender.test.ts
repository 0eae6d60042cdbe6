// Sending a request: answers, retransmissions, limits and the end of the sender.

import { beforeEach, describe, expect, test } from 'vitest';
import {
  type CoaSender,
  CoaSenderClosedError,
  type CoaSenderOptions,
  type CoaSendResult,
  type CoaTarget,
  createCoaSender,
} from '../../../../relay/radius/coa-sender.ts';
import type { CoaRequest } from '../../../../relay/radius/encode-request.ts';
import { RFC5080_TIMES } from '../../../../relay/radius/retransmission-timeouts.ts';
import { type FakeUdp, fakeUdp, type SentDatagram } from './fake-udp.ts';
import { type ManualSendClock, manualSendClock, settled } from './manual-send-clock.ts';
import { errorCauseAttribute, type SignedAnswerOptions, signedAnswer } from './signed-answer.ts';

const SECRET = 'a-shared-secret';
const TARGET: CoaTarget = { address: '192.0.2.10', port: 3799, secret: SECRET };
const REQUEST: CoaRequest = { packet: 'CoA-Request', attributes: [['Calling-Station-Id', '00-11-22-33-44-55']] };
const WINDOW = 300_000;

let clock: ManualSendClock;
let network: FakeUdp;

beforeEach(() => {
  clock = manualSendClock();
  network = fakeUdp(clock);
});

/** With a RAND of zero by default. */
function sender(options: CoaSenderOptions = {}): CoaSender {
  return createCoaSender({ clock, openSocket: network.openSocket, random: () => 0.5, ...options });
}

const answerTo = (sent: SentDatagram, more: Partial<SignedAnswerOptions> = {}) =>
  signedAnswer({ request: sent.octets, code: 44, secret: SECRET, ...more });

const acknowledgeAll = () => {
  network.onSent = (sent) => sent.reply(answerTo(sent));
};

function onlySent(): SentDatagram {
  const [sent] = network.sent;
  if (sent === undefined) throw new Error('Nothing was sent');
  return sent;
}

/** The promise without an unhandled rejection while the test lets time pass. */
function watched<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

async function sentTimes(coa: CoaSender): Promise<{ times: number[]; result: CoaSendResult }> {
  const sending = coa.send(TARGET, REQUEST);
  await clock.advance(60_000);
  return { times: network.sent.map(({ at }) => at), result: await sending };
}

describe('an answered request', () => {
  test('ACK', async () => {
    network.onSent = (sent) => void clock.after(40, () => sent.reply(answerTo(sent)));
    const sending = sender().send(TARGET, REQUEST);
    await clock.advance(40);
    expect(await sending).toEqual({ kind: 'ack', transmissions: 1, discarded: {}, elapsedMs: 40, identifier: 128 });
    await clock.advance(60_000);
    expect(network.sent).toHaveLength(1);
  });

  test('NAK with Error-Cause', async () => {
    network.onSent = (sent) => sent.reply(answerTo(sent, { code: 45, attributes: errorCauseAttribute(503) }));
    expect(await sender().send(TARGET, REQUEST)).toMatchObject({
      kind: 'nak',
      errorCause: { code: 503, name: 'Session Context Not Found' },
    });
  });

  test('NAK without Error-Cause', async () => {
    network.onSent = (sent) => sent.reply(answerTo(sent, { code: 45 }));
    expect(await sender().send(TARGET, REQUEST)).toEqual({
      kind: 'nak',
      transmissions: 1,
      discarded: {},
      elapsedMs: 0,
      identifier: 128,
    });
  });

  test('Disconnect-ACK that says the rest of the session was removed', async () => {
    network.onSent = (sent) => sent.reply(answerTo(sent, { code: 41, attributes: errorCauseAttribute(201) }));
    expect(await sender().send(TARGET, { packet: 'Disconnect-Request', attributes: [] })).toMatchObject({
      kind: 'ack',
      errorCause: { code: 201 },
    });
  });
});

describe('what is sent', () => {
  const attributeTypes = ({ octets }: SentDatagram) => {
    const types = [];
    for (let at = 20; at < octets.length; at += octets.readUInt8(at + 1)) types.push(octets.readUInt8(at));
    return types;
  };

  test.each([
    [{}, [80, 31, 55]],
    [{ messageAuthenticator: false }, [31, 55]],
    [{ eventTimestamp: false }, [80, 31]],
    [{ messageAuthenticator: false, eventTimestamp: false }, [31]],
  ])('%j', async (switches, types) => {
    acknowledgeAll();
    await sender().send({ ...TARGET, ...switches }, REQUEST);
    expect(attributeTypes(onlySent())).toEqual(types);
    expect(onlySent().to).toEqual({ address: '192.0.2.10', port: 3799 });
  });

  test('Event-Timestamp is the second in which the request is made', async () => {
    acknowledgeAll();
    await sender().send(TARGET, REQUEST);
    expect(onlySent().octets.readUInt32BE(onlySent().octets.length - 4)).toBe(Date.UTC(2026, 10, 20, 12) / 1000);
  });

  test('IPv6, a source address, a secret of octets', async () => {
    network.onSent = (sent) => sent.reply(answerTo(sent), { address: '2001:db8:0:0::a', port: 1700 });
    const target = { address: '2001:DB8::A', port: 1700, sourceAddress: '2001:db8::1', secret: Buffer.from(SECRET) };
    expect(await sender().send(target, REQUEST)).toMatchObject({ kind: 'ack' });
    expect(network.opened).toEqual([{ family: 6, sourceAddress: '2001:db8::1', port: 49_152 }]);
  });

  test.each<[string, Partial<CoaTarget>]>([
    ['a host name', { address: 'switch.example' }],
    ['port 0', { port: 0 }],
    ['port 65536', { port: 65_536 }],
    ['an empty secret', { secret: '' }],
    ['a source of another family', { sourceAddress: '::1' }],
    ['a source that is no address', { sourceAddress: 'eth0' }],
  ])('%s is refused before a socket is opened', async (_name, more) => {
    await expect(sender().send({ ...TARGET, ...more }, REQUEST)).rejects.toThrow(RangeError);
    expect(network.opened).toEqual([]);
  });

  test('an attribute that cannot be encoded is refused before a socket is opened', async () => {
    const request: CoaRequest = { packet: 'CoA-Request', attributes: [['User-Name', '']] };
    await expect(sender().send(TARGET, request)).rejects.toThrow('User-Name is empty');
    expect(network.opened).toEqual([]);
  });
});

describe('retransmission', () => {
  test('by the times of RFC 5080, the end counted from the first transmission', async () => {
    const { times, result } = await sentTimes(sender());
    expect(times).toEqual([0, 2000, 6000, 14_000]);
    expect(result).toEqual({
      kind: 'no-answer',
      transmissions: 4,
      discarded: {},
      elapsedMs: 30_000,
      identifier: 128,
    });
  });

  test('the shortest waits that RAND allows leave room for all five', async () => {
    const { times, result } = await sentTimes(sender({ random: () => 0 }));
    expect(times.map(Math.round)).toEqual([0, 1800, 5220, 11_718, 24_064]);
    expect(result).toMatchObject({ kind: 'no-answer', transmissions: 5, elapsedMs: 30_000 });
  });

  test('the longest waits that RAND allows', async () => {
    const { times } = await sentTimes(sender({ random: () => 1 - 2 ** -53 }));
    expect(times.map(Math.round)).toEqual([0, 2200, 6820, 16_522]);
  });

  test('without a limit on the duration it ends one wait after the last transmission', async () => {
    const { times, result } = await sentTimes(
      sender({ times: { ...RFC5080_TIMES, maximumDurationMs: 0, maximumCount: 3 } }),
    );
    expect(times).toEqual([0, 2000, 6000]);
    expect(result).toMatchObject({ kind: 'no-answer', transmissions: 3, elapsedMs: 14_000 });
  });

  test('without a limit on the count the wait grows to MRT', async () => {
    const { times } = await sentTimes(
      sender({ times: { ...RFC5080_TIMES, maximumDurationMs: 60_000, maximumCount: 0 } }),
    );
    expect(times).toEqual([0, 2000, 6000, 14_000, 30_000, 46_000]);
  });

  test('without a limit on the wait it goes on doubling', async () => {
    const { times } = await sentTimes(
      sender({ times: { ...RFC5080_TIMES, maximumMs: 0, maximumDurationMs: 60_000, maximumCount: 0 } }),
    );
    expect(times).toEqual([0, 2000, 6000, 14_000, 30_000]);
  });

  test('the same octets from the same port, though the clock moves on', async () => {
    const coa = sender();
    await sentTimes(coa);
    expect(new Set(network.sent.map(({ octets }) => octets.toString('hex'))).size).toBe(1);
    expect(new Set(network.sent.map(({ sourcePort }) => sourcePort)).size).toBe(1);
  });

  test('each transmission is reported, after it has left', async () => {
    const reported: unknown[] = [];
    const onTransmission = (count: number) => void reported.push([count, network.sent.length]);
    const sending = sender({ times: { ...RFC5080_TIMES, maximumCount: 3 } }).send(TARGET, REQUEST, { onTransmission });
    await clock.advance(60_000);
    expect(await sending).toMatchObject({ kind: 'no-answer', transmissions: 3 });
    expect(reported).toEqual([1, 2, 3].map((count) => [count, count]));
  });

  test('an answer to the third transmission', async () => {
    network.onSent = (sent) => {
      if (network.sent.length === 3) sent.reply(answerTo(sent));
    };
    const { result } = await sentTimes(sender());
    expect(result).toMatchObject({ kind: 'ack', transmissions: 3, elapsedMs: 6000 });
  });

  test('goes on while the system refuses to send, and says why', async () => {
    network.sendError = Object.assign(new Error('no route'), { code: 'ENETUNREACH' });
    const { result } = await sentTimes(sender());
    expect(result).toMatchObject({ kind: 'no-answer', transmissions: 4, localError: 'ENETUNREACH' });
  });

  test('a socket that cannot be opened', async () => {
    network.openError = Object.assign(new Error('not here'), { code: 'EADDRNOTAVAIL' });
    expect(await sender().send({ ...TARGET, sourceAddress: '198.51.100.1' }, REQUEST)).toEqual({
      kind: 'no-answer',
      transmissions: 0,
      discarded: {},
      elapsedMs: 0,
      localError: 'EADDRNOTAVAIL',
    });
  });
});

describe('answers that are not the answer', () => {
  test('forged ones are counted by reason, and the true one behind them counts', async () => {
    network.onSent = (sent) => {
      sent.reply(answerTo(sent, { secret: 'guessed' }));
      sent.reply(answerTo(sent, { secret: 'guessed again' }));
      sent.reply(answerTo(sent, { code: 2 }));
      sent.reply(answerTo(sent, { messageAuthenticator: 'wrong' }));
      sent.reply(sent.octets.subarray(0, 10));
      sent.reply(answerTo(sent, { code: 45, attributes: errorCauseAttribute(506) }));
    };
    expect(await sender().send(TARGET, REQUEST)).toMatchObject({
      kind: 'nak',
      errorCause: { code: 506 },
      transmissions: 1,
      discarded: { authenticator: 2, code: 1, 'message-authenticator': 1, 'too-short': 1 },
    });
  });

  test('only forged ones: no answer', async () => {
    network.onSent = (sent) => sent.reply(answerTo(sent, { secret: 'guessed' }));
    const { result } = await sentTimes(sender());
    expect(result).toMatchObject({ kind: 'no-answer', discarded: { authenticator: 4 } });
  });

  test.each([
    [{ address: '192.0.2.11', port: 3799 }],
    [{ address: '192.0.2.10', port: 3800 }],
    [{ address: '::1', port: 3799 }],
  ])('a right answer from %j is noted, not taken; a wrong one is nothing', async (from) => {
    network.onSent = (sent) => {
      sent.reply(answerTo(sent), from);
      sent.reply(answerTo(sent, { secret: 'guessed' }), from);
    };
    const { result } = await sentTimes(sender());
    expect(result).toMatchObject({ kind: 'no-answer', discarded: { source: 4 } });
  });

  test('another identifier, and a datagram without any', async () => {
    network.onSent = (sent) => {
      sent.reply(answerTo(sent, { identifier: 3 }));
      sent.reply(Buffer.of(44));
      sent.reply(Buffer.alloc(0));
    };
    const { result } = await sentTimes(sender());
    expect(result).toMatchObject({ kind: 'no-answer', discarded: {} });
  });

  test('the second of two answers changes nothing', async () => {
    network.onSent = (sent) => {
      sent.reply(answerTo(sent));
      sent.reply(answerTo(sent, { code: 45, attributes: errorCauseAttribute(503) }));
    };
    expect(await sender().send(TARGET, REQUEST)).toMatchObject({ kind: 'ack', discarded: {} });
  });

  test('a late answer, to a request given up, is not taken for the next one', async () => {
    const coa = sender();
    const { result } = await sentTimes(coa);
    expect(result.kind).toBe('no-answer');
    const late = onlySent();

    network.sent.length = 0;
    const next = coa.send(TARGET, REQUEST);
    await settled();
    late.reply(answerTo(late));
    await clock.advance(1000);
    onlySent().reply(answerTo(onlySent(), { code: 45 }));
    expect(await next).toMatchObject({ kind: 'nak', transmissions: 1 });
  });

  test('legacyZeroMessageAuthenticator accepts what is refused without', async () => {
    network.onSent = (sent) => sent.reply(answerTo(sent, { messageAuthenticator: 'zero' }));
    const coa = sender();
    const accepted = coa.send({ ...TARGET, legacyZeroMessageAuthenticator: true }, REQUEST);
    const refused = coa.send(TARGET, REQUEST);
    await clock.advance(60_000);
    expect(await accepted).toMatchObject({ kind: 'ack' });
    expect(await refused).toMatchObject({ kind: 'no-answer', discarded: { 'message-authenticator': 4 } });
  });
});

describe('identifiers and source ports', () => {
  /** Fails if two requests to one NAS share port and identifier within the replay window. */
  function expectNoRepeats(): void {
    const last = new Map<string, number>();
    for (const { at, sourcePort, to, octets } of network.sent) {
      const key = `${to.address} ${to.port} ${sourcePort} ${octets[1]}`;
      expect(at - (last.get(key) ?? Number.NEGATIVE_INFINITY), key).toBeGreaterThanOrEqual(WINDOW);
      last.set(key, at);
    }
  }

  test('2,000 requests at once: eight ports, no identifier twice', async () => {
    acknowledgeAll();
    const coa = sender();
    const results = await Promise.all(Array.from({ length: 2000 }, () => coa.send(TARGET, REQUEST)));
    expect(results.every(({ kind }) => kind === 'ack')).toBe(true);
    expect(network.sent).toHaveLength(2000);
    expect(coa.openPorts).toBe(8);
    expectNoRepeats();
    await coa.close();
  });

  test('2,000 requests over an hour, with sockets closed in between and ports handed out again', async () => {
    acknowledgeAll();
    network.nextPorts.push(...Array.from({ length: 4000 }, (_, index) => 50_000 + (index % 3)));
    const coa = sender({ idleCloseMs: 500 });
    for (let sent = 0; sent < 2000; sent++) {
      // Bursts, and pauses in which the socket is closed.
      await clock.advance(sent % 100 === 0 ? 60_000 : sent % 7 === 0 ? 600 : 20);
      await coa.send(TARGET, REQUEST);
    }
    expect(network.sent).toHaveLength(2000);
    expect(network.opened.length).toBeGreaterThan(100);
    expectNoRepeats();
    await coa.close();
  });

  test('an identifier is kept for the whole window after its request has ended', async () => {
    acknowledgeAll();
    const coa = sender({ maximumPorts: 1, idleCloseMs: 10 * WINDOW });
    await Promise.all(Array.from({ length: 256 }, () => coa.send(TARGET, REQUEST)));
    await clock.advance(WINDOW - 1);
    const early = watched(coa.send(TARGET, REQUEST, { signal: AbortSignal.abort() }));
    await expect(early).rejects.toMatchObject({ name: 'AbortError' });
    const stop = new AbortController();
    const waiting = watched(coa.send(TARGET, REQUEST, { signal: stop.signal }));
    await settled();
    expect(network.sent).toHaveLength(256);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    await clock.advance(1);
    expect(await coa.send(TARGET, REQUEST)).toMatchObject({ kind: 'ack', identifier: 128 });
    await coa.close();
  });

  test('each NAS has identifiers of its own at the same port', async () => {
    const coa = sender();
    const targets = Array.from({ length: 300 }, (_, index) => ({
      ...TARGET,
      address: `10.0.${index >> 8}.${index & 255}`,
    }));
    const sending = targets.map((target) => coa.send(target, REQUEST));
    await settled();
    for (const sent of network.sent) sent.reply(answerTo(sent));
    expect((await Promise.all(sending)).every(({ kind }) => kind === 'ack')).toBe(true);
    expect(network.opened).toHaveLength(1);
    await coa.close();
  });

  test('the number of sockets is bounded; who finds none waits for one', async () => {
    const coa = sender({ maximumPorts: 2, idleCloseMs: 500 });
    const sending = Array.from({ length: 600 }, () => coa.send(TARGET, REQUEST));
    await settled();
    await settled();
    expect([network.sent.length, network.open]).toEqual([512, 2]);
    acknowledgeAll();
    for (const sent of network.sent) sent.reply(answerTo(sent));
    await clock.advance(500);
    expect(network.open).toBeLessThanOrEqual(2);
    const results = await Promise.all(sending);
    expect(results.every(({ kind }) => kind === 'ack')).toBe(true);
    expectNoRepeats();
    await coa.close();
  });

  test('an idle socket is closed, a busy one is not', async () => {
    const coa = sender({ idleCloseMs: 5000 });
    expect(coa.openPorts).toBe(0);
    const sending = coa.send(TARGET, REQUEST);
    await clock.advance(8000);
    expect(coa.openPorts).toBe(1);
    const last = network.sent.at(-1);
    last?.reply(answerTo(last));
    await sending;
    await clock.advance(4999);
    expect(coa.openPorts).toBe(1);
    await clock.advance(1);
    expect([coa.openPorts, network.open, clock.pending]).toEqual([0, 0, 0]);
  });

  test('families and source addresses do not share sockets', async () => {
    acknowledgeAll();
    const coa = sender();
    await coa.send(TARGET, REQUEST);
    await coa.send({ ...TARGET, sourceAddress: '192.0.2.1' }, REQUEST);
    await coa.send({ ...TARGET, address: '::1' }, REQUEST);
    expect(network.opened.map(({ family, sourceAddress }) => [family, sourceAddress])).toEqual([
      [4, undefined],
      [4, '192.0.2.1'],
      [6, undefined],
    ]);
    await coa.close();
  });
});

describe('abort and close', () => {
  test('an abort between two transmissions ends the request', async () => {
    const stop = new AbortController();
    const coa = sender();
    const sending = watched(coa.send(TARGET, REQUEST, { signal: stop.signal }));
    await clock.advance(3000);
    expect(network.sent).toHaveLength(2);
    stop.abort(new Error('lock lost'));
    await expect(sending).rejects.toThrow('lock lost');
    await clock.advance(60_000);
    expect(network.sent).toHaveLength(2);
    expect([network.open, clock.pending]).toEqual([0, 0]);
  });

  test('an abort while the socket opens: nothing is sent', async () => {
    const stop = new AbortController();
    const sending = watched(sender().send(TARGET, REQUEST, { signal: stop.signal }));
    stop.abort(new Error('lock lost'));
    await expect(sending).rejects.toThrow('lock lost');
    await clock.advance(60_000);
    expect([network.sent.length, network.open]).toEqual([0, 0]);
  });

  test('an abort in the moment in which an open socket is found: nothing is sent', async () => {
    acknowledgeAll();
    const coa = sender();
    await coa.send(TARGET, REQUEST);
    const stop = new AbortController();
    const sending = watched(coa.send(TARGET, REQUEST, { signal: stop.signal }));
    stop.abort(new Error('lock lost'));
    await expect(sending).rejects.toThrow('lock lost');
    expect(network.sent).toHaveLength(1);
    await coa.close();
  });

  test('an abort after the answer changes nothing', async () => {
    acknowledgeAll();
    const stop = new AbortController();
    const result = await sender().send(TARGET, REQUEST, { signal: stop.signal });
    stop.abort();
    expect(result.kind).toBe('ack');
  });

  test('close ends requests under way and waiting, and leaves nothing', async () => {
    const coa = sender({ maximumPorts: 1 });
    const sending = Array.from({ length: 300 }, () => watched(coa.send(TARGET, REQUEST)));
    await clock.advance(1000);
    expect(network.sent).toHaveLength(256);
    await coa.close();
    for (const result of await Promise.allSettled(sending)) {
      expect(result).toMatchObject({ status: 'rejected', reason: new CoaSenderClosedError() });
    }
    expect([network.open, clock.pending]).toEqual([0, 0]);
    await expect(coa.send(TARGET, REQUEST)).rejects.toThrow(CoaSenderClosedError);
    await coa.close();
    expect(network.opened).toHaveLength(1);
  });

  test('close while a socket opens', async () => {
    const coa = sender();
    const sending = watched(coa.send(TARGET, REQUEST));
    await coa.close();
    await expect(sending).rejects.toThrow(CoaSenderClosedError);
    expect([network.open, network.sent.length, clock.pending]).toEqual([0, 0, 0]);
  });
});
