// Stands between the sender of CoA and a NAS, and writes down what was asked and how it was answered.

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';

export interface RecordedCoa {
  readonly packet: 'CoA-Request' | 'Disconnect-Request' | 'other';
  /** Empty texts where the request has none. */
  readonly callingStationId: string;
  readonly acctSessionId: string;
  answer?: 'ack' | 'nak';
}

export interface CoaRecorder {
  /** On 127.0.0.1. */
  readonly port: number;
  /** Oldest first. A retransmission is a request of its own. */
  readonly requests: readonly RecordedCoa[];
  close(): Promise<void>;
}

const PACKETS: Readonly<Record<number, RecordedCoa['packet']>> = { 40: 'Disconnect-Request', 43: 'CoA-Request' };
const ACKS = [41, 44];
const CALLING_STATION_ID = 31;
const ACCT_SESSION_ID = 44;

export async function startCoaRecorder(nasPort: number): Promise<CoaRecorder> {
  const near = await boundSocket();
  /** One socket per sender, so that the NAS tells them apart. */
  const far = new Map<string, Promise<Socket>>();
  const requests: RecordedCoa[] = [];
  const open = new Map<string, RecordedCoa>();

  async function farSocket(sender: string, from: RemoteInfo): Promise<Socket> {
    const socket = await boundSocket();
    socket.on('message', (packet) => {
      const request = open.get(`${sender} ${packet[1]}`);
      if (request) request.answer = ACKS.includes(packet.readUInt8(0)) ? 'ack' : 'nak';
      near.send(packet, from.port, from.address);
    });
    return socket;
  }

  near.on('message', async (packet, from) => {
    const sender = `${from.address} ${from.port}`;
    const request: RecordedCoa = {
      packet: PACKETS[packet.readUInt8(0)] ?? 'other',
      callingStationId: attributeText(packet, CALLING_STATION_ID),
      acctSessionId: attributeText(packet, ACCT_SESSION_ID),
    };
    requests.push(request);
    open.set(`${sender} ${packet[1]}`, request);
    const socket = far.get(sender) ?? farSocket(sender, from);
    far.set(sender, socket);
    (await socket).send(packet, nasPort, '127.0.0.1');
  });

  return {
    port: near.address().port,
    requests,
    async close() {
      const sockets = [near, ...(await Promise.all(far.values()))];
      const closed = Promise.all(sockets.map((socket) => once(socket, 'close')));
      for (const socket of sockets) socket.close();
      await closed;
    },
  };
}

function attributeText(packet: Buffer, type: number): string {
  for (let at = 20; at + 2 <= packet.length; ) {
    const length = packet.readUInt8(at + 1);
    if (length < 2) break;
    if (packet.readUInt8(at) === type) return packet.toString('utf8', at + 2, at + length);
    at += length;
  }
  return '';
}

async function boundSocket(): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}
