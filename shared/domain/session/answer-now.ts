// The answer that a session would get if it asked at this moment.

import { hash } from 'node:crypto';
import type { Identity } from '../identity/identity.ts';
import type { Instant } from '../instant.ts';
import { type Outcome, type RecordVersion, recordVersionsText, type Standing } from '../policy/decision.ts';

export interface AnswerNow {
  readonly outcome: Outcome;
  readonly standing: Standing;
  readonly rule: string;
  /** Id of the override that decided in place of policy. */
  readonly override?: string;
  /** What the answer rests on: the device at a version, if one was found. */
  readonly device?: RecordVersion & {
    /** Of the newest of its records. */
    readonly observedAt: Instant;
    /** Records of other sources that are the same device. */
    readonly joined?: readonly RecordVersion[];
  };
  /** Where a contradiction would change the answer: identities that contradict once another device holds them. */
  readonly beside?: readonly Identity[];
}

/** Another one as soon as any of the records has moved, be it of another source: `v7`, `v7j0a1b2c3d`. */
export function versionOfRecords({ version, joined = [] }: NonNullable<AnswerNow['device']>): string {
  const others = joined.length === 0 ? '' : `j${hash('sha256', recordVersionsText(joined)).slice(0, 8)}`;
  return `v${version}${others}`;
}
