// The time by Table Storage's clock, which all instances have in common, where the machine's own clock differs from it:
// times that one instance writes another one compares with its own.

import type { Clock } from '../../ports/clock.ts';

/** A call of the store, in milliseconds since 1970. */
export interface SeenTime {
  /** Date of the answer (RFC 9110 6.6.1), whole seconds, by the store's clock. */
  readonly date: number;
  /** By the machine's own clock. */
  readonly askedAt: number;
  readonly answeredAt: number;
}

export type ObserveTime = (seen: SeenTime) => void;

/** Smaller differences are ignored: clocks of machines always differ a little. */
const SLACK_MS = 2_000;
/** An answer that took longer is too inexact to compare clocks. */
const LONGEST_CALL_MS = 2_000;

/**
 * `now` is by the store's clock as soon as a call has shown that the machine's differs; all else is the machine's own.
 */
export class CommonClock implements Clock {
  readonly #own: Clock;
  readonly #onDiffers: (aheadMs: number) => void;
  /** By how much the store's clock is ahead: at least and at most, by all calls since one of the clocks was set. */
  #least = Number.NEGATIVE_INFINITY;
  #most = Number.POSITIVE_INFINITY;
  #aheadMs = 0;
  #reportedMs = 0;

  /** @param onDiffers gets how many milliseconds the store's clock is ahead of the machine's, each time that changes */
  constructor(own: Clock, onDiffers: (aheadMs: number) => void) {
    this.#own = own;
    this.#onDiffers = onDiffers;
  }

  now(): Date {
    const own = this.#own.now();
    return this.#aheadMs === 0 ? own : new Date(own.getTime() + this.#aheadMs);
  }

  deadline(milliseconds: number): AbortSignal {
    return this.#own.deadline(milliseconds);
  }

  within<T>(milliseconds: number, work: (deadline: AbortSignal) => Promise<T>): Promise<T> {
    return this.#own.within(milliseconds, work);
  }

  /** A property, to be handed on. */
  readonly observe: ObserveTime = ({ date, askedAt, answeredAt }) => {
    // A clock that was set in between shows itself with the next call.
    if (!(answeredAt >= askedAt && answeredAt - askedAt <= LONGEST_CALL_MS)) return;
    // The answer was given somewhere between, and somewhere within the second that its Date names.
    const least = date - answeredAt;
    const most = date + 1_000 - askedAt;
    const wasSet = least > this.#most || most < this.#least;
    this.#least = wasSet ? least : Math.max(least, this.#least);
    this.#most = wasSet ? most : Math.min(most, this.#most);
    const mayBeRight = this.#least <= SLACK_MS && this.#most >= -SLACK_MS;
    this.#aheadMs = mayBeRight ? 0 : Math.round((this.#least + this.#most) / 2);
    if (Math.abs(this.#aheadMs - this.#reportedMs) < SLACK_MS) return;
    this.#reportedMs = this.#aheadMs;
    this.#onDiffers(this.#aheadMs);
  };
}
