// The sender's own UDP ports: opened on demand, bounded in number, closed when idle.

import type { IdentifierLedger } from './identifier-ledger.ts';
import type { OpenUdpSocket, UdpPeer, UdpSocket } from './open-udp-socket.ts';
import { readIpAddress } from './read-ip-address.ts';
import type { SendClock } from './send-clock.ts';

/** The right to use one identifier from one source port to one NAS, until it is released. */
export interface SourcePortLease {
  readonly identifier: number;
  readonly sourcePort: number;
  send(datagram: Uint8Array, failed: (error: Error) => void): void;
  release(): void;
}

export interface LeaseOptions {
  readonly nas: UdpPeer;
  readonly family: 4 | 6;
  readonly sourceAddress?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * A datagram with the identifier of this lease arrived at its port. `fromNas` is false if it came from another
   * address or port than the NAS'.
   */
  readonly onDatagram: (datagram: Uint8Array, fromNas: boolean) => void;
}

export interface SourcePorts {
  /**
   * Waits until an identifier is free.
   * @throws the reason of `signal`, the system's error if no socket can be opened, or the error given to `close`
   */
  lease(options: LeaseOptions): Promise<SourcePortLease>;
  /** Ports that are open now. */
  readonly open: number;
  /** Refuses those who wait, with this error, and closes all ports; leases end without further notice. */
  close(error: Error): Promise<void>;
}

export interface SourcePortsOptions {
  readonly openSocket: OpenUdpSocket;
  readonly ledger: IdentifierLedger;
  readonly clock: SendClock;
  readonly maximumPorts: number;
  /** A port without any lease is closed after so many milliseconds. */
  readonly idleCloseMs: number;
}

interface OpenPort {
  /** Family and local address: requests from the same ones share the port. */
  readonly local: string;
  readonly ledgerKey: string;
  readonly socket: UdpSocket;
  /** By NAS and identifier. */
  readonly leases: Map<string, { readonly identifier: number; readonly onDatagram: LeaseOptions['onDatagram'] }>;
  cancelIdleClose: () => void;
}

interface Waiting {
  readonly options: LeaseOptions;
  readonly local: string;
  readonly nas: string;
  readonly granted: (lease: SourcePortLease) => void;
  readonly refused: (error: unknown) => void;
}

