// A process that listens at all NAS addresses and answers every rightly signed request with a signed ACK.

import { createHash, createHmac } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { NAS_COUNT, NAS_SECRET, nasAddress } from './nas-addresses.ts';

process.on('SIGTERM', () => process.exit());
process.on('disconnect', () => process.exit());

const [port, first] = await listen(0, nasAddress(0));
const others = Array.from({ length: NAS_COUNT - 1 }, (_, index) => listen(port, nasAddress(index + 1)));
for (const socket of [first, ...(await Promise.all(others)).map(([, other]) => other)]) answer(socket);
process.send?.({ port });

async function listen(wanted: number, address: string): Promise<[port: number, socket: Socket]> {
  const socket = createSocket('udp4');
  socket.bind(wanted, address);
  await once(socket, 'listening');
  return [socket.address().port, socket];
}

function answer(socket: Socket): void {
  socket.on('message', (packet, from) => {
    if (isSigned(packet)) socket.send(acknowledgement(packet), from.port, from.address);
  });
}

function isSigned(packet: Buffer): boolean {
  if (packet.length < 20) return false;
  const blank = Buffer.from(packet).fill(0, 4, 20);
  return createHash('md5').update(blank).update(NAS_SECRET).digest().equals(packet.subarray(4, 20));
}

function acknowledgement(request: Buffer): Buffer {
  const packet = Buffer.concat([request.subarray(0, 20), Buffer.from([80, 18]), Buffer.alloc(16)]);
  packet.writeUInt8((request[0] ?? 0) + 1, 0);
  packet.writeUInt16BE(packet.length, 2);
  createHmac('md5', NAS_SECRET).update(packet).digest().copy(packet, 22);
  createHash('md5').update(packet).update(NAS_SECRET).digest().copy(packet, 4);
  return packet;
}
