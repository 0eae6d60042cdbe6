// Stations of the simulated switch over HTTP: they connect, roam and leave, the switch asks a stub of the connector and
// accounts to it, and takes what a hostile network sends.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createServerCertificates } from '../../../local/certificates/server-certificates.ts';
import { readAccessAnswer } from '../../../local/simulated-switch/access-answer.ts';
import { judgeCoaRequest } from '../../../local/simulated-switch/judge-coa-request.ts';
import { readCoaRequest } from '../../../local/simulated-switch/read-coa-request.ts';
import { startSimulatedSwitch } from '../../../local/simulated-switch/simulated-switch.ts';
import type { Attribute } from '../../../relay/radius/attribute-table.ts';
import { verifyAnswer } from '../../../relay/radius/verify-answer.ts';
import { readAccessRequest } from '../../../shared/lookup/read-access-request.ts';
import { readAccountingEvent } from '../../../shared/lookup/read-accounting-event.ts';
import { runProgram } from '../../support/freeradius/run-program.ts';
import {
  API_KEY,
  account,
  attribute,
  BAD,
  coa,
  connected,
  control,
  disconnect,
  encoded,
  events,
  exchange,
  folder,
  GOOD,
  happened,
  nas,
  patient,
  quick,
  REAUTHENTICATE,
  REPLIES,
  received,
  records,
  SECRET_OCTETS,
  STATION,
  signed,
  socket,
  startOtherSwitch,
  switchOptions,
  target,
  until,
  useSwitch,
} from './switch-site.ts';

useSwitch();

