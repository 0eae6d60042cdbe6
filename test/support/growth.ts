// Whether work grows with its input or with the square of it, as a ratio of times within one run: the shortest of
// many, so that it depends neither on how fast the machine is nor on what else it does.

/**
 * The larger input is so many times the smaller one. Linear work then takes the same for one large as for so many small
 * ones.
 */
export const TIMES = 8;
/**
 * Of the square of the input the ratio is near 8, of its half power more near 2.8; caches and garbage make up to 2 of
 * linear work.
 */
export const MOST_LINEAR = 4;
const ROUNDS = 9;
/** Before so many, work is not called linear. */
const LEAST_ROUNDS = 3;
/** What seems to be more than linear is measured again. */
const MEASUREMENTS = 8;
/** Milliseconds: work that takes no longer for the larger input is no work to find. */
const LEAST_MS = 0.3;

/**
 * @param work on an input of that size
 * @returns time for one input of 8 sizes / 8 times that for one input of one size: 1 for linear work, 8 for quadratic
 * work
 */
export function growth(work: (size: number) => unknown, size: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let time = 0; time < MEASUREMENTS && least > MOST_LINEAR; time++) least = Math.min(least, measured(work, size));
  return least;
}

function measured(work: (size: number) => unknown, size: number): number {
  let [small, large] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 1; round <= ROUNDS; round++) {
    large = Math.min(large, spent(work, size * TIMES));
    for (let time = 0; time < TIMES; time++) small = Math.min(small, spent(work, size));
    // Most work is seen to be linear at once.
    if (large < LEAST_MS) return 1;
    if (round >= LEAST_ROUNDS && ratio() < MOST_LINEAR / 2) break;
  }
  return ratio();

  function ratio(): number {
    return large / (TIMES * small);
  }
}

/** Milliseconds. */
function spent(work: (size: number) => unknown, size: number): number {
  const begun = performance.now();
  work(size);
  return performance.now() - begun;
}
