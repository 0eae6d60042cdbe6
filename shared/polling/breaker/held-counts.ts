// How much the breaker holds of one run.

/** How much of each run is held. */

export interface HeldCounts {
  readonly flips: number;
  readonly absences: number;
  /** Says whether a run holds the same devices as before: sixteen hexadecimal digits, whatever their order. */
  readonly digest: string;
}
