// Passing time, independent of the date, as a parameter.

export interface Timer {
  /** Monotonic milliseconds. */
  elapsed(): number;
  /** Calls back once after so many milliseconds; the function returned cancels that. */
  after(milliseconds: number, callback: () => void): () => void;
  /** Lets what else this process has to do go first, once. */
  turn(): Promise<void>;
}

/** What measures and bounds a wait. */
export type Stopwatch = Pick<Timer, 'elapsed' | 'after'>;