describe('stations', () => {
  test('connecting asks the lookup as MAB, opens the session and says Start', async () => {
    const answer = await control('POST', '/connect', { mac: 'a4bb.6d01.0203', port: 'Gi1/0/7' });
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({
      mac: 'a4bb6d010203',
      callingStationId: STATION,
      port: 'Gi1/0/7',
      role: 'staff',
      vlan: '10',
      sessionTimeoutSeconds: 3600,
      class: 'decision-1',
      acctSessionId: expect.stringMatching(/^[0-9A-F]{8}$/),
      auditSessionId: expect.stringMatching(/^7F000001[0-9A-F]{16}$/),
    });
    expect(nas.sessions()).toEqual([answer.json]);
    expect((await control('GET', '/sessions')).json).toEqual([answer.json]);

    expect(received[0]?.headers).toMatchObject({
      'x-api-key': API_KEY,
      accept: 'text/plain',
      'content-type': 'application/json',
    });
    const common = {
      userName: 'a4bb6d010203',
      callingStationId: STATION,
      nasIpAddress: '127.0.0.1',
      nasIdentifier: 'switch-1',
      nasPortId: 'Gi1/0/7',
      nasPortType: 'Ethernet',
      packetSourceIp: '127.0.0.1',
      acctSessionId: answer.json['acctSessionId'],
    };
    expect(records('/api/lookup')).toEqual([{ ...common, method: 'mab', serviceType: 'Call-Check' }]);
    expect(records('/api/accounting')).toEqual([
      {
        ...common,
        status: 'Start',
        nasPort: '50107',
        auditSessionId: answer.json['auditSessionId'],
        class: 'decision-1',
        eventTime: expect.stringMatching(/^\d{10}$/),
      },
    ]);
    expect(events).toMatchObject([{ event: 'connected', switch: 'switch-1', mac: STATION, role: 'staff', vlan: '10' }]);
    expect(JSON.stringify(events)).not.toContain(API_KEY);
  });

  test('the connector understands questions and records', async () => {
    const session = await connected();
    await control('POST', '/disconnect', { mac: STATION });
    const [question, start, stop] = received.map(({ fields }) => JSON.stringify(fields));
    expect(readAccessRequest(question ?? '')).toMatchObject({ method: 'mab', callingStationId: STATION });
    const now = new Date().toISOString();
    for (const [record, status] of [
      [start, 'Start'],
      [stop, 'Stop'],
    ] as const) {
      expect(readAccountingEvent(record ?? '', now)).toMatchObject({
        status,
        callingStationId: STATION,
        acctSessionId: session.acctSessionId,
        auditSessionId: session.auditSessionId,
        nasPort: 50_107,
      });
    }
  });

  test('stations get ports and session ids of their own', async () => {
    await control('POST', '/connect', { mac: '00-11-22-33-44-01' });
    await control('POST', '/connect', { mac: '00-11-22-33-44-02' });
    expect(nas.sessions().map(({ port }) => port)).toEqual(['Gi1/0/1', 'Gi1/0/2']);
    for (const id of ['acctSessionId', 'auditSessionId'] as const) {
      expect(new Set(nas.sessions().map((session) => session[id])).size).toBe(2);
    }
  });

  test('connecting once more ends the session that was there', async () => {
    const first = await connected();
    REPLIES.lookup = { status: 200, body: BAD };
    const second = await connected();
    expect(nas.sessions()).toEqual([second]);
    expect(account()).toEqual([
      `Start ${first.acctSessionId} decision-1`,
      `Stop ${first.acctSessionId} decision-1`,
      `Start ${second.acctSessionId} decision-2`,
    ]);
  });

  test('a deny is no session', async () => {
    REPLIES.lookup = { status: 200, body: 'deny' };
    const answer = await control('POST', '/connect', { mac: STATION });
    expect(answer).toMatchObject({ status: 403, json: { code: 'denied', message: expect.stringContaining(STATION) } });
    expect(nas.sessions()).toEqual([]);
    expect(account()).toEqual([]);
    expect(events).toMatchObject([{ event: 'rejected', mac: STATION }]);
  });

  test.each([
    { status: 503, body: GOOD },
    { status: 401, body: 'deny' },
    { status: 200, body: `${GOOD}\n` },
    { status: 200, body: `<html>${GOOD}` },
    { status: 200, body: '' },
  ])('$status $body is no answer', async (reply) => {
    REPLIES.lookup = reply;
    const answer = await control('POST', '/connect', { mac: STATION });
    expect(answer).toMatchObject({ status: 502, json: { code: 'lookup_failed' } });
    expect(nas.sessions()).toEqual([]);
    expect(events).toMatchObject([{ event: 'lookup-failed', mac: STATION }]);
  });

  test('a connector that is not there is no answer, nor one with another authority', async () => {
    const other = await createServerCertificates('Somebody else');
    const otherFile = join(folder, 'other.pem');
    writeFileSync(otherFile, other.caPem);
    for (const change of [{ lookupUrl: 'https://localhost:1' }, { caFile: otherFile }]) {
      await startOtherSwitch(change);
      expect(await control('POST', '/connect', { mac: STATION })).toMatchObject({
        status: 502,
        json: { code: 'lookup_failed', message: expect.stringMatching(/did not answer: .+;/) },
      });
    }
    expect(received).toEqual([]);
  });

  test('disconnecting says Stop', async () => {
    const { acctSessionId } = await connected();
    expect((await control('POST', '/disconnect', { mac: STATION })).status).toBe(200);
    expect(nas.sessions()).toEqual([]);
    expect(account()).toEqual([`Start ${acctSessionId} decision-1`, `Stop ${acctSessionId} decision-1`]);
    expect(await control('POST', '/disconnect', { mac: STATION })).toMatchObject({
      status: 404,
      json: { code: 'not_connected', message: expect.stringContaining('POST /connect') },
    });
  });

  test('roaming says Start at the new NAS, then Stop at the old one, and makes no lookup', async () => {
    const before = await connected();
    const answer = await control('POST', '/roam', { mac: STATION, nasIdentifier: 'switch-2' });
    expect(answer).toMatchObject({ status: 200, json: { nasIdentifier: 'switch-2', role: 'staff' } });
    const after = answer.json['acctSessionId'];
    expect(after).not.toBe(before.acctSessionId);
    expect(records('/api/accounting').map((fields) => [fields['status'], fields['nasIdentifier']])).toEqual([
      ['Start', 'switch-1'],
      ['Start', 'switch-2'],
      ['Stop', 'switch-1'],
    ]);
    expect(records('/api/lookup')).toHaveLength(1);
    // From now on CoA has to name the new NAS, if it names one.
    const named = (name: string) =>
      patient.send(target(), coa(['Calling-Station-Id', STATION], ['NAS-Identifier', name], REAUTHENTICATE));
    expect(await named('switch-1')).toMatchObject({ kind: 'nak', errorCause: { code: 503 } });
    expect(await named('switch-2')).toMatchObject({ kind: 'ack' });
    await happened('reauthenticated');
  });

  test('accounting that cannot be delivered waits, and comes in its order', async () => {
    REPLIES.accounting = [
      { status: 503, body: 'later' },
      { status: 503, body: 'later' },
    ];
    const { acctSessionId } = await connected();
    await control('POST', '/disconnect', { mac: STATION });
    await until(() => account().length === 4);
    expect(account()).toEqual([
      ...Array(3).fill(`Start ${acctSessionId} decision-1`),
      `Stop ${acctSessionId} decision-1`,
    ]);
    expect(events.filter(({ event }) => event === 'accounting-delayed')).toMatchObject([
      { status: 'Start', mac: STATION },
      { status: 'Start', mac: STATION },
    ]);
  });

  test('accounting that is refused is not sent again', async () => {
    REPLIES.accounting = [{ status: 400, body: 'no' }];
    const { acctSessionId } = await connected();
    await control('POST', '/disconnect', { mac: STATION });
    expect(account()).toEqual([`Start ${acctSessionId} decision-1`, `Stop ${acctSessionId} decision-1`]);
    expect(events[0]).toMatchObject({ event: 'accounting-refused', status: 'Start', mac: STATION });
  });

  test.each([
    ['POST', '/connect', {}, 400, 'mac must be'],
    ['POST', '/connect', { mac: 'somebody' }, 400, 'mac must be'],
    ['POST', '/connect', { mac: STATION, port: '' }, 400, 'port must be'],
    ['POST', '/connect', { mac: STATION, vlan: '1' }, 400, "'vlan' is not known"],
    ['POST', '/connect', 'not json', 400, 'send one with mac, port'],
    ['POST', '/connect', '[]', 400, 'send one with mac, port'],
    ['POST', '/roam', { mac: STATION }, 400, 'nasIdentifier must be'],
    ['POST', '/roam', { mac: STATION, nasIdentifier: 'switch-2' }, 404, 'POST /connect'],
    ['POST', '/behaviour', {}, 400, '{"coa":"ack"}'],
    ['POST', '/behaviour', { coa: 'nak' }, 400, 'errorCause must be'],
    ['POST', '/behaviour', { coa: 'silent', errorCause: 503 }, 400, '{"coa":"ack"}'],
    ['POST', '/behaviour', { coa: 'silent', times: 0 }, 400, 'times must be'],
    ['POST', '/behaviour', { coa: 'late' }, 400, 'delayMs must be'],
    ['POST', '/behaviour', { coa: 'double', delayMs: 5 }, 400, '{"coa":"ack"}'],
    ['POST', '/behaviour', { coa: 'forged', mac: 'x' }, 400, 'mac must be'],
    ['GET', '/connect', undefined, 404, 'POST /connect'],
    ['GET', '/elsewhere', undefined, 404, 'GET /sessions'],
  ] as const)('%s %s %j is refused with %i', async (method, path, body, status, hint) => {
    const answer = await control(method, path, body);
    expect(answer).toEqual({ status, json: { code: expect.any(String), message: expect.stringContaining(hint) } });
    expect(received).toEqual([]);
  });
});

