// Finds out why a session was refused: the SDK says "locked" for queues that are missing or have no sessions, too.

import { randomUUID } from 'node:crypto';
import { isServiceBusError, type ServiceBusClient } from '@azure/service-bus';
import { RelayError } from './relay-error.ts';

/**
 * Resolves if another receiver really has the session.
 * @throws RelayError for a queue without sessions; what the SDK throws if the queue is missing or may not be used
 */
export async function explainRefusedSession(client: ServiceBusClient, queue: string): Promise<void> {
  try {
    // No other receiver holds a session of this name, so only the queue itself can be the reason for a refusal.
    const probe = await client.acceptSession(queue, `probe-${randomUUID()}`, { maxAutoLockRenewalDurationInMs: 0 });
    await probe.close();
    return;
  } catch (error) {
    if (!isServiceBusError(error) || error.code !== 'SessionCannotBeLocked') throw error;
  }
  const browser = client.createReceiver(queue);
  try {
    // Fails, with the reason, for a queue that is not there.
    await browser.peekMessages(1);
  } finally {
    await browser.close();
  }
  throw new RelayError('NAC_RELAY_QUEUE', `Queue ${queue} gives no sessions`, {
    action: 'Delete the jobs queue and create it with sessions required, or correct jobsQueue in relay.yaml.',
  });
}
