// Stands between relay and broker, to cut the line, or to let nothing through any more.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface CuttableConnection {
  readonly port: number;
  /** Cuts every connection; new ones are refused until `mend`. */
  cut(): void;
  mend(): void;
  /** Connections stay, and nothing passes on them, as behind a firewall that has forgotten them; new ones work. */
  freeze(): void;
  /** New connections are taken, and nothing passes on them; resolves with the next one. Until `mend`. */
  swallow(): Promise<void>;
  close(): Promise<void>;
}

export async function cuttableConnection(toPort: number): Promise<CuttableConnection> {
  const sockets = new Set<Socket>();
  let whole = true;
  let swallowed: PromiseWithResolvers<void> | undefined;
  const server = createServer((incoming) => {
    if (!whole) return void incoming.destroy();
    if (swallowed) {
      sockets.add(incoming);
      incoming.on('error', () => undefined);
      incoming.on('close', () => sockets.delete(incoming));
      incoming.resume();
      return swallowed.resolve();
    }
    const outgoing = connect(toPort, '127.0.0.1');
    for (const [one, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    whole = false;
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    mend() {
      whole = true;
      swallowed = undefined;
    },
    freeze() {
      for (const socket of sockets) {
        socket.unpipe();
        socket.pause();
      }
    },
    swallow() {
      swallowed = Promise.withResolvers();
      return swallowed.promise;
    },
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