test('a control request that is too large is refused', async () => {
  const answer = await control('POST', '/connect', { mac: 'x'.repeat(2_000_000) });
  expect(answer).toMatchObject({ status: 413, json: { code: 'body_too_large' } });
});

describe('behaviour', () => {
  const HERE: Attribute = ['Calling-Station-Id', STATION];

  test('nak refuses as often as scripted, then things are as usual', async () => {
    await connected();
    const sent = { coa: 'nak', errorCause: 506, times: 1 };
    expect(await control('POST', '/behaviour', sent)).toEqual({ status: 200, json: sent });
    const datagram = encoded(5, coa(HERE, REAUTHENTICATE));
    const refusals = await exchange([datagram, datagram], 2);
    expect(verifyAnswer({ request: datagram, datagram: refusals[0] ?? datagram, secret: SECRET_OCTETS })).toMatchObject(
      {
        ok: true,
        answer: { kind: 'nak', errorCause: { code: 506 } },
      },
    );
    expect(refusals[1]).toEqual(refusals[0]);
    expect(records('/api/lookup')).toHaveLength(1);
    expect(await patient.send(target(), coa(HERE, REAUTHENTICATE))).toMatchObject({ kind: 'ack' });
    await happened('reauthenticated');
  });

  test('nak lasts until it is taken back', async () => {
    const session = await connected();
    await control('POST', '/behaviour', { coa: 'nak', errorCause: 503 });
    for (let time = 0; time < 3; time++) {
      expect(await patient.send(target(), disconnect(HERE))).toMatchObject({ kind: 'nak', errorCause: { code: 503 } });
    }
    expect(nas.sessions()).toEqual([session]);
    await control('POST', '/behaviour', { coa: 'ack' });
    expect(await patient.send(target(), disconnect(HERE))).toMatchObject({ kind: 'ack' });
    await happened('disconnected');
  });

  test('silent loses as many datagrams as scripted, and a retransmission then gets through', async () => {
    await connected();
    await control('POST', '/behaviour', { coa: 'silent', times: 2 });
    const datagram = encoded(5, coa(HERE, REAUTHENTICATE));
    const [answer] = await exchange([datagram, datagram, datagram], 1);
    expect(answer?.[0]).toBe(44);
    await happened('reauthenticated');
    expect(nas.stats().coa).toMatchObject({ received: 3, acknowledged: 1, discarded: { behaviour: 2 } });
  });

  test('silent without a number answers nothing and does nothing', async () => {
    const session = await connected();
    await control('POST', '/behaviour', { coa: 'silent' });
    expect(await quick.send(target(), disconnect(HERE))).toMatchObject({ kind: 'no-answer', transmissions: 3 });
    expect(nas.sessions()).toEqual([session]);
  });

  test('double answers twice and acts once', async () => {
    await connected();
    await control('POST', '/behaviour', { coa: 'double', times: 1 });
    const [first, second] = await exchange([encoded(5, coa(HERE, REAUTHENTICATE))], 2);
    expect(first?.[0]).toBe(44);
    expect(second).toEqual(first);
    await happened('reauthenticated');
    expect(records('/api/lookup')).toHaveLength(2);
  });

  test('late holds the answer back, whatever is retransmitted meanwhile', async () => {
    await connected();
    await control('POST', '/behaviour', { coa: 'late', delayMs: 3_000, times: 1 });
    expect(await patient.send(target(), coa(HERE, REAUTHENTICATE))).toMatchObject({ kind: 'ack', transmissions: 2 });
    await happened('reauthenticated');
    expect(records('/api/lookup')).toHaveLength(2);
  });

  test('forged is an ACK that proves nothing, from a switch that does nothing, for one station alone', async () => {
    const session = await connected();
    await control('POST', '/behaviour', { coa: 'forged', mac: STATION });
    expect(await quick.send(target(), disconnect(HERE))).toMatchObject({
      kind: 'no-answer',
      discarded: { authenticator: 3 },
    });
    expect(nas.sessions()).toEqual([session]);
    await control('POST', '/behaviour', { coa: 'ack', mac: STATION });
    expect(await patient.send(target(), disconnect(HERE))).toMatchObject({ kind: 'ack' });
  });
});

