// A simulated switch between a stub of the connector and CoA clients, for the tests beside this file.

import { createHash } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Agent, request } from 'undici';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { createServerCertificates } from '../../../local/certificates/server-certificates.ts';
import { type HttpListener, listenForHttp } from '../../../local/intune-tenant/http-listener.ts';
import {
  type SimulatedSwitch,
  type SimulatedSwitchOptions,
  startSimulatedSwitch,
} from '../../../local/simulated-switch/simulated-switch.ts';
import type { StationSession } from '../../../local/simulated-switch/station-session.ts';
import type { SwitchEvent, SwitchEventName } from '../../../local/simulated-switch/switch-event.ts';
import type { NasProfile } from '../../../relay/profiles/nas-profile.ts';
import type { Attribute } from '../../../relay/radius/attribute-table.ts';
import { type CoaSender, type CoaTarget, createCoaSender } from '../../../relay/radius/coa-sender.ts';
import type { CoaRequest } from '../../../relay/radius/encode-request.ts';
import type { CoaAction } from '../../../shared/domain/coa-job.ts';
import { encodeRequest } from '../../support/encode-request.ts';

export const STATION = 'A4-BB-6D-01-02-03';
export const SECRET = 'between relay and switch';
export const SECRET_OCTETS = Buffer.from(SECRET);
export const API_KEY = 'key-of-the-proxy';
export const GOOD = 'permit role=staff vlan=10 timeout=3600 class=decision-1';
export const BAD = 'permit role=quarantine vlan=99 timeout=600 class=decision-2';
export const REAUTHENTICATE: Attribute = ['Cisco-AVPair', 'subscriber:command=reauthenticate'];

interface ReceivedRecord {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly fields: Readonly<Record<string, string>>;
}

export interface StubReply {
  readonly status: number;
  readonly body: string;
}

export let folder: string;
let caFile: string;
let connector: HttpListener;
export let connectorUrl: string;
/** What the stub has received. */
export let received: ReceivedRecord[];
/** What the stub answers: each lookup the same, accounting in this order. */
export const REPLIES: { lookup: StubReply | Promise<StubReply>; accounting: StubReply[] } = {
  lookup: { status: 200, body: GOOD },
  accounting: [],
};

export let nas: SimulatedSwitch;
export let events: SwitchEvent[];
let waiting: Set<() => void>;
export let patient: CoaSender;
export let quick: CoaSender;
export let socket: Socket;

/** Starts the stub for a test file, and for each of its tests a switch of its own. */
export function useSwitch(): void {
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
    REPLIES.accounting = [];
    REPLIES.lookup = { status: 200, body: GOOD };
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
}

/** Puts another switch in place of the one that the test has. */
export async function startOtherSwitch(change: Partial<SimulatedSwitchOptions>): Promise<void> {
  await nas.close();
  nas = await startSimulatedSwitch({ ...switchOptions(), ...change });
}

export function switchOptions(): SimulatedSwitchOptions {
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
export function until(holds: () => boolean): Promise<void> {
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
export async function happened(name: SwitchEventName): Promise<SwitchEvent> {
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
  const reply = path === '/api/lookup' ? REPLIES.lookup : REPLIES.accounting.shift();
  for (const check of waiting) check();
  const { status, body } = (await reply) ?? { status: 200, body: '{}' };
  response.writeHead(status).end(body);
}

export async function control(
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

export async function connected(mac = STATION): Promise<StationSession> {
  const { status, json } = await control('POST', '/connect', { mac, port: 'Gi1/0/7' });
  expect(status).toBe(200);
  const session = nas.sessions().find(({ callingStationId }) => callingStationId === mac);
  if (session === undefined) throw new Error(`${mac} is not connected: ${JSON.stringify(json)}`);
  return session;
}

export function target(more: Partial<CoaTarget> = {}): CoaTarget {
  return { address: '127.0.0.1', port: nas.coaPort, secret: SECRET, ...more };
}

export function coa(...attributes: Attribute[]): CoaRequest {
  return { packet: 'CoA-Request', attributes };
}

export function disconnect(...attributes: Attribute[]): CoaRequest {
  return { packet: 'Disconnect-Request', attributes };
}

export function byProfile(profile: NasProfile, action: CoaAction, session: StationSession): CoaRequest {
  const answer = profile.request({ action, session, nas: {} }, {});
  if (!answer.possible) throw new Error(answer.reason);
  return answer.request;
}

export function records(path: '/api/lookup' | '/api/accounting') {
  return received.filter((record) => record.path === path).map(({ fields }) => fields);
}

/** What accounting said, in one line per record. */
export function account(): string[] {
  return records('/api/accounting').map(
    (fields) => `${fields['status']} ${fields['acctSessionId']} ${fields['class']}`,
  );
}

/** Sends datagrams in this order and resolves with as many answers as expected. */
export async function exchange(datagrams: readonly Uint8Array[], expected: number): Promise<Buffer[]> {
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

export function encoded(identifier: number, { packet, attributes }: CoaRequest, messageAuthenticator = true): Buffer {
  return encodeRequest({ packet, attributes, identifier, secret: SECRET_OCTETS, messageAuthenticator });
}

/** A packet with any octets for attributes, signed rightly. */
export function signed(code: number, identifier: number, attributes: Uint8Array): Buffer {
  const packet = Buffer.concat([Buffer.of(code, identifier, 0, 0), Buffer.alloc(16), attributes]);
  packet.writeUInt16BE(packet.length, 2);
  packet.set(createHash('md5').update(packet).update(SECRET_OCTETS).digest(), 4);
  return packet;
}

export function attribute(type: number, value: string | Uint8Array): Buffer {
  const octets = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([Buffer.of(type, octets.length + 2), octets]);
}
