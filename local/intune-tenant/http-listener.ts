// Puts a node server on a port and takes it off again completely: closing destroys every socket, also those in the
// middle of a TLS handshake or of a request that is never answered.

import type { Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

export interface HttpListener {
  readonly port: number;
  close(): Promise<void>;
}

export async function listenForHttp(server: Server | SecureServer, port: number, host: string): Promise<HttpListener> {
  const sockets = new Set<Socket>();
  // For TLS this event carries the TCP socket underneath, so handshakes are covered too.
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });

  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) {
        socket.destroy();
      }
      await closed;
    },
  };
}
