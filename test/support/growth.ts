// Whether work grows with its input or with the square of it, as a ratio of times within one run: the shortest of several rounds,
// so that it depends neither on how fast the machine is nor on what else it does.

/** The larger input is so many times the smaller one. Linear work then takes the same for one large as for so many small ones. */
export const TIMES = 8;
/** Of the square of the input the ratio is near 8, of its half power more near 2.8; caches and garbage make up to 2 of linear work. */
export const MOST_LINEAR = 4;
const ROUNDS = 9;
/** Milliseconds: work that takes no longer for the larger input is no work to find. */
const LEAST_MS = 0.3;

/**
 * @param work on an input of that size
 * @returns time for one input of 8 sizes / time for 8 inputs of one size: 1 for linear work, 8 for quadratic work
 */
export function growth(work: (size: number) => unknown, size: number): number {
  let [small, large] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < ROUNDS; round++) {
    large = Math.min(
      large,
      spent(() => void work(size * TIMES)),
    );
    small = Math.min(
      small,
      spent(() => {
        for (let time = 0; time < TIMES; time++) work(size);
      }),
    );
    // Most work is seen to be linear at once.
    if (large < LEAST_MS) return 1;
    if (large / small < MOST_LINEAR / 2) return large / small;
  }
  return large / small;
}

/** Milliseconds. */
function spent(work: () => void): number {
  const begun = performance.now();
  work();
  return performance.now() - begun;
}
