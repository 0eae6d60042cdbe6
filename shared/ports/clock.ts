// Time, as a parameter.

export interface Clock {
  now(): Date;
  /** A signal that aborts after so many milliseconds. */
  deadline(milliseconds: number): AbortSignal;
  /** Work with a deadline that is forgotten when the work is over: what is done often must not leave timers behind. */
  within<T>(milliseconds: number, work: (deadline: AbortSignal) => Promise<T>): Promise<T>;
}