/** Identifiers of one port to one NAS are used up first, then another port is opened, then the next request waits. */
export function createSourcePorts(options: SourcePortsOptions): SourcePorts {
  const { openSocket, ledger, clock, maximumPorts, idleCloseMs } = options;
  const ports = new Set<OpenPort>();
  const opening = new Map<string, Promise<void>>();
  const closing = new Set<Promise<void>>();
  /** Those who wait for the same, in their order: one without success means none of them has any. */
  const waiting = new Map<string, Set<Waiting>>();
  let closedBy: Error | undefined;

  function serveWaiting(): void {
    for (const [alike, waiters] of waiting) {
      for (const waiter of waiters) {
        const lease = takeLease(waiter);
        if (lease === undefined) {
          if (!opening.has(waiter.local) && ports.size + opening.size < maximumPorts) {
            opening.set(waiter.local, openPort(waiter.local, waiter.options));
          }
          break;
        }
        waiters.delete(waiter);
        waiter.granted(lease);
      }
      if (waiters.size === 0) waiting.delete(alike);
    }
  }

  function wait(waiter: Waiting): void {
    const alike = `${waiter.local} ${waiter.nas}`;
    const waiters = waiting.get(alike) ?? new Set();
    waiting.set(alike, waiters.add(waiter));
  }

  function refuseWaiting(error: unknown, local?: string): void {
    for (const [alike, waiters] of waiting) {
      for (const waiter of waiters) {
        if (local !== undefined && waiter.local !== local) break;
        waiters.delete(waiter);
        waiter.refused(error);
      }
      if (waiters.size === 0) waiting.delete(alike);
    }
  }

  async function openPort(local: string, { family, sourceAddress }: LeaseOptions): Promise<void> {
    try {
      let opened: OpenPort | undefined;
      const onDatagram = (datagram: Uint8Array, from: UdpPeer) => {
        if (opened !== undefined) deliver(opened, datagram, from);
      };
      const socket = await openSocket({ family, sourceAddress, onDatagram });
      opened = { local, ledgerKey: `${local} ${socket.port}`, socket, leases: new Map(), cancelIdleClose: () => {} };
      opening.delete(local);
      if (closedBy !== undefined) return await socket.close();
      ports.add(opened);
      closeWhenIdle(opened);
    } catch (error) {
      opening.delete(local);
      refuseWaiting(error, local);
    }
    serveWaiting();
  }

  function takeLease(waiter: Waiting): SourcePortLease | undefined {
    for (const port of ports) {
      if (port.local !== waiter.local) continue;
      const identifier = ledger.take(port.ledgerKey, waiter.nas);
      if (identifier !== undefined) return grant(port, identifier, waiter);
    }
    return undefined;
  }

  function grant(port: OpenPort, identifier: number, { nas, options: { nas: to, onDatagram } }: Waiting) {
    const key = `${nas} ${identifier}`;
    port.cancelIdleClose();
    port.leases.set(key, { identifier, onDatagram });
    return {
      identifier,
      sourcePort: port.socket.port,
      send(datagram: Uint8Array, failed: (error: Error) => void) {
        if (ports.has(port)) port.socket.send(datagram, to, failed);
      },
      release() {
        if (!port.leases.delete(key)) return;
        ledger.release(port.ledgerKey, nas, identifier);
        if (port.leases.size === 0 && ports.has(port)) closeWhenIdle(port);
        serveWaiting();
      },
    };
  }

  function closeWhenIdle(port: OpenPort): void {
    port.cancelIdleClose = clock.after(idleCloseMs, () => {
      closePort(port);
      ledger.forgetFree();
      serveWaiting();
    });
  }

  function closePort(port: OpenPort): void {
    port.cancelIdleClose();
    ports.delete(port);
    const closed = port.socket.close().finally(() => closing.delete(closed));
    closing.add(closed);
  }

  return {
    lease(leaseOptions) {
      const { signal, family, sourceAddress, nas } = leaseOptions;
      return new Promise((resolve, reject) => {
        if (closedBy !== undefined) return reject(closedBy);
        if (signal?.aborted) return reject(signal.reason);
        const stop = () => {
          waiting.get(`${waiter.local} ${waiter.nas}`)?.delete(waiter);
          reject(signal?.reason);
        };
        const waiter: Waiting = {
          options: leaseOptions,
          local: `${family} ${sourceAddress ?? ''}`,
          nas: peerKey(nas),
          granted(lease) {
            signal?.removeEventListener('abort', stop);
            resolve(lease);
          },
          refused(error) {
            signal?.removeEventListener('abort', stop);
            reject(error);
          },
        };
        wait(waiter);
        serveWaiting();
        if (waiting.get(`${waiter.local} ${waiter.nas}`)?.has(waiter)) {
          signal?.addEventListener('abort', stop, { once: true });
        }
      });
    },
    get open() {
      return ports.size;
    },
    async close(error) {
      closedBy ??= error;
      refuseWaiting(error);
      for (const port of ports) closePort(port);
      await Promise.all([...opening.values(), ...closing]);
    },
  };
}

function deliver(port: OpenPort, datagram: Uint8Array, from: UdpPeer): void {
  const identifier = datagram[1];
  const lease = port.leases.get(`${peerKey(from)} ${identifier}`);
  if (lease !== undefined) {
    lease.onDatagram(datagram, true);
    return;
  }
  for (const [key, other] of [...port.leases]) {
    // Of a NAS that is being asked, though it answers nothing that was asked: it counts for each request to that NAS.
    if (key.startsWith(`${peerKey(from)} `)) other.onDatagram(datagram, true);
    else if (other.identifier === identifier) other.onDatagram(datagram, false);
  }
}

/** The same for every way to write an IPv6 address; of IPv4 there is one only, and it is the key for every datagram. */
function peerKey({ address, port }: UdpPeer): string {
  if (!address.includes(':')) return `${address} ${port}`;
  const read = readIpAddress(address);
  return `${read?.family === 6 ? read.octets.toString('hex') : (read?.text ?? address)} ${port}`;
}
