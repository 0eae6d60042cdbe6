// A client of @azure/service-bus, as far as app and relay use one, over queues in memory.

import type { ServiceBusClient, ServiceBusMessage } from '@azure/service-bus';
import {
  busError,
  type KeptMessage,
  MemoryQueue,
  type QueueDefinition,
  type QueueTime,
  type SentMessage,
  type SessionLock,
} from './memory-queue.ts';
import { abortError, type Signal, type Wire } from './wire.ts';

const LARGEST_BATCH = 262_144;
/** Without a time of its own a receiver waits that long. */
const LONGEST_WAIT_MS = 60_000;
const RECEIVE_AGAIN_MS = 1_000;

interface ReceiverOptions {
  readonly subQueueType?: 'deadLetter' | 'transferDeadLetter';
}

export interface Handlers {
  readonly processMessage: (message: ReceivedMessage) => Promise<void>;
  readonly processError: (args: { readonly error: Error }) => Promise<void>;
}

interface SubscribeOptions {
  readonly autoCompleteMessages?: boolean;
  readonly maxConcurrentCalls?: number;
}

/** What the SDK gives of a message, as far as it is read. */
export interface ReceivedMessage {
  readonly body: unknown;
  readonly messageId: string;
  readonly sessionId: string | undefined;
  readonly contentType: string | undefined;
  readonly sequenceNumber: number;
  readonly deliveryCount: number;
  readonly lockToken: string;
  readonly deadLetterReason: string | undefined;
  readonly deadLetterErrorDescription: string | undefined;
}

/** A namespace: its queues, and clients of them. */
export class MemoryServiceBus {
  readonly #queues: ReadonlyMap<string, MemoryQueue>;
  readonly #time: QueueTime;
  #messageIds = 0;

  constructor(definitions: readonly QueueDefinition[], time: QueueTime) {
    this.#queues = new Map(definitions.map((definition) => [definition.name, new MemoryQueue(definition, time)]));
    this.#time = time;
  }

  /** @throws ServiceBusError MessagingEntityNotFound */
  queue(name: string): MemoryQueue {
    const queue = this.#queues.get(name);
    if (queue !== undefined) return queue;
    throw busError('MessagingEntityNotFound', `The messaging entity '${name}' could not be found.`);
  }

  get time(): QueueTime {
    return this.#time;
  }

  /** The service gives a message an id where its sender gives none. */
  nextMessageId(): string {
    this.#messageIds += 1;
    return `generated-${this.#messageIds}`;
  }

  /** A client of one process. App and relay see the SDK's own type, of which they use no more than is here. */
  connect(wire: Wire): MemoryServiceBusClient & ServiceBusClient {
    return new MemoryServiceBusClient(this, wire) as MemoryServiceBusClient & ServiceBusClient;
  }
}

export class MemoryServiceBusClient {
  readonly #bus: MemoryServiceBus;
  readonly #wire: Wire;
  readonly #links = new Set<Link>();
  #isClosed = false;

  constructor(bus: MemoryServiceBus, wire: Wire) {
    this.#bus = bus;
    this.#wire = wire;
  }

