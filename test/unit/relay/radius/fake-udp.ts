// A network without wires: it keeps what is sent, and a test decides what comes back.

import type { OpenUdpSocket, UdpPeer } from '../../../../relay/radius/open-udp-socket.ts';
import type { ManualSendClock } from './manual-send-clock.ts';

export interface SentDatagram {
  readonly at: number;
  readonly sourcePort: number;
  readonly to: UdpPeer;
  readonly octets: Buffer;
  /** Sends to the port it came from; from where it was sent to by default. */
  reply(octets: Uint8Array, from?: UdpPeer): void;
}

export interface FakeUdp {
  readonly openSocket: OpenUdpSocket;
  readonly sent: SentDatagram[];
  /** Called with each datagram sent. */
  onSent: (datagram: SentDatagram) => void;
  /** Given to the sender instead of taking a datagram. */
  sendError: Error | undefined;
  openError: Error | undefined;
  /** The next ports handed out; increasing ones after that. */
  readonly nextPorts: number[];
  readonly open: number;
  readonly opened: { readonly family: 4 | 6; readonly sourceAddress: string | undefined; readonly port: number }[];
}

export function fakeUdp(clock: ManualSendClock): FakeUdp {
  const listening = new Map<number, (octets: Uint8Array, from: UdpPeer) => void>();
  let port = 49_152;
  const network: FakeUdp = {
    sent: [],
    onSent: () => {},
    sendError: undefined,
    openError: undefined,
    nextPorts: [],
    opened: [],
    get open() {
      return listening.size;
    },
    async openSocket({ family, sourceAddress, onDatagram }) {
      if (network.openError) throw network.openError;
      const sourcePort = network.nextPorts.shift() ?? port++;
      listening.set(sourcePort, onDatagram);
      network.opened.push({ family, sourceAddress, port: sourcePort });
      return {
        port: sourcePort,
        send(datagram, to, failed) {
          if (network.sendError) return failed(network.sendError);
          const sent: SentDatagram = {
            at: clock.elapsed(),
            sourcePort,
            to,
            octets: Buffer.from(datagram),
            reply: (octets, from = to) => listening.get(sourcePort)?.(octets, from),
          };
          network.sent.push(sent);
          network.onSent(sent);
        },
        async close() {
          listening.delete(sourcePort);
        },
      };
    },
  };
  return network;
}
