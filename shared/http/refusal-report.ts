// Refused requests in the log: one line for the first of a kind, then one in ten seconds with the number since. So a stranger
// cannot fill the log, and one client that repeats its mistake is one line.

import type { Logger } from '../ports/telemetry.ts';

const REPORT_EVERY_MS = 10_000;
/** Kinds remembered at once. Beyond, the oldest is forgotten: its next refusal is a line of its own. */
const MOST_KINDS = 1_000;

export interface RefusalKind {
  readonly code: string;
  readonly status: number;
  readonly field?: string | undefined;
  /** Name of the client, once it is known; absent for all strangers together. */
  readonly client?: string | undefined;
}

interface Reported {
  at: number;
  since: number;
}

export class RefusalReport {
  readonly #log: Logger;
  readonly #kinds = new Map<string, Reported>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /**
   * @param nowMs milliseconds since 1970
   * @param details of this one, made only when a line is written
   */
  refused(
    level: 'warn' | 'error',
    event: string,
    kind: RefusalKind,
    nowMs: number,
    details: () => Record<string, unknown>,
  ): void {
    const key = JSON.stringify([event, kind.code, kind.field, kind.client]);
    const known = this.#kinds.get(key);
    if (known !== undefined && Math.abs(nowMs - known.at) < REPORT_EVERY_MS) {
      known.since += 1;
      return;
    }
    this.#kinds.delete(key);
    this.#kinds.set(key, { at: nowMs, since: 0 });
    if (this.#kinds.size > MOST_KINDS) this.#kinds.delete(this.#kinds.keys().next().value ?? '');
    this.#log[level](event, { ...kind, ...details(), requests: (known?.since ?? 0) + 1 });
  }
}