  createSender(queueName: string) {
    const link = this.#open(queueName);
    return {
      async createMessageBatch({ maxSizeInBytes = LARGEST_BATCH }: { maxSizeInBytes?: number } = {}) {
        await link.call('open', () => link.queue);
        return new Batch(maxSizeInBytes);
      },
      sendMessages: (messages: ServiceBusMessage | readonly ServiceBusMessage[] | Batch) => {
        const given = messages instanceof Batch ? messages.messages : [messages].flat();
        const sent = given.map((message) => toSent(message, this.#bus));
        return link.call('send', () => link.queue.send(sent));
      },
      close: () => link.close(),
    };
  }

  createReceiver(queueName: string, { subQueueType }: ReceiverOptions = {}): MemoryReceiver {
    return new MemoryReceiver(this.#open(queueName, subQueueType === 'deadLetter'), undefined);
  }

  async acceptSession(
    queueName: string,
    sessionId: string,
    { abortSignal }: { abortSignal?: Signal } = {},
  ): Promise<MemorySessionReceiver> {
    const link = this.#open(queueName);
    const lock = await link.call('accept', () => this.#queueOfSession(queueName).acceptSession(sessionId), abortSignal);
    return new MemorySessionReceiver(link, lock);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#links].map((link) => link.close()));
  }

  /** The connection is gone; what the service held for it stays until its time is up. */
  cut(): void {
    for (const link of [...this.#links]) link.cut(busError('ServiceCommunicationProblem', 'The connection was lost.'));
  }

  /** The SDK says "cannot be locked" of a queue that is missing, too. */
  #queueOfSession(queueName: string): MemoryQueue {
    try {
      return this.#bus.queue(queueName);
    } catch {
      throw busError('SessionCannotBeLocked', 'The session cannot be accepted.');
    }
  }

  #open(queueName: string, deadLetters = false): Link {
    if (this.#isClosed) throw new Error('The underlying AMQP connection is closed.');
    const link = new Link(this.#bus, this.#wire, queueName, deadLetters, () => this.#links.delete(link));
    this.#links.add(link);
    return link;
  }
}

/** What a sender or receiver has to its queue. */
class Link {
  readonly time: QueueTime;
  readonly #bus: MemoryServiceBus;
  readonly #wire: Wire;
  readonly #queueName: string;
  readonly #deadLetters: boolean;
  readonly #onClosed: () => void;
  isClosed = false;
  onCut: (error: Error) => void = () => undefined;

  constructor(bus: MemoryServiceBus, wire: Wire, queueName: string, deadLetters: boolean, onClosed: () => void) {
    this.#bus = bus;
    this.#wire = wire;
    this.#queueName = queueName;
    this.#deadLetters = deadLetters;
    this.#onClosed = onClosed;
    this.time = bus.time;
  }

  /** @throws ServiceBusError MessagingEntityNotFound */
  get queue(): MemoryQueue {
    const queue = this.#bus.queue(this.#queueName);
    return this.#deadLetters ? (queue.deadLetters ?? queue) : queue;
  }

  async call<T>(what: string, effect: () => T, signal?: Signal): Promise<T> {
    if (this.isClosed) throw closedError();
    return this.#wire.call(`${this.#queueName}.${what}`, effect, signal);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.#onClosed();
  }

  cut(error: Error): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#onClosed();
    this.onCut(error);
  }
}

export class MemoryReceiver {
  protected readonly link: Link;
  readonly #session: SessionLock | undefined;
  /** The lock under which a message was received. */
  readonly #received = new WeakMap<ReceivedMessage, { readonly kept: KeptMessage; readonly token: number }>();
  #handlers: Handlers | undefined;

  constructor(link: Link, session: SessionLock | undefined) {
    this.link = link;
    this.#session = session;
    link.onCut = (error) => void this.#handlers?.processError({ error });
    if (session !== undefined) session.onLost = () => link.cut(busError('SessionLockLost', 'The lock has expired.'));
  }

  get isClosed(): boolean {
    return this.link.isClosed;
  }

  async receiveMessages(
    most: number,
    { maxWaitTimeInMs = LONGEST_WAIT_MS, abortSignal }: { maxWaitTimeInMs?: number; abortSignal?: Signal } = {},
  ): Promise<ReceivedMessage[]> {
    const until = this.link.time.now() + maxWaitTimeInMs;
    for (;;) {
      const found = await this.#take(most, abortSignal);
      if (found.length > 0) return found;
      const left = until - this.link.time.now();
      if (left <= 0 || this.link.isClosed) return [];
      await this.#arrival(left, abortSignal);
    }
  }

  async peekMessages(most: number): Promise<ReceivedMessage[]> {
    return this.link.call('peek', () => this.link.queue.peek(most).map((kept) => this.#toReceived(kept)));
  }

  completeMessage(message: ReceivedMessage): Promise<void> {
    return this.#settle(message, 'complete');
  }

  abandonMessage(message: ReceivedMessage): Promise<void> {
    return this.#settle(message, 'abandon');
  }

  deadLetterMessage(
    message: ReceivedMessage,
    { deadLetterReason = '', deadLetterErrorDescription = '' }: Partial<Record<string, string>> = {},
  ): Promise<void> {
    return this.#settle(message, { reason: deadLetterReason, description: deadLetterErrorDescription });
  }

  async renewMessageLock(message: ReceivedMessage): Promise<Date> {
    const { kept, token } = this.#lockOf(message);
    return new Date(await this.link.call('renew', () => this.link.queue.renew(kept, token)));
  }

  /** Until it is closed, so many messages at once are handed to `processMessage`. */
  subscribe(handlers: Handlers, { autoCompleteMessages = true, maxConcurrentCalls = 1 }: SubscribeOptions = {}) {
    this.#handlers = handlers;
    let open = true;
    let underWay = 0;
    let taking = false;
    let arrived = false;
    let endOfWaiting = (): void => undefined;
    const handle = async (message: ReceivedMessage): Promise<void> => {
      try {
        await handlers.processMessage(message);
        if (autoCompleteMessages) await this.completeMessage(message);
      } catch (error) {
        void handlers.processError({ error: error as Error });
        if (!this.link.isClosed) await this.abandonMessage(message).catch(() => undefined);
      } finally {
        underWay -= 1;
        void pump();
      }
    };
    const pump = async (): Promise<void> => {
      if (taking) return;
      taking = true;
      try {
        while (open && !this.link.isClosed && underWay < maxConcurrentCalls) {
          arrived = false;
          const messages = await this.#take(maxConcurrentCalls - underWay);
          // What came while the answer was on its way is there now.
          if (messages.length === 0 && !arrived) break;
          underWay += messages.length;
          for (const message of messages) void handle(message);
        }
      } catch (error) {
        if (open && !this.link.isClosed) void handlers.processError({ error: error as Error });
        // The SDK's receiver goes on; what arrived meanwhile comes over the link by itself.
        this.link.time.after(RECEIVE_AGAIN_MS, () => void pump());
      } finally {
        taking = false;
      }
    };
    // What the service pushes over the link it has no need to be asked for.
    try {
      endOfWaiting = this.link.queue.onArrival(() => {
        arrived = true;
        void pump();
      });
    } catch (error) {
      void handlers.processError({ error: error as Error });
    }
    void pump();
    return {
      close: async (): Promise<void> => {
        open = false;
        endOfWaiting();
      },
    };
  }

  async close(): Promise<void> {
    await this.link.close();
  }

  #take(most: number, signal?: Signal): Promise<ReceivedMessage[]> {
    return this.link.call(
      'receive',
      () => {
        const { queue } = this.link;
        if (queue.requiresSession && this.#session === undefined) {
          throw busError(
            'GeneralError',
            'It is not possible for an entity that requires sessions to create a receiver.',
          );
        }
        const taken: ReceivedMessage[] = [];
        while (taken.length < most) {
          const kept = queue.take(this.#session);
          if (kept === undefined) break;
          taken.push(this.#toReceived(kept));
        }
        return taken;
      },
      signal,
    );
  }

  #arrival(longestMs: number, signal: Signal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        cancel();
        stop();
        resolve();
      };
      const stop = this.link.queue.onArrival(end);
      const cancel = this.link.time.after(longestMs, end);
      signal?.addEventListener('abort', () => {
        end();
        reject(abortError());
      });
    });
  }

  #settle(message: ReceivedMessage, how: Parameters<MemoryQueue['settle']>[3]): Promise<void> {
    const { kept, token } = this.#lockOf(message);
    return this.link.call('settle', () => this.link.queue.settle(kept, token, this.#session, how));
  }

  #lockOf(message: ReceivedMessage) {
    const lock = this.#received.get(message);
    if (lock === undefined) throw busError('GeneralError', 'This message was received by another receiver.');
    return lock;
  }

  #toReceived(kept: KeptMessage): ReceivedMessage {
    const { body, messageId, sessionId, contentType, sequence, deliveries, lock, deadLetter } = kept;
    const token = lock?.token ?? 0;
    const message: ReceivedMessage = {
      body: JSON.parse(body),
      messageId,
      sessionId,
      contentType,
      sequenceNumber: sequence,
      // Attempts before this one, as the JavaScript SDK gives it.
      deliveryCount: Math.max(0, deliveries - 1),
      lockToken: String(token),
      deadLetterReason: deadLetter?.reason,
      deadLetterErrorDescription: deadLetter?.description,
    };
    this.#received.set(message, { kept, token });
    return message;
  }
}

export class MemorySessionReceiver extends MemoryReceiver {
  readonly #lock: SessionLock;

  constructor(link: Link, lock: SessionLock) {
    super(link, lock);
    this.#lock = lock;
  }

  get sessionId(): string {
    return this.#lock.sessionId;
  }

  get sessionLockedUntilUtc(): Date {
    return new Date(this.#lock.until);
  }

  async renewSessionLock(): Promise<Date> {
    return new Date(await this.link.call('renew', () => this.link.queue.renewSession(this.#lock)));
  }

  override async close(): Promise<void> {
    if (this.link.isClosed) return;
    await this.link.call('close', () => this.link.queue.releaseSession(this.#lock));
    await super.close();
  }
}

class Batch {
  readonly maxSizeInBytes: number;
  readonly messages: ServiceBusMessage[] = [];
  #size = 0;

  constructor(maxSizeInBytes: number) {
    this.maxSizeInBytes = maxSizeInBytes;
  }

  get count(): number {
    return this.messages.length;
  }

  tryAddMessage(message: ServiceBusMessage): boolean {
    const size = JSON.stringify(message.body).length + 200;
    if (this.#size + size > this.maxSizeInBytes) return false;
    this.#size += size;
    this.messages.push(message);
    return true;
  }
}

function toSent(
  { body, contentType, messageId, sessionId, timeToLive }: ServiceBusMessage,
  bus: MemoryServiceBus,
): SentMessage {
  return {
    body: JSON.stringify(body),
    contentType,
    messageId: messageId === undefined ? bus.nextMessageId() : String(messageId),
    sessionId,
    timeToLiveMs: timeToLive,
  };
}

function closedError(): Error {
  return new Error('The link was closed and cannot be used any more.');
}
