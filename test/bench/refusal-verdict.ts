// Whether the claim about refused requests holds: at most twice the processor time of a function that does nothing, and
// refused they are.

import { median } from './latency.ts';

const MOST_TIMES = 2;
/** Of all requests, so many may be answered otherwise: a machine under load lets one time out. */
const MOST_OTHERWISE = 0.001;

export interface RefusalFigures {
  /** Of each round: processor time of a refused request, by that of an empty function. */
  readonly ratios: readonly number[];
  /** Answers with another status than wanted, by status. */
  readonly others: ReadonlyMap<number, number>;
  readonly asked: number;
}

/** @param what who asked what @returns a line for people, and whether the claim holds */
export function refusalVerdict(what: string, { ratios, others, asked }: RefusalFigures) {
  const ratio = median(ratios);
  const otherwise = [...others.values()].reduce((sum, count) => sum + count, 0);
  const holds = ratio <= MOST_TIMES && otherwise <= asked * MOST_OTHERWISE;
  const rounds = ratios.map((one) => one.toFixed(2)).join(', ');
  const statuses = [...others].map(([status, count]) => `${count} times ${status}`).join(', ');
  const line =
    `${holds ? 'holds' : 'FAILS'}: ${what}: ${ratio.toFixed(2)} of an empty function's processor time ` +
    `(wanted: at most ${MOST_TIMES.toFixed(2)}; ${rounds})${statuses === '' ? '' : `; of ${asked} answered otherwise: ${statuses}`}`;
  return { holds, line };
}
