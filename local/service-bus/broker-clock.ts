// The time as the broker sees it, so that tests can make locks and messages expire at will.
export interface BrokerClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back once at that time or shortly after; the result cancels it. */
  wakeAt(time: number, wake: () => void): () => void;
}

// What setTimeout() takes at most; waking early is harmless.
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

export const systemClock: BrokerClock = {
  now: () => Date.now(),
  wakeAt(time, wake) {
    const timer = setTimeout(wake, Math.min(Math.max(time - Date.now(), 1), LONGEST_TIMEOUT_MS));
    return () => clearTimeout(timer);
  },
};
