// A broker without AMQP for unit tests: the time moves and commits happen only when the test says so.
import { encodeScalar, encodeSection, encodeString, encodeTimestamp } from '../../../local/service-bus/amqp-value.ts';
import { Broker } from '../../../local/service-bus/broker.ts';
import type { BrokerClock } from '../../../local/service-bus/broker-clock.ts';
import type { BrokerError } from '../../../local/service-bus/broker-error.ts';
import type { Consumer } from '../../../local/service-bus/consumer.ts';
import { KeyedHeap } from '../../../local/service-bus/keyed-heap.ts';
import { type MessageContent, parseMessage } from '../../../local/service-bus/message-content.ts';
import type { MessageQueue } from '../../../local/service-bus/message-queue.ts';
import type { MessageStore } from '../../../local/service-bus/message-store.ts';
import type { QueueDefinition } from '../../../local/service-bus/queue-definition.ts';

export const START = Date.UTC(2030, 0, 1);

export interface BrokerFixture {
  readonly queue: MessageQueue;
  readonly deadLetters: MessageQueue;
  now(): number;
  /** Moves the time; everything due in between happens at its own time. */
  advance(milliseconds: number): void;
  commit(): void;
}

export function brokerFixture(definition: Omit<QueueDefinition, 'name'> = {}): BrokerFixture {
  const { clock, advance } = manualClock();
  const { store, commit } = manualStore();
  const broker = new Broker({ queues: [{ name: 'Jobs', ...definition }], store, clock });
  return {
    queue: broker.queue('jobs'),
    deadLetters: broker.queue('jobs/$deadletterqueue'),
    now: clock.now,
    commit,
    advance(milliseconds) {
      commit();
      advance(milliseconds, commit);
      commit();
    },
  };
}

export interface ReceivedMessage {
  readonly id: string;
  readonly token: string;
  readonly attempts: number;
  readonly sequenceNumber: number;
  readonly bytes: Buffer;
}

export interface RecordingConsumer extends Consumer {
  readonly received: ReceivedMessage[];
  readonly detached: BrokerError[];
  gone: boolean;
}

/** Takes that many messages. */
export function recordingConsumer(credit: number): RecordingConsumer {
  let left = credit;
  const consumer: RecordingConsumer = {
    received: [],
    detached: [],
    gone: false,
    credit: () => left,
    promise() {
      left--;
    },
    cancelPromise() {
      left++;
    },
    deliver(message, token) {
      if (consumer.gone) return false;
      const { messageId: id, attempts, sequenceNumber } = message;
      consumer.received.push({ id, token, attempts, sequenceNumber, bytes: message.encode() });
      return true;
    },
    detach(error) {
      consumer.detached.push(error);
    },
  };
  return consumer;
}

export interface MessageFields {
  readonly sessionId?: string;
  readonly timeToLiveMs?: number;
  readonly scheduledFor?: number;
}

/** Encoded as a client would: header, annotations, properties, body. */
export function aMessage(
  messageId: string,
  { sessionId, timeToLiveMs, scheduledFor }: MessageFields = {},
): MessageContent {
  const none = encodeScalar(null);
  const header = [encodeScalar(true), none, timeToLiveMs === undefined ? none : uint(timeToLiveMs)];
  const annotations =
    scheduledFor === undefined ? [] : [encodeString('x-opt-scheduled-enqueue-time'), encodeTimestamp(scheduledFor)];
  const properties = [encodeString(messageId), ...Array.from({ length: 9 }, () => none), encodeScalar(sessionId)];
  const body = Buffer.concat([Buffer.from([0x00, 0x53, 0x77]), encodeString(`body of ${messageId}`)]);
  return parseMessage(
    Buffer.concat([
      encodeSection(0x70, 0xd0, header),
      encodeSection(0x72, 0xd1, annotations),
      encodeSection(0x73, 0xd0, properties),
      body,
    ]),
  );
}

function uint(value: number): Buffer {
  const bytes = Buffer.alloc(5, 0x70);
  bytes.writeUInt32BE(value, 1);
  return bytes;
}

function manualClock(): { clock: BrokerClock; advance: (milliseconds: number, afterEach: () => void) => void } {
  let time = START;
  const alarms = new KeyedHeap<() => void>();
  return {
    clock: {
      now: () => time,
      wakeAt(at, wake) {
        const alarm = alarms.add(at, wake);
        return () => alarms.remove(alarm);
      },
    },
    advance(milliseconds, afterEach) {
      const end = time + milliseconds;
      for (let next = alarms.first; next && next.key <= end; next = alarms.first) {
        time = Math.max(time, next.key);
        alarms.takeFirst()?.();
        afterEach();
      }
      time = end;
    },
  };
}

function manualStore(): { store: MessageStore; commit: () => void } {
  const waiting: (() => void)[] = [];
  const ignore = () => undefined;
  return {
    commit() {
      for (let action = waiting.shift(); action; action = waiting.shift()) action();
    },
    store: {
      load: () => ({ messages: [], sessionStates: new Map(), messageIds: new Map(), lastSequenceNumber: 0 }),
      insert: ignore,
      update: ignore,
      delete: ignore,
      saveSessionState: ignore,
      rememberMessageId: ignore,
      forgetMessageId: ignore,
      afterCommit: (action) => waiting.push(action),
      close: ignore,
    },
  };
}
