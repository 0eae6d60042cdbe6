// The AMQP side of the broker: accepts connections and brings their links to the queues.
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import rhea, { type Connection, type EventContext, type Receiver, type Sender } from 'rhea';
import type { Broker } from './broker.ts';
import { unauthorized } from './broker-error.ts';
import { CLAIMS_NODE, serveClaims } from './claims-node.ts';
import { takeMessages } from './incoming-link.ts';
import { MANAGEMENT_NODE, serveManagement } from './management-node.ts';
import { giveMessages } from './outgoing-link.ts';
import { refuseLink } from './refuse-link.ts';
import {
  acknowledgePromptly,
  allowBytes,
  corkWrites,
  listenOptions,
  noticeClosedSocket,
  socketOf,
} from './rhea-quirks.ts';

const HOST = '127.0.0.1';
/** How long clients have to answer when the broker closes their connections. */
const CLOSE_LIMIT_MS = 2000;

export interface AmqpServer {
  readonly port: number;
  /** Finishes what clients were promised, then closes their connections. */
  close(): Promise<void>;
}

interface Client {
  authorized: boolean;
  /** Gives back what the links of the client hold. */
  readonly linkCleanups: Set<() => void>;
}

/** Service Bus' own SASL mechanism: claims follow at the claims node. */
const CLAIMS_BASED_MECHANISM = 'MSSBCBS';

export async function startAmqpServer(broker: Broker, accessKey: string, port: number): Promise<AmqpServer> {
  const container = rhea.create_container();
  // Who may do what is decided at the claims node.
  container.sasl_server_mechanisms.enable_anonymous();
  // The .NET client of the Functions host takes no other; what it sends with it is not looked at.
  container.sasl_server_mechanisms[CLAIMS_BASED_MECHANISM] = () => ({ outcome: true, username: 'claims', start() {} });
  const clients = new Map<Connection, Client>();

  const clientOf = (connection: Connection): Client => {
    const known = clients.get(connection);
    if (known) return known;
    const client: Client = { authorized: false, linkCleanups: new Set() };
    clients.set(connection, client);
    return client;
  };
  const forget = ({ connection }: EventContext) => {
    for (const cleanUp of clients.get(connection)?.linkCleanups ?? []) cleanUp();
    clients.delete(connection);
  };

  container.on('connection_open', ({ connection }: EventContext) => {
    clientOf(connection);
    corkWrites(connection);
    acknowledgePromptly(connection);
    noticeClosedSocket(connection);
  });
  container.on('connection_close', forget);
  container.on('disconnected', forget);
  // A client that leaves with an error is its own matter; an event without a listener would end this process.
  for (const event of ['error', 'connection_error', 'session_error', 'receiver_error', 'sender_error']) {
    container.on(event, () => undefined);
  }
  container.on('protocol_error', () => undefined);
  container.on('session_open', ({ session }: EventContext) => session && allowBytes(session));

  // What the client sends on, we receive on.
  container.on('receiver_open', ({ receiver: link, connection }: EventContext) => {
    if (!link) return;
    const client = clientOf(connection);
    const address = link.target?.address ?? '';
    link.set_target({ address });
    link.set_source({ address: link.source?.address });
    openLink(link, client, address, () => {
      if (address === CLAIMS_NODE) {
        serveClaims(link, accessKey, () => {
          client.authorized = true;
        });
      } else if (address.endsWith(MANAGEMENT_NODE)) serveManagement(link, broker, queuePath(address));
      else takeMessages(link, broker, broker.queueToSendTo(queuePath(address)));
    });
  });

  container.on('sender_open', ({ sender: link, connection }: EventContext) => {
    if (!link) return;
    const client = clientOf(connection);
    const address = link.source?.address ?? '';
    link.set_source({ address });
    link.set_target({ address: link.target?.address ?? '' });
    openLink(link, client, address, () => {
      // Only replies go out on these.
      if (address === CLAIMS_NODE || address.endsWith(MANAGEMENT_NODE)) return;
      const giveBack = giveMessages(link, broker, broker.queue(queuePath(address)));
      const cleanUp = () => {
        if (client.linkCleanups.delete(cleanUp)) giveBack();
      };
      client.linkCleanups.add(cleanUp);
      link.on('sender_close', cleanUp);
      link.session.on('session_close', cleanUp);
    });
  });

  const server = container.listen(listenOptions(HOST, port));
  await once(server, 'listening');
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      broker.stopDelivery();
      await new Promise<void>((resolve) => broker.afterCommit(resolve));
      // The settlements of that commit are written in the next tick.
      await new Promise((resolve) => setImmediate(resolve));
      await Promise.all([...clients.keys()].map(closeConnection));
      // Of a client that connected and never began to speak AMQP.
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function openLink(link: Sender | Receiver, client: Client, address: string, open: () => void): void {
  try {
    if (!client.authorized && address !== CLAIMS_NODE) throw unauthorized('No valid token was presented.');
    open();
  } catch (error) {
    refuseLink(link, error);
  }
}

/** "queue", "/queue", "sb://host/queue", each perhaps with the name of a node of the queue behind it. */
function queuePath(address: string): string {
  const path = address.endsWith(MANAGEMENT_NODE) ? address.slice(0, -MANAGEMENT_NODE.length) : address;
  return path.replace(/^(amqps?|sb):\/\/[^/]*/, '').replace(/^\//, '');
}

async function closeConnection(connection: Connection): Promise<void> {
  const socket = socketOf(connection);
  if (!socket || socket.destroyed) return;
  const gone = new Promise((resolve) => socket.once('close', resolve));
  const timer = setTimeout(() => socket.destroy(), CLOSE_LIMIT_MS);
  // The SDK takes this condition as "try again", as it does when the service moves.
  connection.close({ condition: 'amqp:connection:forced', description: 'The broker is shutting down.' });
  await gone;
  clearTimeout(timer);
}
