// Randomness from the operating system, fetched for many callers at once: each fetch costs a system call.

import { randomFillSync } from 'node:crypto';
import type { Random } from '../../ports/random.ts';

const pool = Buffer.alloc(4096);
let used = pool.length;

/** Bytes that no other call gets. */
function take(bytes: number): Buffer {
  if (bytes > pool.length) return randomFillSync(Buffer.alloc(bytes));
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const taken = Buffer.from(pool.subarray(used, used + bytes));
  // Bytes that were given out are removed from the pool.
  pool.fill(0, used, used + bytes);
  used += bytes;
  return taken;
}

export const systemRandom: Random = {
  fraction: () => take(4).readUInt32BE() / 2 ** 32,
  hex: (bytes) => take(bytes).toString('hex'),
};
