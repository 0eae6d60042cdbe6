// Where counts are kept that timers fold out of stored rows, so that no page of the console has to.

import type { DecisionCounts } from '../domain/decision-counts.ts';
import type { Instant } from '../domain/instant.ts';
import type { CallOptions } from './call-options.ts';

export type { DecisionCounts } from '../domain/decision-counts.ts';

export interface CountedSpan {
  /** Beginning of the hour, or of the day in UTC. */
  readonly at: Instant;
  readonly counts: DecisionCounts;
}

/** How far decisions are counted. */
export interface FoldState {
  /** Decisions made before this are counted. */
  readonly until: Instant;
  /** Milliseconds of the next window: halved where a window could not be read in time. */
  readonly windowMs: number;
}

/** A figure that a timer has found, or a credential, or a relay: one row each, under a name. */
export interface Figure<T = unknown> {
  readonly name: string;
  readonly value: T;
}

export interface CountStore {
  readFold(options?: CallOptions): Promise<{ readonly state?: FoldState; readonly etag?: string }>;
  /**
   * Adds the counts of a window, which lies within one hour, to that hour and its day, and moves on: all in one
   * transaction, so that no decision is counted twice.
   * @returns false when another instance was first
   */
  addCounts(
    window: { readonly from: Instant; readonly next: FoldState },
    counts: DecisionCounts,
    etag: string | undefined,
  ): Promise<boolean>;
  /** Counted spans that begin within the range, newest first. */
  listSpans(
    span: 'hour' | 'day',
    range: { readonly from: Instant; readonly to: Instant },
    options?: CallOptions,
  ): Promise<readonly CountedSpan[]>;
  /** Removes spans that began before; at most a thousand. @returns how many */
  removeSpansBefore(before: Instant): Promise<number>;
  /** The newest value stands. */
  writeFigure(name: string, value: unknown): Promise<void>;
  readFigure<T>(name: string, options?: CallOptions): Promise<T | undefined>;
  /** Figures whose names begin so; at most a thousand. */
  listFigures<T>(prefix: string, options?: CallOptions): Promise<readonly Figure<T>[]>;
  removeFigure(name: string): Promise<void>;
}
