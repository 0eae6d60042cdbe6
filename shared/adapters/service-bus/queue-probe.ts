// Checks that the queues exist and may be used: opens a link to each, and sends or takes nothing.

import type { ServiceBusClient } from '@azure/service-bus';
import { queueError, siteQueueName } from './service-bus-job-queue.ts';

/** @throws QueueError NAC_QUEUE_MISSING, NAC_QUEUE_UNAVAILABLE */
export async function probeSiteQueue(client: ServiceBusClient, site: string): Promise<void> {
  const queue = siteQueueName(site);
  const sender = client.createSender(queue);
  try {
    // Asks the service how long a message may be, for which the link must stand.
    await sender.createMessageBatch();
  } catch (thrown) {
    throw queueError(queue, thrown);
  } finally {
    await sender.close();
  }
}

/** @returns false when no report waits */
export async function probeResultsQueue(client: ServiceBusClient, queue: string): Promise<boolean> {
  const receiver = client.createReceiver(queue);
  try {
    return (await receiver.peekMessages(1)).length > 0;
  } catch (thrown) {
    throw queueError(queue, thrown);
  } finally {
    await receiver.close();
  }
}
