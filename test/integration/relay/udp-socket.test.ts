// The sender's real sockets against a UDP peer that the test plays itself.

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type CoaSender, createCoaSender } from '../../../relay/radius/coa-sender.ts';
import type { CoaRequest } from '../../../relay/radius/encode-request.ts';
import { signedAnswer } from '../../unit/relay/radius/signed-answer.ts';

const SECRET = 'a-shared-secret';
const REQUEST: CoaRequest = { packet: 'CoA-Request', attributes: [['User-Name', 'alice']] };
const TIMES = { initialMs: 50, maximumMs: 100, maximumCount: 3, maximumDurationMs: 5000, jitter: 0.1 };

let sender: CoaSender;
let peers: Socket[];

beforeEach(() => {
  sender = createCoaSender({ times: TIMES });
  peers = [];
});

afterEach(async () => {
  await sender.close();
  for (const peer of peers) peer.close();
});

async function peerAt(address: string): Promise<{ socket: Socket; port: number }> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  peers.push(socket);
  socket.bind(0, address);
  await once(socket, 'listening');
  return { socket, port: socket.address().port };
}

test.each(['127.0.0.1', '::1', '::ffff:127.0.0.1'])('a NAS at %s', async (address) => {
  const { socket, port } = await peerAt(address === '::1' ? '::1' : '127.0.0.1');
  socket.on('message', (request, from) => {
    socket.send(signedAnswer({ request, code: 44, secret: 'guessed' }), from.port, from.address);
    socket.send(
      signedAnswer({ request, code: 44, secret: SECRET, messageAuthenticator: 'right' }),
      from.port,
      from.address,
    );
  });
  expect(await sender.send({ address, port, secret: SECRET }, REQUEST)).toMatchObject({
    kind: 'ack',
    discarded: { authenticator: 1 },
  });
});

test('retransmissions come from the same port with the same octets; the third is answered', async () => {
  const { socket, port } = await peerAt('127.0.0.1');
  const received: string[] = [];
  socket.on('message', (request, from) => {
    received.push(`${from.port} ${request.toString('hex')}`);
    if (received.length === 3)
      socket.send(signedAnswer({ request, code: 45, secret: SECRET }), from.port, from.address);
  });
  expect(await sender.send({ address: '127.0.0.1', port, secret: SECRET }, REQUEST)).toMatchObject({
    kind: 'nak',
    transmissions: 3,
  });
  expect(new Set(received).size).toBe(1);
});

test('a NAS that answers from another address', async () => {
  const { socket, port } = await peerAt('127.0.0.1');
  const other = await peerAt('127.0.0.2');
  socket.on('message', (request, from) => {
    other.socket.send(signedAnswer({ request, code: 44, secret: SECRET }), from.port, from.address);
  });
  expect(await sender.send({ address: '127.0.0.1', port, secret: SECRET }, REQUEST)).toMatchObject({
    kind: 'no-answer',
    discarded: { source: 3 },
  });
});

test('a source address that this machine does not have', async () => {
  const target = { address: '127.0.0.1', port: 3799, secret: SECRET, sourceAddress: '203.0.113.77' };
  expect(await sender.send(target, REQUEST)).toEqual({
    kind: 'no-answer',
    transmissions: 0,
    discarded: {},
    elapsedMs: 0,
    localError: 'EADDRNOTAVAIL',
  });
  expect(sender.openPorts).toBe(0);
});

test('an address the system does not send to', async () => {
  const result = await sender.send({ address: '255.255.255.255', port: 3799, secret: SECRET }, REQUEST);
  expect(result).toMatchObject({ kind: 'no-answer', transmissions: 3, localError: 'EACCES' });
});

test('no program listens at the port', async () => {
  const { socket, port } = await peerAt('127.0.0.1');
  socket.close();
  peers = [];
  expect(await sender.send({ address: '127.0.0.1', port, secret: SECRET }, REQUEST)).toMatchObject({
    kind: 'no-answer',
    transmissions: 3,
    discarded: {},
  });
});
