// A check of the doctor, and what it finds.

import type { ErrorCode } from '../errors.ts';

export type CheckStatus = 'ok' | 'warn' | 'failed' | 'skipped';

export interface Outcome {
  readonly status: CheckStatus;
  /** What was seen, in one sentence; for `skipped`, why nothing was looked at. */
  readonly saw: string;
  /** What it means; with every `failed`. */
  readonly means?: string;
  /** What to do; with every `failed`. */
  readonly action?: string;
  readonly code?: ErrorCode;
  /** More lines, for operators who want the details. They hold no secret. */
  readonly details?: readonly string[];
}

export interface Check {
  /** Stable, for machines: `token-graph`. */
  readonly name: string;
  /** For people: `Token for Microsoft Graph`. */
  readonly title: string;
  /** Names of checks without whose success this one says nothing. */
  readonly needs?: readonly string[];
  /** Every error it throws is a failure of the check. */
  run(): Promise<Outcome>;
}

export interface CheckReport extends Outcome {
  readonly name: string;
  readonly title: string;
}

export interface DoctorReport {
  readonly at: string;
  /** No check failed. */
  readonly ok: boolean;
  readonly counts: Readonly<Record<CheckStatus, number>>;
  readonly checks: readonly CheckReport[];
}
