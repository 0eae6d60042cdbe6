// Traces of answers in a session's row: a write that was given up may arrive after that of another process, and overwrite the
// answer of the same credential. Each process leaves the name of its newest answer in a column that only it writes.

import { parseDecisionId } from '../../domain/decision-id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { Answer } from '../../domain/session.ts';

/** Credential, then the digit of the process. */
const TRACE_COLUMN = /^newest_([0-9a-z-]+)_[0-9a-f]$/;

export interface Trace {
  readonly credential: string;
  readonly decidedAt: Instant;
  readonly decisionId: string;
}

/** @param writer a hexadecimal digit; without one nothing is left */
export function traceOf({ credential, decision }: Answer, writer: string): Record<string, string> {
  return writer === '' ? {} : { [`newest_${credential}_${writer}`]: `${decision.decidedAt} ${decision.id}` };
}

/** Answers of which the row has only the trace: another process' late write took their place. */
export function overwritten(row: Record<string, unknown>, answers: readonly Answer[]): Trace[] {
  const traces = Object.entries(row).flatMap(([column, text]) => {
    const [, credential] = TRACE_COLUMN.exec(column) ?? [];
    const [decidedAt = '', decisionId = ''] = String(text).split(' ');
    if (credential === undefined || parseDecisionId(decisionId) === undefined) return [];
    return [{ credential, decidedAt, decisionId }];
  });
  return traces.filter((trace) => isNewest(trace, traces) && !answers.some((answer) => isAsNew(answer, trace)));
}

/** True for other columns, too. */
export function isTraceOfAny(column: string, credentials: ReadonlySet<string>): boolean {
  const [, credential] = TRACE_COLUMN.exec(column) ?? [];
  return credential === undefined || credentials.has(credential);
}

function isNewest({ credential, decidedAt }: Trace, traces: readonly Trace[]): boolean {
  return !traces.some((other) => other.credential === credential && other.decidedAt > decidedAt);
}

function isAsNew({ credential, decision }: Answer, trace: Trace): boolean {
  return credential === trace.credential && decision.decidedAt >= trace.decidedAt;
}
