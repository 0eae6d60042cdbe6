// A link on which a client receives messages from a queue, or those of one session of it.
import type { Delivery, EventContext, Sender } from 'rhea';
import type { Broker } from './broker.ts';
import { notImplemented, toBrokerError } from './broker-error.ts';
import type { Consumer } from './consumer.ts';
import { lockTokenToDeliveryTag } from './lock-token.ts';
import type { MessageQueue } from './message-queue.ts';
import type { MessageSession } from './message-session.ts';
import { refuseLink } from './refuse-link.ts';
import {
  ACCEPTED,
  holdBackAttach,
  isRecord,
  long,
  plainValues,
  rejectedWith,
  setAttachProperties,
  settle,
  trackCredit,
} from './rhea-quirks.ts';

const SESSION_FILTER = 'com.microsoft:session-filter';
const DEFAULT_SESSION_TIMEOUT_MS = 60_000;
const PRE_SETTLED = 1;
/** .NET counts in 100 ns since the year 1. */
const TICKS_IN_1970 = 621_355_968_000_000_000n;

/** @returns what to call when the link is gone */
export function giveMessages(link: Sender, broker: Broker, queue: MessageQueue): () => void {
  const filter = link.source?.filter;
  if (link.snd_settle_mode === PRE_SETTLED) throw notImplemented('receiving without a lock (receiveAndDelete)');
  const consumer = consumerOn(link, broker, queue);
  let attached = true;
  if (filter && SESSION_FILTER in filter) {
    attached = false;
    holdBackAttach(link);
    const attach = () => {
      attached = true;
      link.attach();
    };
    acceptSession(link, queue, consumer, attach);
  } else queue.addConsumer(consumer);
  return () => {
    queue.removeConsumer(consumer);
    // Without our attach rhea would not answer the client's detach.
    if (!attached) link.attach();
  };
}

function consumerOn(link: Sender, broker: Broker, queue: MessageQueue): Consumer {
  const credit = trackCredit(link);
  const tokens = new WeakMap<Delivery, string>();
  let promised = 0;
  const consumer: Consumer = {
    credit: () => credit.available() - promised,
    promise() {
      promised++;
    },
    cancelPromise() {
      promised--;
    },
    deliver(message, token) {
      promised--;
      if (!link.is_open()) return false;
      tokens.set(credit.send(message.encode(), lockTokenToDeliveryTag(token)), token);
      return true;
    },
    detach(error) {
      link.close({ condition: error.condition, description: error.message });
    },
  };

  link.on('sender_flow', () => {
    queue.resume(consumer);
    // After the messages that wait for their commit, which need the credit.
    broker.afterCommit(credit.answerDrain);
  });

  const onOutcome = (name: string, apply: (token: string, outcome: Readonly<Record<string, unknown>>) => void) => {
    link.on(name, ({ delivery }: EventContext) => {
      const token = delivery && tokens.get(delivery);
      if (!delivery || token === undefined) return;
      const state: unknown = delivery.remote_state;
      try {
        apply(token, isRecord(state) ? state : {});
        // Whatever the client asked for, done is "accepted": to the SDK any other state means that it failed.
        broker.afterCommit(() => settle(delivery, ACCEPTED));
      } catch (error) {
        settle(delivery, rejectedWith(toBrokerError(error)));
      }
    });
  };
  onOutcome('accepted', (token) => queue.complete(token));
  onOutcome('modified', (token, { undeliverable_here: deferred, message_annotations: properties }) => {
    if (deferred === true) throw notImplemented('deferring messages');
    queue.abandon(token, plainValues(properties));
  });
  onOutcome('rejected', (token, { error }) => {
    const {
      DeadLetterReason: reason,
      DeadLetterErrorDescription: description,
      ...properties
    } = plainValues(isRecord(error) ? error['info'] : undefined);
    queue.deadLetter(token, { reason: textOf(reason), description: textOf(description), properties });
  });
  return consumer;
}

function acceptSession(link: Sender, queue: MessageQueue, consumer: Consumer, attach: () => void): void {
  const wanted: unknown = link.source.filter?.[SESSION_FILTER];
  const timeout = Number(link.properties?.['com.microsoft:timeout'] ?? DEFAULT_SESSION_TIMEOUT_MS);
  const { address } = link.source;
  queue.acceptSession(typeof wanted === 'string' ? wanted : null, consumer, timeout, {
    accepted(session: MessageSession) {
      // The SDK compares the id with the one it asked for.
      link.set_source({ address, filter: { [SESSION_FILTER]: session.id } });
      setAttachProperties(link, {
        'com.microsoft:locked-until-utc': long(BigInt(session.lockedUntil) * 10_000n + TICKS_IN_1970),
      });
      attach();
    },
    refused(error) {
      attach();
      refuseLink(link, error);
    },
  });
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
