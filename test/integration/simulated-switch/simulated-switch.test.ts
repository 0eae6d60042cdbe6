// The simulated switch between a stub of the connector and real CoA clients: the relay's own sender, and radclient.

import { createHash, createHmac } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { Agent, request } from 'undici';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createServerCertificates } from '../../../local/certificates/server-certificates.ts';
import { type HttpListener, listenForHttp } from '../../../local/intune-tenant/http-listener.ts';
import { readAccessAnswer } from '../../../local/simulated-switch/access-answer.ts';
import { judgeCoaRequest } from '../../../local/simulated-switch/judge-coa-request.ts';
import { readCoaRequest } from '../../../local/simulated-switch/read-coa-request.ts';
import {
  type SimulatedSwitch,
  type SimulatedSwitchOptions,
  startSimulatedSwitch,
} from '../../../local/simulated-switch/simulated-switch.ts';
import type { StationSession } from '../../../local/simulated-switch/station-session.ts';
import type { SwitchEvent, SwitchEventName } from '../../../local/simulated-switch/switch-event.ts';
import { ciscoIos } from '../../../relay/profiles/cisco-ios.ts';
import { genericRfc5176 } from '../../../relay/profiles/generic-rfc5176.ts';
import type { NasProfile } from '../../../relay/profiles/nas-profile.ts';
import type { Attribute } from '../../../relay/radius/attribute-table.ts';
import { type CoaSender, type CoaTarget, createCoaSender } from '../../../relay/radius/coa-sender.ts';
import type { CoaRequest } from '../../../relay/radius/encode-request.ts';
import { verifyAnswer } from '../../../relay/radius/verify-answer.ts';
import type { CoaAction } from '../../../shared/domain/coa-job.ts';
import { readAccessRequest } from '../../../shared/lookup/read-access-request.ts';
import { readAccountingEvent } from '../../../shared/lookup/read-accounting-event.ts';
import { encodeRequest } from '../../support/encode-request.ts';
import { runProgram } from '../../support/freeradius/run-program.ts';

const STATION = 'A4-BB-6D-01-02-03';
const SECRET = 'between relay and switch';
const SECRET_OCTETS = Buffer.from(SECRET);
const API_KEY = 'key-of-the-proxy';
const GOOD = 'permit role=staff vlan=10 timeout=3600 class=decision-1';
const BAD = 'permit role=quarantine vlan=99 timeout=600 class=decision-2';
const REAUTHENTICATE: Attribute = ['Cisco-AVPair', 'subscriber:command=reauthenticate'];

interface ReceivedRecord {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly fields: Readonly<Record<string, string>>;
}

interface StubReply {
  readonly status: number;
  readonly body: string;
}

let folder: string;
let caFile: string;
let connector: HttpListener;
let connectorUrl: string;
/** What the stub received, and what it answers. */
let received: ReceivedRecord[];
let lookupReply: StubReply | Promise<StubReply>;
let accountingReplies: StubReply[];

let nas: SimulatedSwitch;
let events: SwitchEvent[];
let waiting: Set<() => void>;
let patient: CoaSender;
let quick: CoaSender;
let socket: Socket;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nac-simulated-switch-'));
  caFile = join(folder, 'ca.pem');
  const certificates = await createServerCertificates('Stub of the connector');
  writeFileSync(caFile, certificates.caPem);
  const server = createServer(
    { cert: certificates.serverCertificatePem, key: certificates.serverPrivateKeyPem },
    (incoming, response) => {
      // A client that gives up in the middle is no failure of the stub.
      answer(incoming, response).catch(() => incoming.socket.destroy());
    },
  );
  connector = await listenForHttp(server, 0, '127.0.0.1');
  connectorUrl = `https://localhost:${connector.port}`;
});

afterAll(async () => {
  await connector.close();
  rmSync(folder, { recursive: true });
});

beforeEach(async () => {
  received = [];
  accountingReplies = [];
  lookupReply = { status: 200, body: GOOD };
  events = [];
  waiting = new Set();
  nas = await startSimulatedSwitch(switchOptions());
  patient = createCoaSender();
  quick = createCoaSender({
    times: { initialMs: 50, maximumMs: 100, maximumCount: 3, maximumDurationMs: 1000, jitter: 0 },
  });
  socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
});

