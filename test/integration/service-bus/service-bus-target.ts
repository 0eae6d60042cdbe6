// The Service Bus the conformance tests run against: the embedded broker, or any other that has the queues below and
// whose connection string is in SERVICE_BUS_CONNECTION_STRING.
import { ServiceBusClient } from '@azure/service-bus';
import { type QueueDefinition, startServiceBus } from '../../../local/service-bus/start-service-bus.ts';

const external = process.env['SERVICE_BUS_CONNECTION_STRING'];

/**
 * The service's smallest is 5 s. Shorter than 1.5 s does not work with the SDK: it collects messages for a second after
 * the first one.
 */
export const LOCK_MS = external ? 5000 : 2000;
export const MAX_DELIVERIES = 3;
export const DUPLICATE_WINDOW_MS = 20_000;

const LOCK = { lockDurationMs: LOCK_MS, maxDeliveryCount: MAX_DELIVERIES };

/** To be created with these settings where the target is not the embedded broker. No two test files share one. */
export const QUEUES = [
  { name: 'messages', ...LOCK },
  { name: 'settlement', ...LOCK },
  { name: 'sessions', ...LOCK, requiresSession: true },
  { name: 'scheduled', ...LOCK },
  { name: 'deduplicated', ...LOCK, duplicateDetectionWindowMs: DUPLICATE_WINDOW_MS },
  { name: 'expiring', ...LOCK, deadLetterOnExpiry: true },
  { name: 'vanishing', ...LOCK, defaultTtlMs: 1000 },
] as const satisfies readonly QueueDefinition[];

export type QueueName = (typeof QUEUES)[number]['name'];

export interface ServiceBusTarget {
  readonly connectionString: string;
  /** The official emulator does not look at keys. */
  readonly checksKeys: boolean;
  client(timeoutInMs?: number): ServiceBusClient;
  close(): Promise<void>;
}

export async function openTarget(): Promise<ServiceBusTarget> {
  const embedded = external === undefined ? await startServiceBus({ queues: QUEUES }) : undefined;
  const connectionString = embedded?.connectionString ?? external ?? '';
  return {
    connectionString,
    checksKeys: embedded !== undefined || !connectionString.includes('UseDevelopmentEmulator=true'),
    client: (timeoutInMs = 8000) =>
      new ServiceBusClient(connectionString, { retryOptions: { maxRetries: 0, timeoutInMs } }),
    close: async () => embedded?.close(),
  };
}
