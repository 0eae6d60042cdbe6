// The broker's own reading and writing of AMQP bytes: nothing of a sender's message is lost, whatever it holds.
import fc from 'fast-check';
import rhea from 'rhea';
import { describe, expect, test } from 'vitest';
import { KeyedHeap } from '../../../local/service-bus/keyed-heap.ts';
import { lockTokenFromBytes, lockTokenToDeliveryTag } from '../../../local/service-bus/lock-token.ts';
import {
  encodeMessage,
  messageIdOf,
  messagesInBatch,
  parseMessage,
  sessionIdOf,
  withApplicationProperties,
} from '../../../local/service-bus/message-content.ts';
import { QueuedMessage } from '../../../local/service-bus/queued-message.ts';

interface Codec {
  encode(message: unknown): Buffer;
  decode(bytes: Buffer): Record<string, unknown>;
  data_sections(contents: readonly Buffer[]): unknown;
}

const codec = rhea.message as unknown as Codec;
const NONE = new Map<string, Buffer>();

const text = fc.oneof(fc.string({ maxLength: 20 }), fc.string({ minLength: 256, maxLength: 300 }));
// rhea, which encodes for the test, takes no whole number of more than 64 bits.
const fraction = fc.integer().map((number) => number / 7);
const scalar = fc.oneof(text, fc.integer(), fc.boolean(), fraction, fc.constant(null));
const properties = fc.dictionary(
  fc.string({ minLength: 1, maxLength: 10 }).filter((key) => key !== '__proto__'),
  scalar,
  { maxKeys: 5 },
);
const aMessage = fc.record(
  {
    body: fc.oneof(scalar, properties),
    message_id: text,
    group_id: text,
    subject: text,
    correlation_id: text,
    ttl: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
    durable: fc.boolean(),
    application_properties: properties,
    message_annotations: fc.dictionary(fc.stringMatching(/^x-[a-z]{1,8}$/), fc.string(), { maxKeys: 3 }),
  },
  { requiredKeys: ['body'] },
);

describe('message content', () => {
  test('comes out byte for byte as it went in, but for header and annotations', () => {
    fc.assert(
      fc.property(aMessage, (message) => {
        const content = parseMessage(codec.encode(message));
        expect(content.timeToLiveMs).toBe(message.ttl);
        expect(messageIdOf(content)).toBe(message.message_id);
        expect(sessionIdOf(content)).toBe(message.group_id);
        const stored = encodeMessage(content, 0, NONE);
        expect(parseMessage(stored)).toEqual(content);
        expect(stored.subarray(-content.bare.length)).toEqual(content.bare);
        expect(codec.decode(stored)['message_annotations'] ?? {}).toEqual(message.message_annotations ?? {});
      }),
    );
  });

  test('takes new application properties and keeps everything else', () => {
    fc.assert(
      fc.property(aMessage, properties, (message, added) => {
        const before = codec.decode(codec.encode(message));
        const changed = withApplicationProperties(parseMessage(codec.encode(message)), added);
        const after = codec.decode(encodeMessage(changed, 0, NONE));
        expect(after['application_properties'] ?? {}).toEqual({ ...message.application_properties, ...added });
        for (const key of ['body', 'message_id', 'group_id', 'subject']) expect(after[key]).toEqual(before[key]);
      }),
    );
  });

  test('keeps a property named like a method every object has', () => {
    const raw = codec.encode({ body: 1, application_properties: { toString: 'kept', valueOf: 'kept too' } });
    const changed = withApplicationProperties(parseMessage(raw), { added: 1 });
    const { application_properties: properties } = codec.decode(encodeMessage(changed, 0, NONE));
    expect(Object.entries(properties ?? {})).toEqual([
      ['toString', 'kept'],
      ['valueOf', 'kept too'],
      ['added', 1],
    ]);
  });

  test('gets an id where it has none, and what is delivered says when and which', () => {
    fc.assert(
      fc.property(aMessage, fc.nat(), fc.nat({ max: 100 }), (message, sequenceNumber, attempts) => {
        const queued = new QueuedMessage(parseMessage(codec.encode(message)));
        Object.assign(queued, { sequenceNumber, attempts, enqueuedAt: 5 });
        const delivered = codec.decode(queued.encode());
        expect(delivered['message_id']).toBe(message.message_id ?? queued.messageId);
        if (message.message_id === undefined) expect(queued.messageId).toMatch(/^[0-9a-f]{32}$/);
        expect(delivered['delivery_count']).toBe(attempts);
        expect(delivered['message_annotations']).toMatchObject({
          'x-opt-sequence-number': sequenceNumber,
          'x-opt-enqueued-time': new Date(5),
        });
        expect(delivered['subject']).toBe(message.subject);
      }),
    );
  });

  test('that is cut off or garbled is refused, never misread without end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          parseMessage(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
    const whole = codec.encode({ body: 'x'.repeat(300), subject: 's' });
    expect(() => new QueuedMessage(parseMessage(whole.subarray(0, 10)))).toThrow();
  });

  test('of a batch is that of its messages', () => {
    const messages = ['one', 'two'].map((body) => codec.encode({ body }));
    const batch = codec.encode({ body: codec.data_sections(messages) });
    expect(messagesInBatch(batch).map((bytes) => codec.decode(bytes)['body'])).toEqual(['one', 'two']);
  });
});

test('a lock token has the byte order of .NET as a delivery tag only', () => {
  const token = '00112233-4455-6677-8899-aabbccddeeff';
  expect(lockTokenToDeliveryTag(token).toString('hex')).toBe('33221100554477668899aabbccddeeff');
  expect(lockTokenFromBytes(Buffer.from('00112233445566778899aabbccddeeff', 'hex'))).toBe(token);
});

test('the heap gives the smallest first, equals in order, and forgets what is removed', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat({ max: 20 }), fc.boolean())), (items) => {
      const heap = new KeyedHeap<number>();
      const entries = items.map(([key], index) => heap.add(key, index));
      for (const [index, [, removed]] of items.entries()) {
        const entry = entries[index];
        if (removed && entry) {
          heap.remove(entry);
          heap.remove(entry);
        }
      }
      const expected = entries.filter((_, index) => !items[index]?.[1]).toSorted((a, b) => a.key - b.key);
      expect(heap.size).toBe(expected.length);
      expect(expected.map(() => heap.takeFirst())).toEqual(expected.map(({ value }) => value));
      expect(heap.first).toBeUndefined();
    }),
  );
});