afterEach(async () => {
  await Promise.all([nas.close(), patient.close(), quick.close()]);
  const closed = once(socket, 'close');
  socket.close();
  await closed;
});

function switchOptions(): SimulatedSwitchOptions {
  return {
    lookupUrl: connectorUrl,
    caFile,
    apiKey: API_KEY,
    coaSecret: SECRET,
    accountingRetryMs: 1,
    log(event) {
      events.push(event);
      for (const check of waiting) check();
    },
  };
}

/** Resolves as soon as it holds; looks again after each event of the switch and each request to the connector. */
function until(holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const check = () => {
      if (!holds()) return;
      waiting.delete(check);
      resolve();
    };
    waiting.add(check);
    check();
  });
}

/** Resolves with the first such event, which may have come already. */
async function happened(name: SwitchEventName): Promise<SwitchEvent> {
  let found: SwitchEvent | undefined;
  await until(() => {
    found = events.find(({ event }) => event === name);
    return found !== undefined;
  });
  return found as SwitchEvent;
}

/** The stub of the connector. */
async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const { url: path = '', headers } = incoming;
  received.push({ path, headers, fields: JSON.parse(await text(incoming)) });
  const reply = path === '/api/lookup' ? lookupReply : accountingReplies.shift();
  for (const check of waiting) check();
  const { status, body } = (await reply) ?? { status: 200, body: '{}' };
  response.writeHead(status).end(body);
}

async function control(
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
): Promise<{ status: number; json: Record<string, unknown> }> {
  const dispatcher = new Agent();
  try {
    const content = typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await request(`${nas.controlUrl}${path}`, {
      method,
      dispatcher,
      ...(body !== undefined && { body: content }),
    });
    return { status: answer.statusCode, json: (await answer.body.json()) as Record<string, unknown> };
  } finally {
    await dispatcher.destroy();
  }
}

async function connected(mac = STATION): Promise<StationSession> {
  const { status, json } = await control('POST', '/connect', { mac, port: 'Gi1/0/7' });
  expect(status).toBe(200);
  const session = nas.sessions().find(({ callingStationId }) => callingStationId === mac);
  if (session === undefined) throw new Error(`${mac} is not connected: ${JSON.stringify(json)}`);
  return session;
}

function target(more: Partial<CoaTarget> = {}): CoaTarget {
  return { address: '127.0.0.1', port: nas.coaPort, secret: SECRET, ...more };
}

function coa(...attributes: Attribute[]): CoaRequest {
  return { packet: 'CoA-Request', attributes };
}

function disconnect(...attributes: Attribute[]): CoaRequest {
  return { packet: 'Disconnect-Request', attributes };
}

function byProfile(profile: NasProfile, action: CoaAction, session: StationSession): CoaRequest {
  const answer = profile.request({ action, session, nas: {} }, {});
  if (!answer.possible) throw new Error(answer.reason);
  return answer.request;
}

function records(path: '/api/lookup' | '/api/accounting') {
  return received.filter((record) => record.path === path).map(({ fields }) => fields);
}

/** What accounting said, in one line per record. */
function account(): string[] {
  return records('/api/accounting').map(
    (fields) => `${fields['status']} ${fields['acctSessionId']} ${fields['class']}`,
  );
}

/** Sends datagrams in this order and resolves with as many answers as expected. */
async function exchange(datagrams: readonly Uint8Array[], expected: number): Promise<Buffer[]> {
  const answers: Buffer[] = [];
  const complete = new Promise<void>((resolve) => {
    socket.on('message', (answer) => {
      answers.push(answer);
      if (answers.length === expected) resolve();
    });
  });
  for (const datagram of datagrams) {
    await new Promise<void>((resolve, reject) => {
      socket.send(datagram, nas.coaPort, '127.0.0.1', (error) => (error ? reject(error) : resolve()));
    });
  }
  await complete;
  socket.removeAllListeners('message');
  return answers;
}

function encoded(identifier: number, { packet, attributes }: CoaRequest, messageAuthenticator = true): Buffer {
  return encodeRequest({ packet, attributes, identifier, secret: SECRET_OCTETS, messageAuthenticator });
}

/** A packet with any octets for attributes, signed rightly. */
function signed(code: number, identifier: number, attributes: Uint8Array): Buffer {
  const packet = Buffer.concat([Buffer.of(code, identifier, 0, 0), Buffer.alloc(16), attributes]);
  packet.writeUInt16BE(packet.length, 2);
  packet.set(createHash('md5').update(packet).update(SECRET_OCTETS).digest(), 4);
  return packet;
}

