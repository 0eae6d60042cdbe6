// Starts the embedded Service Bus broker in this process: for the unmodified SDK, without Docker and without Azure.
import { type AmqpServer, startAmqpServer } from './amqp-server.ts';
import { Broker } from './broker.ts';
import { openDataFolder } from './data-folder.ts';
import { memoryStore } from './memory-store.ts';
import type { MessageStore } from './message-store.ts';
import type { QueueDefinition } from './queue-definition.ts';
import { ACCESS_KEY_NAME, newAccessKey } from './shared-access-signature.ts';

export type { QueueDefinition } from './queue-definition.ts';

export interface ServiceBusOptions {
  /** 0 or none: a free one. */
  readonly port?: number;
  /** Where messages survive the end of the process; none: only in memory. */
  readonly dataFolder?: string;
  readonly queues: readonly QueueDefinition[];
}

export interface RunningServiceBus {
  readonly connectionString: string;
  readonly port: number;
  close(): Promise<void>;
}

export async function startServiceBus({ port = 0, dataFolder, queues }: ServiceBusOptions): Promise<RunningServiceBus> {
  const { store, accessKey } =
    dataFolder === undefined ? { store: memoryStore(), accessKey: newAccessKey() } : openDataFolder(dataFolder);
  const broker = createBroker(queues, store);
  let server: AmqpServer;
  try {
    server = await startAmqpServer(broker, accessKey, port);
  } catch (error) {
    broker.close();
    throw error;
  }
  let closing: Promise<void> | undefined;
  return {
    connectionString: connectionString(server.port, accessKey),
    port: server.port,
    close() {
      closing ??= server.close().finally(() => broker.close());
      return closing;
    },
  };
}

function createBroker(queues: readonly QueueDefinition[], store: MessageStore): Broker {
  try {
    return new Broker({ queues, store });
  } catch (error) {
    store.close();
    throw error;
  }
}

/** "UseDevelopmentEmulator" makes the SDK speak plain TCP to the port given. */
function connectionString(port: number, accessKey: string): string {
  return [
    `Endpoint=sb://127.0.0.1:${port}`,
    `SharedAccessKeyName=${ACCESS_KEY_NAME}`,
    `SharedAccessKey=${accessKey}`,
    'UseDevelopmentEmulator=true;',
  ].join(';');
}
