// Asks again and again, some requests at once, and tells rate and latency.

import { OddAnswers } from './odd-answers.ts';

export interface Latency {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Of those that were answered; one that was not is named and left out. @param ask the n-th request */
export async function measure(count: number, atOnce: number, ask: (index: number) => Promise<void>): Promise<Latency> {
  const took: number[] = [];
  const odd = new OddAnswers();
  let next = 0;
  const startedAt = performance.now();
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      const ms = await odd.ask('request', count, () => ask(index));
      if (ms !== undefined) took.push(ms);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const seconds = (performance.now() - startedAt) / 1000;
  return { perSecond: took.length / seconds, p50Ms: percentile(took, 0.5), p99Ms: percentile(took, 0.99) };
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}