describe('hostile input', () => {
  const codes = fc.constantFrom(40, 43);
  const types = fc.constantFrom(1, 4, 5, 6, 26, 31, 32, 33, 44, 55, 80, 87);
  const attributes = fc
    .array(fc.tuple(types, fc.uint8Array({ maxLength: 40 })), { maxLength: 8 })
    .map((list) => Buffer.concat(list.map(([type, value]) => attribute(type, value))));
  const anything = fc.uint8Array({ maxLength: 200 });
  const datagrams = fc.oneof(
    anything,
    fc.tuple(codes, fc.nat(255), anything).map((parts) => signed(...parts)),
    fc.tuple(codes, fc.nat(255), attributes).map((parts) => signed(...parts)),
  );

  test('no octets make reading or judging fail', async () => {
    const state = { name: 'switch-1', nasIpAddress: '127.0.0.1', sessions: [await connected()] };
    fc.assert(
      fc.property(datagrams, (datagram) => {
        const verdict = readCoaRequest(datagram, SECRET_OCTETS, new Date());
        if (verdict.ok) expect(judgeCoaRequest(verdict.request, state)).toBeDefined();
      }),
      { numRuns: 5000 },
    );
  });

  test('a random session is not hit, and the switch goes on answering', async () => {
    const session = await connected();
    // Identifier 255 stays free for the request whose answer shows that all others have been dealt with.
    const free = datagrams.filter((datagram) => datagram[1] !== 255);
    for (const datagram of fc.sample(free, 200)) {
      await new Promise<void>((resolve) => socket.send(datagram, nas.coaPort, '127.0.0.1', () => resolve()));
    }
    const last = encoded(255, coa(['Calling-Station-Id', '00-11-22-33-44-55'], REAUTHENTICATE));
    await new Promise<void>((resolve) => {
      socket.on('message', (answer) => {
        if (answer[1] === 255) resolve();
      });
      socket.send(last, nas.coaPort, '127.0.0.1');
    });
    expect(nas.sessions()).toEqual([session]);
    expect(nas.stats().coa.acknowledged).toBe(0);
  });

  test('only the two known lines are read as an answer', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ minLength: 1 }), (before, after) => {
        expect(readAccessAnswer(`${GOOD}\n${after}`)).toBeUndefined();
        expect(readAccessAnswer(`${before} ${GOOD}`)).toBeUndefined();
        expect(readAccessAnswer(`deny${after}`)).toBeUndefined();
      }),
    );
    expect(readAccessAnswer('deny')).toEqual({ verdict: 'deny' });
  });
});

