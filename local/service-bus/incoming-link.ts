// A link on which a client sends messages to a queue.
import type { Receiver } from 'rhea';
import type { Broker } from './broker.ts';
import { messageTooLarge, toBrokerError } from './broker-error.ts';
import { messagesInBatch, parseMessage } from './message-content.ts';
import { MAX_MESSAGE_BYTES, type MessageQueue } from './message-queue.ts';
import { ACCEPTED, announceMaxMessageSize, messageFormat, receiveBytes, rejectedWith, settle } from './rhea-quirks.ts';

const BATCH_FORMAT = 0x80013700;

export function takeMessages(link: Receiver, broker: Broker, queue: MessageQueue): void {
  announceMaxMessageSize(link, MAX_MESSAGE_BYTES);
  receiveBytes(link);
  link.on('message', ({ message, delivery }) => {
    if (!delivery) return;
    try {
      if (!Buffer.isBuffer(message)) throw new Error('The message did not come as bytes.');
      if (message.length > MAX_MESSAGE_BYTES) throw messageTooLarge(message.length, MAX_MESSAGE_BYTES);
      // A copy: the bytes are a window on everything that came with them.
      const bytes = Buffer.from(message);
      const messages = messageFormat(link) === BATCH_FORMAT ? messagesInBatch(bytes) : [bytes];
      queue.send(messages.map(parseMessage));
      broker.afterCommit(() => settle(delivery, ACCEPTED));
    } catch (error) {
      settle(delivery, rejectedWith(toBrokerError(error)));
    }
  });
}