function attribute(type: number, value: string | Uint8Array): Buffer {
  const octets = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([Buffer.of(type, octets.length + 2), octets]);
}

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

  test('the connector understands what it is asked and told', async () => {
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
    lookupReply = { status: 200, body: BAD };
    const second = await connected();
    expect(nas.sessions()).toEqual([second]);
    expect(account()).toEqual([
      `Start ${first.acctSessionId} decision-1`,
      `Stop ${first.acctSessionId} decision-1`,
      `Start ${second.acctSessionId} decision-2`,
    ]);
  });

  test('a deny is no session', async () => {
    lookupReply = { status: 200, body: 'deny' };
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
    lookupReply = reply;
    const answer = await control('POST', '/connect', { mac: STATION });
    expect(answer).toMatchObject({ status: 502, json: { code: 'lookup_failed' } });
    expect(nas.sessions()).toEqual([]);
    expect(events).toMatchObject([{ event: 'lookup-failed', mac: STATION }]);
  });

  test('a connector that is not there is no answer, nor one with another authority', async () => {
    const other = await createServerCertificates('Somebody else');
    const otherFile = join(folder, 'other.pem');
    writeFileSync(otherFile, other.caPem);
    await nas.close();
    for (const change of [{ lookupUrl: 'https://localhost:1' }, { caFile: otherFile }]) {
      nas = await startSimulatedSwitch({ ...switchOptions(), ...change });
      expect(await control('POST', '/connect', { mac: STATION })).toMatchObject({
        status: 502,
        json: { code: 'lookup_failed', message: expect.stringMatching(/did not answer: .+;/) },
      });
      await nas.close();
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

  test('roaming says Start at the new NAS, then Stop at the old one, and asks nobody', async () => {
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
    accountingReplies = [
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
    accountingReplies = [{ status: 400, body: 'no' }];
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

describe('CoA', () => {
  test('reauthenticate is acknowledged, then the lookup decides again', async () => {
    const before = await connected();
    lookupReply = { status: 200, body: BAD };
    const result = await patient.send(target(), byProfile(ciscoIos, 'reauthenticate', before));
    expect(result).toMatchObject({ kind: 'ack', transmissions: 1, discarded: {} });
    expect(await happened('reauthenticated')).toMatchObject({ mac: STATION, role: 'quarantine', vlan: '99' });
    expect(nas.sessions()).toEqual([
      { ...before, role: 'quarantine', vlan: '99', sessionTimeoutSeconds: 600, class: 'decision-2' },
    ]);
    expect(records('/api/lookup')).toHaveLength(2);
    expect(records('/api/lookup')[1]).toEqual(records('/api/lookup')[0]);
    expect(account()).toEqual([
      `Start ${before.acctSessionId} decision-1`,
      `Interim-Update ${before.acctSessionId} decision-2`,
    ]);
    expect(events.map(({ event }) => event)).toEqual(['connected', 'coa-received', 'coa-answered', 'reauthenticated']);
    expect(nas.stats()).toEqual({
      sessions: 1,
      coa: { received: 1, acknowledged: 1, refused: 0, repeated: 0, discarded: {} },
    });
    expect((await control('GET', '/stats')).json).toEqual(nas.stats());
  });

  test('a deny at reauthentication ends the session', async () => {
    const { acctSessionId } = await connected();
    lookupReply = { status: 200, body: 'deny' };
    await patient.send(target(), coa(['Acct-Session-Id', acctSessionId], REAUTHENTICATE));
    await happened('disconnected');
    expect(nas.sessions()).toEqual([]);
    expect(account().at(-1)).toBe(`Stop ${acctSessionId} decision-1`);
    expect(events.map(({ event }) => event).slice(-2)).toEqual(['rejected', 'disconnected']);
  });

  test('without an answer at reauthentication the session stays as it is', async () => {
    const before = await connected();
    lookupReply = { status: 503, body: '' };
    await patient.send(target(), coa(['Acct-Session-Id', before.acctSessionId], REAUTHENTICATE));
    await happened('lookup-failed');
    expect(nas.sessions()).toEqual([before]);
  });

  test('without an answer at reauthentication it is tried again where that is wanted, until there is one', async () => {
    await nas.close();
    nas = await startSimulatedSwitch({ ...switchOptions(), lookupRetryMs: 1 });
    const { acctSessionId } = await connected();
    lookupReply = { status: 503, body: '' };
    await patient.send(target(), coa(['Acct-Session-Id', acctSessionId], REAUTHENTICATE));
    await happened('lookup-failed');
    lookupReply = { status: 200, body: BAD };
    expect(await happened('reauthenticated')).toMatchObject({ role: 'quarantine' });
  });

  test.each([ciscoIos, genericRfc5176])(
    'Disconnect by profile $name is acknowledged, ends the session, and the station comes back',
    async (profile) => {
      const before = await connected();
      events.length = 0;
      lookupReply = { status: 200, body: BAD };
      const result = await patient.send(target(), byProfile(profile, 'disconnect', before));
      expect(result).toMatchObject({ kind: 'ack', transmissions: 1, discarded: {} });
      expect(await happened('connected')).toMatchObject({ mac: STATION, role: 'quarantine', port: 'Gi1/0/7' });
      const [after] = nas.sessions();
      expect(after?.acctSessionId).not.toBe(before.acctSessionId);
      expect(account()).toEqual([
        `Start ${before.acctSessionId} decision-1`,
        `Stop ${before.acctSessionId} decision-1`,
        `Start ${after?.acctSessionId} decision-2`,
      ]);
      expect(events.map(({ event }) => event)).toEqual(['coa-received', 'coa-answered', 'disconnected', 'connected']);
    },
  );

  test('an answer for a session that has ended meanwhile changes nothing, and nobody else waits for it', async () => {
    const before = await connected();
    const late = Promise.withResolvers<StubReply>();
    lookupReply = late.promise;
    await patient.send(target(), coa(['Acct-Session-Id', before.acctSessionId], REAUTHENTICATE));
    await until(() => records('/api/lookup').length === 2);
    lookupReply = { status: 200, body: GOOD };
    const other = await connected('00-11-22-33-44-55');
    await patient.send(target(), disconnect(['Acct-Session-Id', before.acctSessionId]));
    expect(nas.sessions()).toEqual([other]);
    events.length = 0;
    late.resolve({ status: 200, body: BAD });
    await happened('connected');
    const after = nas.sessions().find(({ callingStationId }) => callingStationId === STATION);
    expect(after?.role).toBe('staff');
    expect(account()).toEqual([
      `Start ${before.acctSessionId} decision-1`,
      `Start ${other.acctSessionId} decision-1`,
      `Stop ${before.acctSessionId} decision-1`,
      `Start ${after?.acctSessionId} decision-1`,
    ]);
  });

  test('a station that is denied on its way back stays away', async () => {
    const { acctSessionId } = await connected();
    lookupReply = { status: 200, body: 'deny' };
    await patient.send(target(), disconnect(['Acct-Session-Id', acctSessionId]));
    await happened('rejected');
    expect(nas.sessions()).toEqual([]);
  });

  test('whatever names the session right is accepted', async () => {
    const { auditSessionId, acctSessionId } = await connected();
    const rightly: Attribute[] = [
      ['User-Name', 'a4bb6d010203'],
      ['NAS-IP-Address', '127.0.0.1'],
      ['NAS-Identifier', 'switch-1'],
      ['NAS-Port', 50_107],
      ['NAS-Port-Id', 'Gi1/0/7'],
      ['Calling-Station-Id', 'a4:bb:6d:01:02:03'],
      ['Acct-Session-Id', acctSessionId],
      ['Cisco-AVPair', `audit-session-id=${auditSessionId}`],
      ['Cisco-AVPair', 'subscriber:reauthenticate-type=rerun'],
    ];
    expect(await patient.send(target(), coa(...rightly, REAUTHENTICATE))).toMatchObject({ kind: 'ack' });
    await happened('reauthenticated');
  });

  const HERE: Attribute = ['Calling-Station-Id', STATION];
  test.each<[string, CoaRequest, number]>([
    ['no such station', coa(['Calling-Station-Id', '00-11-22-33-44-55'], REAUTHENTICATE), 503],
    ['no such session', disconnect(['Acct-Session-Id', 'FFFFFFFF']), 503],
    ['no MAC address', disconnect(['Calling-Station-Id', 'nobody']), 503],
    ['two names that disagree', coa(HERE, ['Acct-Session-Id', 'FFFFFFFF'], REAUTHENTICATE), 503],
    ['another audit session', coa(HERE, ['Cisco-AVPair', 'audit-session-id=00'], REAUTHENTICATE), 503],
    ['another user', disconnect(HERE, ['User-Name', 'somebody']), 503],
    ['another port', disconnect(HERE, ['NAS-Port-Id', 'Gi1/0/8']), 503],
    ['another port number', disconnect(HERE, ['NAS-Port', 50_108]), 503],
    ['another switch by address', disconnect(HERE, ['NAS-IP-Address', '192.0.2.1']), 403],
    ['another switch by name', disconnect(HERE, ['NAS-Identifier', 'switch-9']), 403],
    ['nothing that names a session', disconnect(['User-Name', 'a4bb6d010203']), 402],
    ['no command', coa(HERE), 402],
    ['another command', coa(HERE, ['Cisco-AVPair', 'subscriber:command=bounce-host-port']), 407],
    ['another type', coa(HERE, REAUTHENTICATE, ['Cisco-AVPair', 'subscriber:reauthenticate-type=never']), 407],
    ['another AV pair', coa(HERE, REAUTHENTICATE, ['Cisco-AVPair', 'ip:inacl#1=permit']), 401],
    ['no AV pair at all', coa(HERE, REAUTHENTICATE, ['Cisco-AVPair', 'reauthenticate']), 401],
    ['a command in a Disconnect', disconnect(HERE, REAUTHENTICATE), 401],
    ['an attribute that is not known', disconnect(HERE, ['Framed-IP-Address', '192.0.2.1']), 401],
    ['another vendor', coa(HERE, ['Aruba-Port-Bounce-Host', 12]), 401],
    ['Authorize Only', coa(HERE, ['Service-Type', 17]), 405],
  ])('%s: refused with its Error-Cause', async (_name, coaRequest, errorCause) => {
    const session = await connected();
    const result = await patient.send(target(), coaRequest);
    expect(result).toMatchObject({ kind: 'nak', errorCause: { code: errorCause }, transmissions: 1, discarded: {} });
    expect(await happened('coa-answered')).toMatchObject({
      request: coaRequest.packet,
      answer: 'nak',
      errorCause,
    });
    expect(nas.sessions()).toEqual([session]);
    expect(records('/api/lookup')).toHaveLength(1);
  });

  test.each([
    ['Vendor-Specific without a vendor', attribute(26, 'abc'), 404],
    ['Vendor-Specific with nothing in it', attribute(26, Buffer.from('00000009', 'hex')), 404],
    ['Vendor-Specific that does not add up', attribute(26, Buffer.from('0000000901ff41', 'hex')), 404],
    ['another attribute of Cisco', attribute(26, Buffer.from('00000009020341', 'hex')), 401],
    ['NAS-Port of two octets', attribute(5, 'ab'), 404],
  ])('%s: refused', async (_name, spoiled, errorCause) => {
    await connected();
    const datagram = signed(40, 1, Buffer.concat([attribute(31, STATION), spoiled]));
    const [answer = Buffer.alloc(0)] = await exchange([datagram], 1);
    expect(verifyAnswer({ request: datagram, datagram: answer, secret: SECRET_OCTETS })).toMatchObject({
      ok: true,
      answer: { kind: 'nak', errorCause: { code: errorCause } },
    });
  });

  test('Message-Authenticator is in the answer if it was in the request; Proxy-States come back', async () => {
    const plain = encoded(1, coa(HERE), false);
    const strong = encoded(2, coa(HERE), true);
    const proxied = signed(43, 3, Buffer.concat([attribute(33, 'one'), attribute(31, STATION), attribute(33, 'two')]));
    const requests = [plain, strong, proxied];
    const answers = await exchange(requests, 3);
    const verdicts = requests.map((sent, index) =>
      verifyAnswer({ request: sent, datagram: answers[index] ?? Buffer.alloc(0), secret: SECRET_OCTETS }),
    );
    expect(verdicts).toMatchObject([
      { ok: true, answer: { messageAuthenticator: 'absent' } },
      { ok: true, answer: { messageAuthenticator: 'valid' } },
      { ok: true, answer: { messageAuthenticator: 'absent' } },
    ]);
    const states = verdicts[2]?.ok ? verdicts[2].answer.attributes.filter(({ type }) => type === 33) : [];
    expect(states.map(({ value }) => value.toString())).toEqual(['one', 'two']);
  });

  test('a retransmission gets the same answer and does nothing a second time', async () => {
    await connected();
    const datagram = encoded(7, coa(HERE, REAUTHENTICATE));
    const answers = await exchange([datagram, datagram, datagram], 3);
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
    await happened('reauthenticated');
    // What happens to a station happens in turn: after this, nothing of the request can be left.
    await control('POST', '/disconnect', { mac: STATION });
    expect(records('/api/lookup')).toHaveLength(2);
    expect(nas.stats().coa).toMatchObject({ received: 3, acknowledged: 1, repeated: 2 });
    // A retransmission is answered as before even if the session has gone meanwhile.
    expect(await exchange([datagram], 1)).toEqual([answers[0]]);
    // From another port it is another request.
    expect(await patient.send(target(), coa(HERE, REAUTHENTICATE))).toMatchObject({ errorCause: { code: 503 } });
  });

  test('a Disconnect that is retransmitted ends one session, not the next one too', async () => {
    await connected();
    events.length = 0;
    const datagram = encoded(7, disconnect(HERE));
    await exchange([datagram, datagram], 2);
    await happened('connected');
    expect(account().map((line) => line.split(' ')[0])).toEqual(['Start', 'Stop', 'Start']);
    expect(nas.sessions()).toHaveLength(1);
  });

  test('an identifier that is used for something else within the window is not obeyed', async () => {
    await connected();
    const [answer = Buffer.alloc(0)] = await exchange(
      [encoded(7, coa(HERE)), encoded(7, disconnect(HERE)), encoded(8, coa(HERE))],
      2,
    );
    expect(answer[1]).toBe(7);
    expect(nas.stats().coa).toMatchObject({ acknowledged: 0, refused: 2, discarded: { 'identifier-reused': 1 } });
  });

  test('wrong secret: no answer', async () => {
    await connected();
    const result = await quick.send(target({ secret: 'another' }), coa(HERE, REAUTHENTICATE));
    expect(result).toMatchObject({ kind: 'no-answer', transmissions: 3 });
    await until(() => nas.stats().coa.received === 3);
    expect(nas.stats().coa).toEqual({
      received: 3,
      acknowledged: 0,
      refused: 0,
      repeated: 0,
      discarded: { authenticator: 3 },
    });
    expect(events.slice(1)).toMatchObject(Array(3).fill({ event: 'discarded', reason: 'authenticator' }));
    expect(records('/api/lookup')).toHaveLength(1);
  });

  const now = () => Math.floor(Date.now() / 1000);
  const good = () => encoded(1, disconnect(HERE));
  const changed = (at: number, value: number) => {
    const datagram = good();
    datagram.writeUInt8(value, at);
    return datagram;
  };
  test.each<[string, () => Uint8Array, string]>([
    ['nothing', () => Buffer.alloc(0), 'too-short'],
    ['half a header', () => good().subarray(0, 19), 'too-short'],
    ['less than its length', () => good().subarray(0, -1), 'length'],
    ['a length below 20', () => changed(3, 19), 'length'],
    ['an Access-Request', () => changed(0, 1), 'code'],
    ['an answer', () => changed(0, 44), 'code'],
    ['an altered octet', () => changed(50, 0x7f), 'authenticator'],
    ['attributes that do not add up', () => signed(40, 1, Buffer.of(31, 9, 65)), 'attributes'],
    ['an attribute of length 0', () => signed(40, 1, Buffer.of(31, 0)), 'attributes'],
    ['an Event-Timestamp of 3 octets', () => signed(40, 1, attribute(55, 'abc')), 'attributes'],
    ['a wrong Message-Authenticator', () => signed(40, 1, attribute(80, Buffer.alloc(16))), 'message-authenticator'],
    ['a short Message-Authenticator', () => signed(40, 1, attribute(80, Buffer.alloc(15))), 'message-authenticator'],
    ['an old request', () => encoded(1, disconnect(HERE, ['Event-Timestamp', now() - 310])), 'event-timestamp'],
    ['a request to come', () => encoded(1, disconnect(HERE, ['Event-Timestamp', now() + 310])), 'event-timestamp'],
  ])('%s: discarded in silence', async (_name, datagram, reason) => {
    await connected();
    // Datagrams keep their order on the loopback interface: the answer to the second shows that the first got none.
    const answers = await exchange([datagram(), encoded(99, coa(HERE))], 1);
    expect(answers[0]?.[1]).toBe(99);
    expect(nas.stats().coa).toMatchObject({ received: 2, discarded: { [reason]: 1 } });
    expect(nas.sessions()).toHaveLength(1);
  });

  test('a request within the window is taken', async () => {
    await connected();
    const early = coa(HERE, REAUTHENTICATE, ['Event-Timestamp', now() - 250]);
    expect(await patient.send(target({ eventTimestamp: false }), early)).toMatchObject({ kind: 'ack' });
    await happened('reauthenticated');
  });

  test('octets after the packet are padding', async () => {
    await connected();
    const [answer] = await exchange([Buffer.concat([good(), Buffer.from('padding')])], 1);
    expect(answer?.[0]).toBe(41);
    await happened('disconnected');
  });

  test('two Message-Authenticators are one too many', () => {
    const twice = Buffer.concat([attribute(80, Buffer.alloc(16)), attribute(80, Buffer.alloc(16))]);
    const blank = Buffer.concat([Buffer.of(40, 1, 0, 20 + twice.length), Buffer.alloc(16), twice]);
    twice.set(createHmac('md5', SECRET_OCTETS).update(blank).digest(), 2);
    expect(readCoaRequest(signed(40, 1, twice), SECRET_OCTETS, new Date())).toEqual({
      ok: false,
      problem: 'message-authenticator',
    });
  });
});

describe('behaviour', () => {
  const HERE: Attribute = ['Calling-Station-Id', STATION];

  test('nak refuses as often as told, then things are as usual', async () => {
    await connected();
    const told = { coa: 'nak', errorCause: 506, times: 1 };
    expect(await control('POST', '/behaviour', told)).toEqual({ status: 200, json: told });
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

  test('silent loses as many datagrams as told, and a retransmission then gets through', async () => {
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

describe('radclient', () => {
  async function radclient(kind: 'coa' | 'disconnect', lines: readonly string[], secret = SECRET): Promise<string> {
    const { output } = await runProgram(
      '/usr/bin/radclient',
      ['-x', '-r', '1', '-t', secret === SECRET ? '20' : '0.2', `127.0.0.1:${nas.coaPort}`, kind, secret],
      { input: `${lines.join('\n')}\n`, deadline: 40_000 },
    );
    return output;
  }
  const REAUTHENTICATE_LINE = 'Cisco-AVPair = "subscriber:command=reauthenticate"';

  test.each([
    ['without', []],
    ['with', ['Message-Authenticator = 0x00']],
  ])('%s Message-Authenticator, CoA changes the role', async (_name, more) => {
    const { auditSessionId } = await connected();
    lookupReply = { status: 200, body: BAD };
    const output = await radclient('coa', [
      ...more,
      `Calling-Station-Id = "${STATION}"`,
      `Cisco-AVPair = "audit-session-id=${auditSessionId}"`,
      REAUTHENTICATE_LINE,
    ]);
    expect(output).toContain('Received CoA-ACK');
    expect(await happened('reauthenticated')).toMatchObject({ role: 'quarantine' });
  });

  test('Disconnect ends the session', async () => {
    const { acctSessionId } = await connected();
    expect(await radclient('disconnect', [`Acct-Session-Id = "${acctSessionId}"`])).toContain(
      'Received Disconnect-ACK',
    );
    await happened('disconnected');
  });

  test('understands the refusal of an unknown session', async () => {
    const output = await radclient('coa', ['Acct-Session-Id = "nobody"', REAUTHENTICATE_LINE]);
    expect(output).toContain('Received CoA-NAK');
    expect(output).toContain('Error-Cause = Session-Context-Not-Found');
  });

  test('gets no answer with the wrong secret', async () => {
    await connected();
    const lines = [`Calling-Station-Id = "${STATION}"`, REAUTHENTICATE_LINE];
    expect(await radclient('coa', lines, 'another')).toContain('No reply from server');
    await happened('discarded');
    expect(nas.stats().coa.discarded).toEqual({ authenticator: 1 });
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
    accountingReplies = Array.from({ length: 50 }, () => ({ status: 503, body: '' }));
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
