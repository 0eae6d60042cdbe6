// How long to wait after each transmission: the algorithm of RFC 5080 section 2.2.1.

export interface RetransmissionTimes {
  /** IRT: wait after the first transmission, milliseconds. */
  readonly initialMs: number;
  /** MRT: the longest wait, milliseconds; 0 for no limit. */
  readonly maximumMs: number;
  /** MRC: transmissions, the first one included; 0 for no limit. */
  readonly maximumCount: number;
  /** MRD: from the first transmission to giving up, milliseconds; 0 for no limit. */
  readonly maximumDurationMs: number;
  /** RAND: every wait is longer or shorter by up to this fraction. */
  readonly jitter: number;
}

/** The values which RFC 5080 recommends. */
export const RFC5080_TIMES: RetransmissionTimes = {
  initialMs: 2000,
  maximumMs: 16_000,
  maximumCount: 5,
  maximumDurationMs: 30_000,
  jitter: 0.1,
};

/** Yields the waits (RT) in milliseconds, without end. `random` gives numbers from 0 (included) to 1 (excluded). */
export function* retransmissionTimeouts(times: RetransmissionTimes, random: () => number): Generator<number, never> {
  const rand = () => (random() * 2 - 1) * times.jitter;
  let timeout = times.initialMs * (1 + rand());
  for (;;) {
    yield timeout;
    timeout *= 2 + rand();
    if (times.maximumMs > 0 && timeout > times.maximumMs) timeout = times.maximumMs * (1 + rand());
  }
}
