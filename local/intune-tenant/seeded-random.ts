// A small pseudo-random source: the same seed and stream always draw the same numbers, and the stream of one device is
// independent of how many devices there are.

export interface SeededRandom {
  /** A number from 0 (included) to 1 (excluded). */
  next(): number;
  /** An integer from 0 to `limit` - 1. */
  below(limit: number): number;
  /** One of the values, drawn by weight. */
  weighted<T>(choices: readonly (readonly [value: T, weight: number])[]): T;
  /** `length` upper-case hexadecimal digits. */
  hex(length: number): string;
  /** A version 4 GUID in lower case. */
  guid(): string;
}

/** One-to-one on 32-bit integers, so that different streams of one seed can never start from the same state. */
export function scramble(value: number): number {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** The mulberry32 generator started for one stream of one seed. */
export function seededRandom(seed: number, stream: number): SeededRandom {
  let state = scramble(stream + scramble(seed));

  function nextInteger(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  const source: SeededRandom = {
    next: () => nextInteger() / 0x1_0000_0000,
    below: (limit) => Math.floor(source.next() * limit),
    weighted(choices) {
      const total = choices.reduce((sum, [, weight]) => sum + weight, 0);
      let remaining = source.next() * total;
      for (const [value, weight] of choices) {
        remaining -= weight;
        if (remaining < 0) {
          return value;
        }
      }
      throw new Error('weighted() needs at least one choice with a positive weight');
    },
    hex(length) {
      let digits = '';
      while (digits.length < length) {
        digits += nextInteger().toString(16).padStart(8, '0');
      }
      return digits.slice(0, length).toUpperCase();
    },
    guid() {
      const digits = source.hex(32).toLowerCase();
      const variant = ((Number.parseInt(digits.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
      return [
        digits.slice(0, 8),
        digits.slice(8, 12),
        `4${digits.slice(13, 16)}`,
        `${variant}${digits.slice(17, 20)}`,
        digits.slice(20, 32),
      ].join('-');
    },
  };
  return source;
}
