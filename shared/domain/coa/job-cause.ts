// Why an attempt failed, in one word of a list: the label of its counter.

import type { CoaOutcome } from '../coa-job.ts';

/** RFC 5176 section 3.5, and how an attempt ends without an answer. */
export const JOB_CAUSES = [
  'none',
  'no-answer',
  'unknown-nas',
  'not-possible',
  'expired',
  ...['201', '202', '401', '402', '403', '404', '405', '406', '407'],
  ...['501', '502', '503', '504', '505', '506', '507', '508'],
] as const;

/** @param errorCause by its number: its name is the relay's text */
export function jobCause(outcome: CoaOutcome | undefined, errorCause: number | undefined): string {
  if (errorCause !== undefined) return String(errorCause);
  return outcome === undefined || outcome === 'acknowledged' || outcome === 'refused' ? 'none' : outcome;
}
