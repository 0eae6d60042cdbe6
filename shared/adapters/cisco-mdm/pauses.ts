// Leaves a server alone for as long as it asks: after `Retry-After`, `server_busy_wait_seconds` or a refused password.

import { SourceError } from '../../errors.ts';
import type { Stopwatch } from '../../ports/timer.ts';

/** Longer wishes are shortened, so that a mistake of the server does not end the source. */
const LONGEST_PAUSE_MS = 3_600_000;
/** A wrong password is not tried more often than this: servers lock accounts. */
export const AFTER_REFUSED_PASSWORD_MS = 60_000;

export class Pauses {
  readonly #stopwatch: Pick<Stopwatch, 'elapsed'>;
  #until = Number.NEGATIVE_INFINITY;
  #reason: SourceError | undefined;

  constructor(stopwatch: Pick<Stopwatch, 'elapsed'>) {
    this.#stopwatch = stopwatch;
  }

  /** @throws SourceError what began the pause, with the time that is left of it */
  check(): void {
    const leftMs = this.#until - this.#stopwatch.elapsed();
    if (this.#reason === undefined || leftMs <= 0) return;
    const { code, message, action } = this.#reason;
    throw new SourceError(code, `${message} It is left alone for now.`, { action, retryAfterMs: Math.ceil(leftMs) });
  }

  /** A longer pause that is under way goes on. */
  begin(reason: SourceError, milliseconds: number): void {
    const until = this.#stopwatch.elapsed() + Math.min(milliseconds, LONGEST_PAUSE_MS);
    if (until <= this.#until) return;
    this.#until = until;
    this.#reason = reason;
  }
}