describe('closing', () => {
  test('leaves no handle: the process ends by itself, even with accounting waiting and a station connecting', async () => {
    REPLIES.accounting = Array.from({ length: 50 }, () => ({ status: 503, body: '' }));
    const module = new URL('../../../local/simulated-switch/simulated-switch.ts', import.meta.url).href;
    const script = `
      import { startSimulatedSwitch } from ${JSON.stringify(module)};
      const nas = await startSimulatedSwitch(${JSON.stringify({ ...switchOptions(), accountingRetryMs: 60_000 })});
      await fetch(nas.controlUrl + '/connect', { method: 'POST', body: JSON.stringify({ mac: '${STATION}' }) });
      const left = fetch(nas.controlUrl + '/connect', { method: 'POST', body: JSON.stringify({ mac: '${STATION}' }) });
      const gone = left.catch(() => 'broken off');
      await nas.close();
      await nas.close();
      await gone;
      console.log('closed');
    `;
    const result = await runProgram(process.execPath, ['--input-type=module', '--eval', script], { deadline: 30_000 });
    expect(result).toEqual({ exitCode: 0, output: 'closed\n' });
  });

  test('a port that is taken fails the start and leaves nothing open', async () => {
    const taken = { ...switchOptions(), coaPort: nas.coaPort };
    await expect(startSimulatedSwitch(taken)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    const controlPort = Number(new URL(nas.controlUrl).port);
    await expect(startSimulatedSwitch({ ...switchOptions(), controlPort })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    await expect(startSimulatedSwitch({ ...switchOptions(), caFile: '/nowhere' })).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });
});
