// The WebSocket for the Service Bus SDK goes through an HTTP proxy, with the subprotocol of AMQP.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { proxiedWebSocket } from '../../../relay/proxied-web-socket.ts';

let server: Server;
let proxy: Server;
const connected: string[] = [];

beforeAll(async () => {
  // Accepts the upgrade, sends one frame and closes.
  server = createServer();
  server.on('upgrade', (request, socket) => {
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    const lines = [
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Accept: ${accept}`,
      `Sec-WebSocket-Protocol: ${request.headers['sec-websocket-protocol']}`,
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    socket.write(Buffer.from([0x82, 4, 0x41, 0x4d, 0x51, 0x50]));
    socket.on('error', () => undefined);
    socket.on('data', () => socket.end(Buffer.from([0x88, 0])));
  });
  proxy = createServer();
  proxy.on('connect', (request, incoming) => {
    connected.push(request.url ?? '');
    const outgoing = connect((server.address() as AddressInfo).port, '127.0.0.1', () => {
      incoming.write('HTTP/1.1 200 Connection established\r\n\r\n');
      outgoing.pipe(incoming).pipe(outgoing);
    });
    for (const socket of [incoming, outgoing]) socket.on('error', () => undefined);
  });
  for (const one of [server, proxy]) {
    one.listen(0, '127.0.0.1');
    await once(one, 'listening');
  }
});

afterAll(async () => {
  for (const one of [server, proxy]) {
    one.closeAllConnections();
    one.close();
    await once(one, 'close');
  }
});

test.each(['through the proxy', 'without'])('%s', async (way) => {
  connected.length = 0;
  const WebSocketClass = proxiedWebSocket(
    way === 'without' ? undefined : `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
  );
  const { port } = server.address() as AddressInfo;
  const socket = new WebSocketClass(`ws://127.0.0.1:${port}/$servicebus/websocket`, ['AMQPWSB10']);
  socket.binaryType = 'arraybuffer';
  const received = Promise.withResolvers<string>();
  const closed = once(socket, 'close');
  socket.onmessage = ({ data }) => received.resolve(Buffer.from(data as ArrayBuffer).toString());
  socket.onerror = () => received.reject(new Error('The socket failed.'));
  expect(await received.promise).toBe('AMQP');
  expect(socket.protocol).toBe('AMQPWSB10');
  expect(connected).toEqual(way === 'without' ? [] : [`127.0.0.1:${port}`]);
  socket.close();
  await closed;
});
