// Real UDP sockets that write down every datagram of the sender.

import { type OpenUdpSocket, openUdpSocket } from '../../../relay/radius/open-udp-socket.ts';

export interface RecordedDatagram {
  readonly direction: 'sent' | 'received';
  readonly localPort: number;
  readonly remotePort: number;
  readonly octets: Buffer;
}

export interface RecordedUdp {
  readonly openSocket: OpenUdpSocket;
  readonly datagrams: RecordedDatagram[];
}

export function recordedUdp(): RecordedUdp {
  const datagrams: RecordedDatagram[] = [];
  return {
    datagrams,
    async openSocket(options) {
      const record = (direction: RecordedDatagram['direction'], remotePort: number, octets: Uint8Array) =>
        datagrams.push({ direction, localPort: socket.port, remotePort, octets: Buffer.from(octets) });
      const socket = await openUdpSocket({
        ...options,
        onDatagram(datagram, from) {
          record('received', from.port, datagram);
          options.onDatagram(datagram, from);
        },
      });
      return {
        port: socket.port,
        close: () => socket.close(),
        send(datagram, to, failed) {
          record('sent', to.port, datagram);
          socket.send(datagram, to, failed);
        },
      };
    },
  };
}
