// A map that keeps what was set last and forgets the rest.

export interface BoundedMap<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
}

/**
 * Keeps at least the last so many keys, and at most twice as many. It forgets a generation at a time: taking out the
 * oldest key of a map, one for each that comes in, gets slow where many have been taken out before.
 */
export function createBoundedMap<Value>(atLeast: number): BoundedMap<Value> {
  let recent = new Map<string, Value>();
  let older = new Map<string, Value>();
  return {
    get: (key) => recent.get(key) ?? older.get(key),
    set(key, value) {
      recent.set(key, value);
      if (recent.size < atLeast) return;
      older = recent;
      recent = new Map();
    },
  };
}
