// A bound UDP socket, reduced to what the sender needs of it.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';

export interface UdpPeer {
  readonly address: string;
  readonly port: number;
}

export interface UdpSocket {
  /** The local port it is bound to. */
  readonly port: number;
  /** `failed` is called if the system does not take the datagram; it is then as good as lost on the way. */
  send(datagram: Uint8Array, to: UdpPeer, failed: (error: Error) => void): void;
  close(): Promise<void>;
}

export interface OpenUdpSocketOptions {
  readonly family: 4 | 6;
  /** Local address to send from; by default the system chooses. */
  readonly sourceAddress?: string | undefined;
  readonly onDatagram: (datagram: Uint8Array, from: UdpPeer) => void;
}

export type OpenUdpSocket = (options: OpenUdpSocketOptions) => Promise<UdpSocket>;

/**
 * Opens a socket on a port the system chooses.
 * @throws the system's error, with its `code`, if it cannot be bound (EADDRNOTAVAIL: no such local address)
 */
export const openUdpSocket: OpenUdpSocket = async ({ family, sourceAddress, onDatagram }) => {
  const socket = createSocket(family === 4 ? { type: 'udp4' } : { type: 'udp6', ipv6Only: true });
  socket.bind({ port: 0, ...(sourceAddress === undefined ? {} : { address: sourceAddress }), exclusive: true });
  try {
    await once(socket, 'listening');
  } catch (error) {
    socket.close();
    throw error;
  }
  socket.on('message', onDatagram);
  // An error of one datagram comes to the callback of its send. Other errors are ignored: the socket goes on.
  socket.on('error', () => undefined);
  const { port } = socket.address();
  return {
    port,
    send(datagram, to, failed) {
      socket.send(datagram, to.port, to.address, (error) => {
        if (error) failed(error);
      });
    },
    async close() {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
};
