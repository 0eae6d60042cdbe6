// What passes between sender and NAS, read by tshark: a third opinion on our packets and on the answers we accept.

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EXTRA_IDENTIFICATION } from '../../../relay/profiles/nas-profile.ts';
import { NAS_PROFILES } from '../../../relay/profiles/nas-profiles.ts';
import { type CoaTarget, createCoaSender } from '../../../relay/radius/coa-sender.ts';
import { encodeRequest } from '../../support/encode-request.ts';
import { startCoaListener } from '../../support/freeradius/start-coa-listener.ts';
import { type RecordedDatagram, recordedUdp } from './recorded-udp.ts';

const RADIUS_PORT = 3799;
const SESSION = {
  userName: 'host/laptop',
  callingStationId: '02-00-00-00-00-01',
  calledStationId: '66-77-88-99-AA-BB:corp',
  acctSessionId: 'live-1',
  acctMultiSessionId: 'multi-1',
  auditSessionId: '0A0101010000000A',
  framedIpAddress: '198.51.100.7',
  nasPort: 50_101,
  nasPortId: 'Gi1/0/1',
};
const NAS = { nasIpAddress: '192.0.2.10', nasIpv6Address: '2001:db8::10', nasIdentifier: 'switch-1' };

let folder: string;
let file: string;
let secret: string;

beforeAll(async () => {
  const nas = await startCoaListener();
  secret = nas.secret;
  const network = recordedUdp();
  const sender = createCoaSender({ openSocket: network.openSocket });
  try {
    const target: CoaTarget = { address: '127.0.0.1', port: nas.port, secret };
    for (const profile of NAS_PROFILES.values()) {
      for (const action of ['reauthenticate', 'disconnect'] as const) {
        for (const alsoIdentifyBy of [[], EXTRA_IDENTIFICATION]) {
          const answer = profile.request({ action, session: SESSION, nas: NAS }, { alsoIdentifyBy });
          if (!answer.possible) throw new Error(answer.reason);
          await sender.send(target, answer.request);
        }
      }
    }
    for (const packet of ['CoA-Request', 'Disconnect-Request'] as const) {
      await sender.send(target, { packet, attributes: [['Acct-Session-Id', 'gone']] });
    }
  } finally {
    await sender.close();
    await nas.stop();
  }
  // FreeRADIUS refuses this one for want of an Access-Request; it is only shown to tshark.
  const octets = encodeRequest({
    packet: 'CoA-Request',
    identifier: 200,
    secret: Buffer.from(secret),
    attributes: [
      ['Service-Type', 17],
      ['State', Buffer.of(0xde, 0xad)],
      ['Aruba-Port-Bounce-Host', 12],
    ],
  });
  network.datagrams.push({ direction: 'sent', localPort: 40_000, remotePort: nas.port, octets });
  folder = mkdtempSync(path.join(tmpdir(), 'nac-dissection-'));
  file = path.join(folder, 'radius.pcap');
  writeFileSync(file, captureFile(network.datagrams));
});

afterAll(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

/** A capture of raw IP packets (link type 101) between 192.0.2.1, the relay, and 192.0.2.10, the NAS. */
function captureFile(datagrams: readonly RecordedDatagram[]): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65_535, 16);
  header.writeUInt32LE(101, 20);
  return Buffer.concat([header, ...datagrams.flatMap(capturedPacket)]);
}

function capturedPacket({ direction, localPort, octets }: RecordedDatagram, index: number): Buffer[] {
  const relay = [192, 0, 2, 1];
  const nas = [192, 0, 2, 10];
  const ip = Buffer.alloc(28);
  ip.writeUInt8(0x45, 0);
  ip.writeUInt16BE(ip.length + octets.length, 2);
  ip.writeUInt8(64, 8);
  ip.writeUInt8(17, 9);
  ip.set(direction === 'sent' ? [...relay, ...nas] : [...nas, ...relay], 12);
  ip.writeUInt16BE(direction === 'sent' ? localPort : RADIUS_PORT, 20);
  ip.writeUInt16BE(direction === 'sent' ? RADIUS_PORT : localPort, 22);
  ip.writeUInt16BE(8 + octets.length, 24);
  const record = Buffer.alloc(16);
  record.writeUInt32LE(1_800_000_000, 0);
  record.writeUInt32LE(index, 4);
  record.writeUInt32LE(ip.length + octets.length, 8);
  record.writeUInt32LE(ip.length + octets.length, 12);
  return [record, ip, octets];
}

async function tshark(...options: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(
    '/usr/bin/tshark',
    ['-n', '-r', file, '-o', `radius.shared_secret:${secret}`, '-o', 'radius.validate_authenticator:TRUE', ...options],
    { env: { HOME: folder }, timeout: 30_000 },
  );
  return stdout;
}

test('every packet is RADIUS, none is malformed or noteworthy', async () => {
  expect(await tshark('-Y', '!radius || _ws.malformed || _ws.expert || data')).toBe('');
});

test('the codes, in their order', async () => {
  const answered = (request: number, answer: number) => [request, answer];
  const codes = (await tshark('-T', 'fields', '-e', 'radius.code')).trim().split('\n').map(Number);
  expect(codes).toEqual([
    ...answered(40, 41).concat(40, 41, 40, 41, 40, 41),
    ...answered(43, 44).concat(43, 44, 40, 41, 40, 41),
    ...answered(43, 45),
    ...answered(40, 42),
    43,
  ]);
});

test('tshark finds the Response Authenticator of every answer right', async () => {
  const lines = (
    await tshark('-Y', 'radius.code != 40 && radius.code != 43', '-T', 'fields', '-e', 'radius.authenticator.valid')
  )
    .trim()
    .split('\n');
  expect(lines).toHaveLength(10);
  expect(new Set(lines)).toEqual(new Set(['1']));
});

test('attributes have the names and values we mean', async () => {
  const text = await tshark('-O', 'radius', '-Y', 'radius.code == 43 || radius.code == 40');
  for (const line of [
    'User-Name: host/laptop',
    'NAS-IP-Address: 192.0.2.10',
    'NAS-IPv6-Address: 2001:db8::10',
    'NAS-Identifier: switch-1',
    'NAS-Port: 50101',
    'NAS-Port-Id: Gi1/0/1',
    'Called-Station-Id: 66-77-88-99-AA-BB:corp',
    'Calling-Station-Id: 02-00-00-00-00-01',
    'Acct-Session-Id: live-1',
    'Acct-Multi-Session-Id: multi-1',
    'Framed-IP-Address: 198.51.100.7',
    'Cisco-AVPair: audit-session-id=0A0101010000000A',
    'Cisco-AVPair: subscriber:command=reauthenticate',
    'Cisco-AVPair: subscriber:reauthenticate-type=last',
    'Service-Type: Authorize-Only (17)',
    'State: dead',
    'Aruba-Port-Bounce-Host: 12',
  ]) {
    expect(text).toContain(line);
  }
  expect(text).toMatch(/Event-Timestamp: [A-Z][a-z]{2} +\d+, 20\d\d /);
  expect(text).not.toMatch(/Unknown|truncated/i);
});

test('Message-Authenticator is the first attribute of every request', async () => {
  const text = await tshark('-Y', 'radius.code == 43 || radius.code == 40', '-T', 'fields', '-e', 'radius.avp.type');
  const lines = text.trim().split('\n');
  expect(lines).toHaveLength(11);
  for (const line of lines) expect(line).toMatch(/^80,/);
});
