// Randomness that a seed decides. Streams of different names do not disturb each other, so that a history with an event
// less stays much the same.

import type { Random } from '../../shared/ports/random.ts';

export interface SeededRandom extends Random {
  /** A whole number from 0 to `below`, excluded. */
  below(below: number): number;
  /** From `least` to `most`, both included. */
  between(least: number, most: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
}

/** sfc32 (PractRand), seeded by name. */
export function seededRandom(seed: number, name: string): SeededRandom {
  let a = 0x9e3779b9 ^ seed;
  let b = 0x243f6a88;
  let c = 0xb7e15162;
  let d = 1;
  for (let index = 0; index < name.length; index++) {
    b = Math.imul(b ^ name.charCodeAt(index), 0x01000193);
    c = (c + b) | 0;
  }
  const next = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    c |= 0;
    return t >>> 0;
  };
  for (let round = 0; round < 12; round++) next();
  const fraction = (): number => next() / 2 ** 32;
  const below = (limit: number): number => Math.floor(fraction() * limit);
  return {
    fraction,
    below,
    between: (least, most) => least + below(most - least + 1),
    chance: (probability) => fraction() < probability,
    pick<T>(from: readonly T[]): T {
      return from[below(from.length)] as T;
    },
    hex(bytes) {
      let text = '';
      while (text.length < bytes * 2) text += next().toString(16).padStart(8, '0');
      return text.slice(0, bytes * 2);
    },
  };
}
