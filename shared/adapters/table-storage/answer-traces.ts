// Traces of answers in a session's row: a write that was given up may arrive after that of another process, and
// overwrite the answer of the same credential. Each process leaves the name of its newest answer in a column that only
// it writes.

import { type Instant, millisecondsBetween } from '../../domain/instant.ts';
import { parseDecisionId } from '../../domain/policy/decision-id.ts';
import type { Answer } from '../../domain/session/session.ts';

/**
 * A write that was given up arrives within this time, or never: the service ends what takes it longer than thirty
 * seconds (https://learn.microsoft.com/rest/api/storageservices/setting-timeouts-for-table-service-operations). What
 * lies further apart is two answers of instances whose clocks differ, of which the row has the one that was written
 * last.
 */
const MOST_LATE_MS = 60_000;

/** Credential, then the process: eight hexadecimal digits, one of the version before. */
const TRACE_COLUMN = /^newest_([0-9a-z-]+)_(?:[0-9a-f]|[0-9a-f]{8})$/;
/** A process that has ended leaves its traces; of those only the newest can still say anything. */
const TRACES_KEPT = 16;

export interface Trace {
  readonly credential: string;
  readonly decidedAt: Instant;
  readonly decisionId: string;
}

/** @param writer eight hexadecimal digits that no other process has; without them nothing is left */
export function traceOf({ credential, decision }: Answer, writer: string): Record<string, string> {
  return writer === '' ? {} : { [`newest_${credential}_${writer}`]: `${decision.decidedAt} ${decision.id}` };
}

/** Answers of which the row has only the trace: another process' late write took their place. */
export function overwrittenAnswers(row: Record<string, unknown>, answers: readonly Answer[]): Trace[] {
  const traces = Object.entries(row).flatMap(([column, text]) => {
    const [, credential] = TRACE_COLUMN.exec(column) ?? [];
    const [decidedAt = '', decisionId = ''] = String(text).split(' ');
    if (credential === undefined || parseDecisionId(decisionId) === undefined) return [];
    return [{ credential, decidedAt, decisionId }];
  });
  return traces.filter((trace) => {
    const inRow = answers.find(({ credential }) => credential === trace.credential)?.decision.decidedAt;
    const lateMs = inRow === undefined ? 0 : millisecondsBetween(inRow, trace.decidedAt);
    return isNewest(trace, traces) && lateMs > 0 && lateMs < MOST_LATE_MS;
  });
}

/** True when ended processes have left so many that the row should be rid of them. */
export function hasManyTraces(row: Record<string, unknown>): boolean {
  return traceColumns(row).length > 2 * TRACES_KEPT;
}

/** @returns the columns of traces that may go: of credentials that the row has let go, and all but the newest */
export function oldTraces(row: Record<string, unknown>, credentials: ReadonlySet<string>): ReadonlySet<string> {
  const columns = traceColumns(row);
  const stays = columns.filter((column) => credentials.has(TRACE_COLUMN.exec(column)?.[1] ?? ''));
  // Each begins with its time.
  const newest = stays.sort((a, b) => (String(row[a]) < String(row[b]) ? 1 : -1)).slice(0, TRACES_KEPT);
  return new Set(columns.filter((column) => !newest.includes(column)));
}

function traceColumns(row: Record<string, unknown>): string[] {
  return Object.keys(row).filter((column) => TRACE_COLUMN.test(column));
}

function isNewest({ credential, decidedAt }: Trace, traces: readonly Trace[]): boolean {
  return !traces.some((other) => other.credential === credential && other.decidedAt > decidedAt);
}
