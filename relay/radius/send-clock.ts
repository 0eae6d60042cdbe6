// The time as the sender sees it, so that a test can let it pass.

export interface SendClock {
  /** The date, for Event-Timestamp. */
  now(): Date;
  /** Monotonic milliseconds. */
  elapsed(): number;
  /** Calls back once after so many milliseconds; the function returned cancels that. */
  after(milliseconds: number, callback: () => void): () => void;
}

export const systemSendClock: SendClock = {
  now: () => new Date(),
  elapsed: () => performance.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
};
