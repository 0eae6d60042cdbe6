// A receiver as a queue sees it: something with credit that takes messages.
import type { BrokerError } from './broker-error.ts';

/** What a receiver needs of a message. */
export interface Deliverable {
  readonly messageId: string;
  readonly sequenceNumber: number;
  /** Deliveries before this one. */
  readonly attempts: number;
  /** As it goes over the wire. */
  encode(): Buffer;
}

export interface Consumer {
  /** How many more messages it can be promised. */
  credit(): number;
  /** Takes one credit for a message whose lock is not safe yet; `deliver` or `cancelPromise` follows. */
  promise(): void;
  /** false: it is gone, and the message was not delivered. */
  deliver(message: Deliverable, token: string): boolean;
  cancelPromise(): void;
  /** Ends the receiver, whose session is lost. */
  detach(error: BrokerError): void;
}
