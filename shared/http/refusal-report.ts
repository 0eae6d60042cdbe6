// Refused requests in the log: one line for the first of a kind, then one in ten seconds with the number since. So a
// stranger cannot fill the log, and one client that repeats its mistake is one line.

import type { Logger } from '../ports/telemetry.ts';

const REPORT_EVERY_MS = 10_000;
/** How often all kinds are looked through. */
const CATCH_UP_EVERY_MS = 1_000;
/** Kinds remembered at once. Beyond, the oldest is forgotten: its next refusal is a line of its own. */
const MOST_KINDS = 1_000;
const MOST_CLIENTS = 5_000;

export interface RefusalKind {
  readonly code: string;
  readonly status: number;
  readonly field?: string | undefined;
  /** Name of the client, once it is known; absent for all strangers together. */
  readonly client?: string | undefined;
}

interface Reported {
  /** Milliseconds since 1970 of the last line. */
  at: number;
  /** Refusals since that line. */
  since: number;
  /** Writes a line for so many. */
  write: (requests: number) => void;
}

export class RefusalReport {
  readonly #log: Logger;
  readonly #kinds = new Map<string, Reported>();
  readonly #proven = new Set<string>();
  /** Names of persons, by the token of one request. */
  readonly #provenTokens = new WeakMap<object, string>();
  #caughtUpAt = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  /**
   * The client has shown a right key, or the person a right token: the name is no stranger's choice, and may stand in
   * lines.
   */
  prove(client: string, token?: object): void {
    if (token !== undefined) this.#provenTokens.set(token, client);
    else this.#proven.add(client);
    if (this.#proven.size > MOST_CLIENTS) this.#proven.clear();
  }

  /** The name, if it is a client's that has shown a right key here, or of the person whose token was right. */
  provenName(presented: string | object | undefined): string | undefined {
    if (typeof presented === 'object') return this.#provenTokens.get(presented);
    return presented !== undefined && this.#proven.has(presented) ? presented : undefined;
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
    const write = (requests: number): void => this.#log[level](event, { ...kind, ...details(), requests });
    const known = this.#kinds.get(key);
    if (known !== undefined && !isDue(known, nowMs)) {
      known.since += 1;
      known.write = write;
    } else {
      this.#kinds.delete(key);
      this.#kinds.set(key, { at: nowMs, since: 0, write });
      if (this.#kinds.size > MOST_KINDS) this.#kinds.delete(this.#kinds.keys().next().value ?? '');
      write((known?.since ?? 0) + 1);
    }
    this.catchUp(nowMs);
  }

  /**
   * Writes what has been counted for ten seconds and belongs to no line yet. Called with every request, since nothing
   * runs between requests: else the alerts would count a burst when the next one comes, hours later.
   * @param nowMs milliseconds since 1970
   */
  catchUp(nowMs: number): void {
    if (Math.abs(nowMs - this.#caughtUpAt) < CATCH_UP_EVERY_MS) return;
    this.#caughtUpAt = nowMs;
    for (const known of this.#kinds.values()) {
      if (known.since === 0 || !isDue(known, nowMs)) continue;
      known.write(known.since);
      known.at = nowMs;
      known.since = 0;
    }
  }
}

/** A clock that was set back stops no line. */
function isDue({ at }: Reported, nowMs: number): boolean {
  return Math.abs(nowMs - at) >= REPORT_EVERY_MS;
}
