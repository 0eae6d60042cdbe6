// Jobs travel through one Service Bus queue per site, so that a site's relay may receive its own jobs and no others'.

import { ServiceBusClient, type ServiceBusSender } from '@azure/service-bus';
import { type CoaJob, coaMessageId } from '../../domain/coa-job.ts';
import { QueueError } from '../../errors.ts';
import type { DeadLetter, JobQueue } from '../../ports.ts';

export type ServiceBusConnection =
  | { readonly kind: 'connection-string'; readonly connectionString: string }
  | { readonly kind: 'managed-identity'; readonly fullyQualifiedNamespace: string; readonly clientId?: string };

/** Dead letters taken at once; the rest waits for the next round. */
const DEAD_LETTERS_AT_ONCE = 20;
/** Nothing waits for dead letters: those that are there are there. */
const DEAD_LETTER_WAIT_MS = 200;
/** A call that a broken connection has swallowed ends after this. */
const CALL_TIMEOUT_MS = 10_000;

export function siteQueueName(site: string): string {
  return `coa-${site}`;
}

export async function openServiceBus(connection: ServiceBusConnection): Promise<ServiceBusClient> {
  const options = { retryOptions: { timeoutInMs: CALL_TIMEOUT_MS, maxRetries: 2, retryDelayInMs: 500 } };
  if (connection.kind === 'connection-string') return new ServiceBusClient(connection.connectionString, options);
  const { ManagedIdentityCredential } = await import('@azure/identity');
  const credential = new ManagedIdentityCredential(connection.clientId ? { clientId: connection.clientId } : {});
  return new ServiceBusClient(connection.fullyQualifiedNamespace, credential, options);
}

export class ServiceBusJobQueue implements JobQueue {
  readonly #client: ServiceBusClient;
  readonly #senders = new Map<string, ServiceBusSender>();
  readonly #now: () => number;

  constructor(client: ServiceBusClient, now: () => number) {
    this.#client = client;
    this.#now = now;
  }

  /** The message id lets duplicate detection drop a repeated send; one session per site lets one relay work at a time. */
  async send(job: CoaJob): Promise<void> {
    const message = {
      body: job,
      contentType: 'application/json',
      messageId: coaMessageId(job),
      sessionId: job.site,
      timeToLive: Math.max(1_000, Date.parse(job.expiresAt) - this.#now()),
    };
    try {
      await this.#sender(job.site).sendMessages(message);
    } catch (thrown) {
      throw queueError(siteQueueName(job.site), thrown);
    }
  }

  async takeDeadLetters(site: string, take: (deadLetter: DeadLetter) => Promise<void>): Promise<void> {
    const queue = siteQueueName(site);
    try {
      const receiver = this.#client.createReceiver(queue, { subQueueType: 'deadLetter' });
      try {
        const messages = await receiver.receiveMessages(DEAD_LETTERS_AT_ONCE, { maxWaitTimeInMs: DEAD_LETTER_WAIT_MS });
        // One after the other: settling two at once can settle both the same way (rhea 3.0.5).
        for (const message of messages) {
          const reason = [message.deadLetterReason, message.deadLetterErrorDescription].filter(Boolean).join(': ');
          const job = asCoaJob(message.body);
          await take({ ...(job && { job }), reason: reason || 'no reason given' });
          await receiver.completeMessage(message);
        }
      } finally {
        await receiver.close();
      }
    } catch (thrown) {
      throw queueError(queue, thrown);
    }
  }

  #sender(site: string): ServiceBusSender {
    const queue = siteQueueName(site);
    const sender = this.#senders.get(queue) ?? this.#client.createSender(queue);
    this.#senders.set(queue, sender);
    return sender;
  }
}

/** What we sent ourselves; only enough is looked at to find the job again. */
function asCoaJob(body: unknown): CoaJob | undefined {
  const job = body as Partial<CoaJob> | null;
  return typeof job?.id === 'string' && typeof job.attempt === 'number' ? (job as CoaJob) : undefined;
}

function queueError(queue: string, thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return thrown;
  const missing = /could not be found|MessagingEntityNotFound/i.test(
    `${thrown.message} ${'code' in thrown ? thrown.code : ''}`,
  );
  return new QueueError(missing ? 'NAC_QUEUE_MISSING' : 'NAC_QUEUE_UNAVAILABLE', `Queue ${queue}: ${thrown.message}`, {
    action: missing
      ? 'Create the site’s queue (sessions and duplicate detection on); jobs wait in the outbox meanwhile.'
      : 'Check the Service Bus namespace, its roles and the network; jobs wait in the outbox meanwhile.',
    cause: thrown,
  });
}
