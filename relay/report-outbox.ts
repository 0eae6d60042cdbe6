// Brings reports to the results queue, in order, and tries until the queue has accepted them.

import { type CoaJob, type CoaReport, type CoaReportStage, coaMessageId } from '../shared/domain/coa-job.ts';
import type { Logger } from '../shared/ports/telemetry.ts';
import { createBoundedMap } from './bounded-map.ts';
import { clockDelay } from './clock-delay.ts';
import type { SendClock } from './radius/send-clock.ts';
import { toRelayError } from './relay-error.ts';
import { type RetryDelays, retryDelay } from './retry-delays.ts';

export interface ResultsQueue {
  /** Resolves when the queue has accepted all of them. May be asked again with the same ones, if it was not certain. */
  send(reports: readonly CoaReport[]): Promise<void>;
}

export interface ReportOutbox {
  /**
   * A stage that is not the last one waits a moment for the next, and then travels with it. A stage of an attempt that
   * was put before is not sent again.
   * @returns resolves when the results queue has accepted the report; rejects only after `close`
   */
  put(report: CoaReport): Promise<void>;
  /** What `put` has returned for the last stage of this attempt; nothing where the end of it is not known. */
  ending(attempt: Pick<CoaJob, 'id' | 'attempt'>): Promise<void> | undefined;
  /** Reports that the queue has not accepted yet. */
  readonly pending: number;
  /** The newest that was accepted. */
  readonly last: CoaReport | undefined;
  /** Waits no longer after a failure. */
  retryNow(): void;
  /** Tries no more; what is pending rejects. */
  close(): void;
}

export interface ReportOutboxOptions {
  readonly queue: ResultsQueue;
  readonly clock: Pick<SendClock, 'after' | 'elapsed'>;
  readonly log: Logger;
  readonly random: () => number;
  readonly delays: RetryDelays;
  /** How long a report waits for the next stage of its job, milliseconds. */
  readonly holdMs?: number;
}

/** One message to be. */
interface PendingReport {
  readonly key: string;
  report: CoaReport;
  readonly dueAt: number;
  due: boolean;
  readonly accepted: PromiseWithResolvers<void>;
}

interface SentStage {
  readonly stage: CoaReportStage;
  readonly accepted: Promise<void>;
}

/** Sent together at most; with hints of full length that is half of what a message may hold. */
const BATCH_SIZE = 50;
/** Attempts of which it is known what was put: far more than can come back after a lost lock. */
const REMEMBERED_ATTEMPTS = 5000;
const STAGES: readonly CoaReportStage[] = ['taken', 'sent', 'finished'];

export function createReportOutbox(options: ReportOutboxOptions): ReportOutbox {
  const { queue, clock, log, random, delays, holdMs = 100 } = options;
  /** By attempt, the oldest first: entries that were not tried yet, so that the next stage of the job may join them. */
  const joinable = new Map<string, PendingReport>();
  /** By attempt: the furthest stage that was put. */
  const sentStages = createBoundedMap<SentStage>(REMEMBERED_ATTEMPTS);
  const closed = new AbortController();
  const closing = (): Error => closed.signal.reason;
  let due: PendingReport[] = [];
  /** Is tried, unchanged, until it is accepted: the queue knows a repetition by what it consists of. */
  let batch: readonly PendingReport[] = [];
  let pumping = false;
  /** Aborted to end the wait after a failure. */
  let rest = new AbortController();
  let cancelWaking: (() => void) | undefined;
  let last: CoaReport | undefined;

  async function pump(): Promise<void> {
    if (pumping) return;
    pumping = true;
    // What is put in the same turn goes along.
    await Promise.resolve();
    for (let failures = 0; batch.length + due.length > 0 && !closed.signal.aborted; ) {
      if (batch.length === 0) batch = takeDue();
      try {
        await queue.send(batch.map(({ report }) => report));
        last = batch.at(-1)?.report;
        for (const { accepted } of batch) accepted.resolve();
        batch = [];
        if (failures > 0) log.info('relay.reports-resumed', { afterFailures: failures });
        failures = 0;
      } catch (error) {
        failures++;
        const { code, message, action } = toRelayError(error);
        log.warn('relay.reports-delayed', { code, message, action, pending: pending(), failures });
        rest = new AbortController();
        await clockDelay(clock, retryDelay(delays, failures, random), rest.signal);
      }
    }
    // In the same turn as the check for what is left: a report put later starts the next pump.
    pumping = false;
  }

  function takeDue(): readonly PendingReport[] {
    const taken = due.slice(0, BATCH_SIZE);
    due = due.slice(taken.length);
    for (const entry of taken) if (joinable.get(entry.key) === entry) joinable.delete(entry.key);
    return taken;
  }

  function makeDue(entry: PendingReport): void {
    if (entry.due) return;
    entry.due = true;
    due.push(entry);
    void pump();
  }

  function wake(): void {
    cancelWaking = undefined;
    const now = clock.elapsed();
    for (const entry of joinable.values()) {
      if (entry.dueAt <= now) makeDue(entry);
      else if (!entry.due) {
        wakeAt(entry.dueAt);
        break;
      }
    }
  }

  function wakeAt(time: number): void {
    cancelWaking ??= clock.after(Math.max(1, Math.ceil(time - clock.elapsed())), wake);
  }

  function entryFor(key: string, report: CoaReport): PendingReport {
    const open = joinable.get(key);
    if (open !== undefined && open.report.stage !== 'finished') {
      const { stage, at, earlier = [] } = open.report;
      open.report = { ...report, earlier: [...earlier, { stage, at }] };
      return open;
    }
    const accepted = Promise.withResolvers<void>();
    // Not everyone waits for it.
    accepted.promise.catch(() => undefined);
    const entry: PendingReport = { key, report, dueAt: clock.elapsed() + holdMs, due: false, accepted };
    joinable.set(key, entry);
    return entry;
  }

  function pending(): number {
    let waiting = batch.length + due.length;
    for (const entry of joinable.values()) if (!entry.due) waiting++;
    return waiting;
  }

  return {
    put(report) {
      const key = coaMessageId({ id: report.jobId, attempt: report.attempt });
      const known = sentStages.get(key);
      if (known && STAGES.indexOf(known.stage) >= STAGES.indexOf(report.stage)) return known.accepted;
      if (closed.signal.aborted) return rejected(closing());
      const entry = entryFor(key, report);
      sentStages.set(key, { stage: report.stage, accepted: entry.accepted.promise });
      if (report.stage === 'finished') makeDue(entry);
      else wakeAt(entry.dueAt);
      return entry.accepted.promise;
    },
    ending(attempt) {
      const known = sentStages.get(coaMessageId(attempt));
      return known?.stage === 'finished' ? known.accepted : undefined;
    },
    get pending() {
      return pending();
    },
    get last() {
      return last;
    },
    retryNow() {
      rest.abort();
    },
    close() {
      closed.abort(new Error('The relay has stopped'));
      rest.abort();
      cancelWaking?.();
      for (const { accepted } of [...batch, ...due, ...joinable.values()]) accepted.reject(closing());
    },
  };
}

function rejected(reason: Error): Promise<void> {
  const promise = Promise.reject(reason);
  promise.catch(() => undefined);
  return promise;
}
