// Keeps settlements of one turn apart if they differ, in the rhea inside the Service Bus SDK.

import Session from 'rhea/lib/session.js';
import { RelayError } from './relay-error.ts';

interface Outcome {
  readonly descriptor?: { readonly value?: unknown };
}

interface Delivery {
  readonly state?: Outcome;
  readonly link: { readonly session: unknown };
}

interface Incoming {
  updated: Delivery[];
  update(delivery: Delivery | undefined, settled: boolean, state: Outcome | undefined): void;
  process(session: unknown): void;
}

const ACCEPTED_DESCRIPTOR = 0x24;
const FIXED_SESSIONS = new WeakSet<object>();

/**
 * rhea 3.0.5 joins the first two settlements of neighbouring messages in one turn of the event loop into one frame
 * without comparing their outcomes: complete one message and dead-letter the next, and both are completed. With the
 * guard, only messages that are all completed share a frame. For the whole process; calling it again does nothing.
 * @throws RelayError if rhea is not as expected
 */
export function fixRheaSettlement(): void {
  const incoming = incomingPrototype();
  if (FIXED_SESSIONS.has(incoming)) return;
  FIXED_SESSIONS.add(incoming);
  const original = incoming.update;
  incoming.update = function (this: Incoming, delivery, settled, state) {
    const last = this.updated.at(-1);
    // Writes what is waiting, so that this one starts a frame of its own.
    if (delivery && last && !(isAccepted(last.state) && isAccepted(state))) this.process(delivery.link.session);
    original.call(this, delivery, settled, state);
  };
}

function incomingPrototype(): Incoming {
  try {
    // The copy that the SDK uses: package-lock.json has one, and so has the bundle.
    const prototype: Incoming = Object.getPrototypeOf(new Session({ options: {} }, 0).incoming);
    if (typeof prototype.update === 'function' && typeof prototype.process === 'function') return prototype;
  } catch (cause) {
    throw unexpected(cause);
  }
  throw unexpected();
}

function unexpected(cause?: unknown): RelayError {
  return new RelayError('NAC_RELAY_SETTLEMENT', 'The installed rhea is not the one the settlement guard is made for', {
    action: 'Install the relay with the versions of its package-lock.json (npm ci).',
    cause,
  });
}

function isAccepted(state: Outcome | undefined): boolean {
  return state?.descriptor?.value === ACCEPTED_DESCRIPTOR;
}
