// Brings reports to the results queue, in order, and tries until the queue has accepted them.

import { type CoaReport, coaMessageId } from '../shared/domain/coa-job.ts';
import type { Logger } from '../shared/ports.ts';
import { clockDelay } from './clock-delay.ts';
import type { SendClock } from './radius/send-clock.ts';
import { toRelayError } from './relay-error.ts';
import { type RetryDelays, retryDelay } from './retry-delays.ts';

export interface ResultsQueue {
  /** Resolves when the queue has accepted all of them. */
  send(reports: readonly CoaReport[]): Promise<void>;
}

export interface ReportOutbox {
  /** Resolves when the results queue has accepted the report and all before it. Rejects only after `close`. */
  put(report: CoaReport): Promise<void>;
  readonly pending: number;
  /** The newest that was accepted. */
  readonly last: CoaReport | undefined;
  /** Tries no more; what is pending rejects. */
  close(): void;
}

export interface ReportOutboxOptions {
  readonly queue: ResultsQueue;
  readonly clock: Pick<SendClock, 'after'>;
  readonly log: Logger;
  readonly random: () => number;
  readonly delays: RetryDelays;
}

interface Entry {
  readonly report: CoaReport;
  readonly accepted: PromiseWithResolvers<void>;
}

/** Sent together at most. */
const batchSize = 100;

export function createReportOutbox({ queue, clock, log, random, delays }: ReportOutboxOptions): ReportOutbox {
  const entries = new Map<string, Entry>();
  const closed = new AbortController();
  let pumping = false;
  let last: CoaReport | undefined;

  async function pump(): Promise<void> {
    if (pumping) return;
    pumping = true;
    // What is put in the same turn goes along.
    await Promise.resolve();
    for (let failures = 0; entries.size > 0 && !closed.signal.aborted; ) {
      const batch = [...entries].slice(0, batchSize);
      try {
        await queue.send(batch.map(([, { report }]) => report));
        for (const [id, { report, accepted }] of batch) {
          entries.delete(id);
          last = report;
          accepted.resolve();
        }
        if (failures > 0) log.info('relay.reports_resumed', { afterFailures: failures });
        failures = 0;
      } catch (error) {
        failures++;
        const { code, message, action } = toRelayError(error);
        log.warn('relay.reports_delayed', { code, message, action, pending: entries.size, failures });
        await clockDelay(clock, retryDelay(delays, failures, random), closed.signal);
      }
    }
    // In the same turn as the look at what is left: what is put later starts anew.
    pumping = false;
  }

  return {
    put(report) {
      const id = reportMessageId(report);
      const known = entries.get(id);
      if (known) return known.accepted.promise;
      const accepted = Promise.withResolvers<void>();
      // Not everyone waits for it.
      accepted.promise.catch(() => undefined);
      if (closed.signal.aborted) {
        accepted.reject(closed.signal.reason);
        return accepted.promise;
      }
      entries.set(id, { report, accepted });
      void pump();
      return accepted.promise;
    },
    get pending() {
      return entries.size;
    },
    get last() {
      return last;
    },
    close() {
      closed.abort(new Error('The relay has stopped'));
      for (const { accepted } of entries.values()) accepted.reject(closed.signal.reason);
    },
  };
}

/** The same stage of the same attempt is the same message: duplicate detection of the queue drops the second one. */
export function reportMessageId({ jobId, attempt, stage }: CoaReport): string {
  return `${coaMessageId({ id: jobId, attempt })}:${stage}`;
}
