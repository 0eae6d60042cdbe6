// The wire between a switch and its RADIUS server: keeps what the server answered, and can deliver it late.

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type RadiusReply, readReplyPacket } from '../freeradius/radius-reply.ts';

export interface RadiusWire {
  /** Where the switch sends to, at its own address. */
  readonly port: number;
  /** What the server answered at the end of each conversation, oldest first, whether it has arrived or not. */
  readonly replies: readonly RadiusReply[];
  /** The next Access-Accept or Access-Reject of the server. */
  nextReply(): Promise<RadiusReply>;
  /** Keeps the next Access-Accept back until the returned function is called: a line with a full queue. */
  holdAccept(): () => void;
  close(): Promise<void>;
}

/**
 * @param address of the switch: the server sees its packets come from there @param serverPort on 127.0.0.1, at this
 * moment
 */
export async function layRadiusWire(address: string, serverPort: () => number): Promise<RadiusWire> {
  const [near, far] = await Promise.all([boundSocket(address), boundSocket(address)]);
  const replies: RadiusReply[] = [];
  const waiting: ((reply: RadiusReply) => void)[] = [];
  let delivered: Promise<void> | undefined;
  let client: RemoteInfo | undefined;
  near.on('message', (packet, from) => {
    client = from;
    far.send(packet, serverPort(), '127.0.0.1');
  });
  far.on('message', async (packet) => {
    const reply = readReplyPacket(packet);
    const to = client;
    if (reply) {
      replies.push(reply);
      for (const take of waiting.splice(0)) take(reply);
    }
    if (reply?.code === 'Access-Accept' && delivered) {
      const late = delivered;
      delivered = undefined;
      await late;
    }
    if (to) near.send(packet, to.port, to.address);
  });
  return {
    port: near.address().port,
    replies,
    nextReply: () => new Promise((resolve) => void waiting.push(resolve)),
    holdAccept() {
      const { promise, resolve } = Promise.withResolvers<void>();
      delivered = promise;
      return resolve;
    },
    async close() {
      const closed = Promise.all([once(near, 'close'), once(far, 'close')]);
      near.close();
      far.close();
      await closed;
    },
  };
}

async function boundSocket(address: string): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, address);
  await once(socket, 'listening');
  return socket;
}
