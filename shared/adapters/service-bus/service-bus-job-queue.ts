// Jobs travel through one Service Bus queue per site, so that a site's relay may receive its own jobs and no others'.

import { ServiceBusClient, type ServiceBusMessage, type ServiceBusSender } from '@azure/service-bus';
import { type CoaJob, coaMessageId } from '../../domain/coa-job.ts';
import { QueueError } from '../../errors.ts';
import type { DeadLetter, JobQueue } from '../../ports/job-queue.ts';
import type { Stopwatch } from '../../ports/timer.ts';
import { isOfAnEntity, isQueueMissing } from './entity-error.ts';
import { type ServiceBusLink, serviceBusLink } from './service-bus-link.ts';

export type ServiceBusConnection =
  | { readonly kind: 'connection-string'; readonly connectionString: string }
  | { readonly kind: 'managed-identity'; readonly fullyQualifiedNamespace: string; readonly clientId?: string }
  /** An operator at a keyboard, signed in with `az login`. */
  | { readonly kind: 'azure-cli'; readonly fullyQualifiedNamespace: string };

/** Dead letters taken at once; the rest waits for the next round. */
const DEAD_LETTERS_AT_ONCE = 20;
/** Short: only dead letters that are in the queue already are taken. */
const DEAD_LETTER_WAIT_MS = 200;
/** The link bounds each call and tries again on another connection: the SDK is to do neither. */
const RETRY_OPTIONS = { timeoutInMs: 15_000, maxRetries: 0 };

export function siteQueueName(site: string): string {
  return `coa-${site}`;
}

/** A client and its senders, by queue. */
export interface JobConnection {
  readonly client: ServiceBusClient;
  readonly senders: Map<string, ServiceBusSender>;
}

export type JobLink = ServiceBusLink<JobConnection>;

/** @param connect makes a client, which connects with its first call */
export function serviceBusJobLink(connect: () => ServiceBusClient, timer: Stopwatch): JobLink {
  return serviceBusLink({ open: () => ({ client: connect(), senders: new Map() }), spares: isOfAnEntity, timer });
}

/** Makes clients that share one credential. */
export async function serviceBusConnector(connection: ServiceBusConnection): Promise<() => ServiceBusClient> {
  const options = { retryOptions: RETRY_OPTIONS };
  if (connection.kind === 'connection-string') {
    return () => new ServiceBusClient(connection.connectionString, options);
  }
  const { AzureCliCredential, ManagedIdentityCredential } = await import('@azure/identity');
  const credential =
    connection.kind === 'azure-cli'
      ? new AzureCliCredential()
      : new ManagedIdentityCredential(connection.clientId ? { clientId: connection.clientId } : {});
  return () => new ServiceBusClient(connection.fullyQualifiedNamespace, credential, options);
}

export class ServiceBusJobQueue implements JobQueue {
  readonly #link: JobLink;
  readonly #now: () => number;

  constructor(link: JobLink, now: () => number) {
    this.#link = link;
    this.#now = now;
  }

  /**
   * The message id lets duplicate detection drop a repeated send; one session per site lets one relay work at a time.
   */
  async send(job: CoaJob, trace?: string): Promise<void> {
    const message = {
      body: job,
      contentType: 'application/json',
      messageId: coaMessageId(job),
      sessionId: job.site,
      timeToLive: Math.max(1_000, Date.parse(job.expiresAt) - this.#now()),
      ...(trace !== undefined && { applicationProperties: traceProperties(trace) }),
    };
    try {
      // Once more on a new connection: the first may have been dead for long.
      await this.#send(job.site, message).catch((thrown) => {
        if (isOfAnEntity(thrown)) throw thrown;
        return this.#send(job.site, message);
      });
    } catch (thrown) {
      throw queueError(siteQueueName(job.site), thrown);
    }
  }

  async takeDeadLetters(site: string, take: (deadLetter: DeadLetter) => Promise<void>): Promise<void> {
    const queue = siteQueueName(site);
    try {
      await this.#takeFrom(queue, take);
    } catch (thrown) {
      throw queueError(queue, thrown);
    }
  }

  #send(site: string, message: ServiceBusMessage): Promise<void> {
    const queue = siteQueueName(site);
    // A sender that was refused asks for its link, and with it for its rights, again at the next send.
    return this.#link.use(({ client, senders }) => {
      const sender = senders.get(queue) ?? client.createSender(queue);
      senders.set(queue, sender);
      return sender.sendMessages(message);
    });
  }

  async #takeFrom(queue: string, take: (deadLetter: DeadLetter) => Promise<void>): Promise<void> {
    const { receiver, messages } = await this.#link.use(async ({ client }) => {
      const receiver = client.createReceiver(queue, { subQueueType: 'deadLetter' });
      const waiting = { maxWaitTimeInMs: DEAD_LETTER_WAIT_MS };
      try {
        return { receiver, messages: await receiver.receiveMessages(DEAD_LETTERS_AT_ONCE, waiting) };
      } catch (thrown) {
        receiver.close().catch(() => undefined);
        throw thrown;
      }
    });
    try {
      // One after the other: settling two at once can settle both the same way (rhea 3.0.5).
      for (const message of messages) {
        const reason = [message.deadLetterReason, message.deadLetterErrorDescription].filter(Boolean).join(': ');
        const job = asCoaJob(message.body);
        await take({ ...(job && { job }), reason: reason || 'no reason given' });
        await this.#link.use(() => receiver.completeMessage(message));
      }
    } finally {
      await this.#link.use(() => receiver.close());
    }
  }
}

/**
 * The W3C's draft for AMQP names the property `traceparent`; Microsoft's clients read `Diagnostic-Id`, with the same
 * text. https://learn.microsoft.com/azure/service-bus-messaging/service-bus-end-to-end-tracing
 */
function traceProperties(trace: string): Record<string, string> {
  return { traceparent: trace, 'Diagnostic-Id': trace };
}

/** Messages that we sent ourselves; reads only what is needed to find the job. */
function asCoaJob(body: unknown): CoaJob | undefined {
  const job = body as Partial<CoaJob> | null;
  return typeof job?.id === 'string' && typeof job.attempt === 'number' ? (job as CoaJob) : undefined;
}

export function queueError(queue: string, thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return thrown;
  const missing = isQueueMissing(thrown);
  return new QueueError(missing ? 'NAC_QUEUE_MISSING' : 'NAC_QUEUE_UNAVAILABLE', `Queue ${queue}: ${thrown.message}`, {
    action: missing
      ? 'Create the site’s queue (sessions and duplicate detection on); jobs wait in the outbox meanwhile.'
      : 'Check the Service Bus namespace, its roles and the network; jobs wait in the outbox meanwhile.',
    cause: thrown,
  });
}
