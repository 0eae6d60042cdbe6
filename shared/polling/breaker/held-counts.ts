// How much the breaker holds of one run.

/** How much of each run is held. */

export interface HeldCounts {
  readonly flips: number;
  readonly absences: number;
  /** Equal when a run holds the same devices as before, in any order: sixteen hexadecimal digits. */
  readonly digest: string;
}
