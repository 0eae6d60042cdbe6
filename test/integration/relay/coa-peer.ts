// A NAS over real UDP that answers by the codec's rules: what it does with a request depends on its Acct-Session-Id.

import { createHash, createHmac } from 'node:crypto';
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';

export interface CoaPeer {
  readonly port: number;
  /** Acct-Session-Id of every packet, in order; retransmissions are there too. */
  readonly received: string[];
  /** Resolves with the next packet that has this Acct-Session-Id, or at once if one has come. */
  saw(acctSessionId: string): Promise<void>;
  /** Sends the answers held back so far. */
  answerHeld(): void;
  close(): Promise<void>;
}

/**
 * `silent…` gets no answer, `held…` one when `answerHeld` is called, `cause-<n>…` a NAK with that Error-Cause,
 * everything else an ACK. Packets whose Request Authenticator is wrong are ignored.
 */
export async function startCoaPeer(secret: string): Promise<CoaPeer> {
  const socket = createSocket('udp4');
  const received: string[] = [];
  const held: (() => void)[] = [];
  const waiting: { readonly id: string; readonly resolve: () => void }[] = [];
  socket.on('message', (packet: Buffer, from: RemoteInfo) => {
    if (!requestAuthenticatorIsRight(packet, secret)) return;
    const id = acctSessionIdOf(packet);
    received.push(id);
    for (const one of waiting.filter((waiter) => waiter.id === id)) one.resolve();
    if (id.startsWith('silent')) return;
    const cause = /^cause-(\d+)/.exec(id)?.[1];
    const code = (packet[0] ?? 0) + (cause === undefined ? 1 : 2);
    const octets = answer(packet, code, secret, cause === undefined ? undefined : Number(cause));
    const send = () => socket.send(octets, from.port, from.address);
    if (id.startsWith('held')) held.push(send);
    else send();
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    received,
    saw(id) {
      if (received.includes(id)) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push({ id, resolve });
      return promise;
    },
    answerHeld() {
      for (const send of held.splice(0)) send();
    },
    async close() {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}

function requestAuthenticatorIsRight(packet: Buffer, secret: string): boolean {
  if (packet.length < 20) return false;
  const blank = Buffer.from(packet);
  blank.fill(0, 4, 20);
  return createHash('md5').update(blank).update(secret).digest().equals(packet.subarray(4, 20));
}

function acctSessionIdOf(packet: Buffer): string {
  for (let at = 20; at + 2 <= packet.length; at += packet[at + 1] ?? 2) {
    if (packet[at] === 44) return packet.toString('utf8', at + 2, at + (packet[at + 1] ?? 2));
  }
  return '';
}

function answer(request: Buffer, code: number, secret: string, cause: number | undefined): Buffer {
  const causeAttribute = cause === undefined ? Buffer.alloc(0) : Buffer.from([101, 6, 0, 0, cause >> 8, cause & 0xff]);
  const packet = Buffer.concat([Buffer.alloc(20), Buffer.from([80, 18]), Buffer.alloc(16), causeAttribute]);
  packet.writeUInt8(code, 0);
  packet.writeUInt8(request[1] ?? 0, 1);
  packet.writeUInt16BE(packet.length, 2);
  request.copy(packet, 4, 4, 20);
  createHmac('md5', secret).update(packet).digest().copy(packet, 22);
  createHash('md5').update(packet).update(secret).digest().copy(packet, 4);
  return packet;
}
