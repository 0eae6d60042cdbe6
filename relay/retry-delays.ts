// How long to wait before trying again: doubling, up to a longest one, spread so that many do not come at once.

export interface RetryDelays {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** @param failures in a row, from 1 */
export function retryDelay({ firstMs, longestMs }: RetryDelays, failures: number, random: () => number): number {
  const full = Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return full * (0.75 + random() / 4);
}
