// Which way compliance flips. Flips to the better make up for flips to the worse: on an ordinary day both are about as
// many, and what adds up one way, little by little, is a mass.

import type { ComplianceState } from './compliance-state.ts';

export type TurnDirection = 'better' | 'worse';
export type Turns = Readonly<Record<TurnDirection, number>>;

export const NO_TURNS: Turns = { better: 0, worse: 0 };

/** @param state what the device turns to; a grace period ends as compliance seldom does, so it counts as worse */
export function directionTo(state: ComplianceState): TurnDirection {
  return state === 'compliant' ? 'better' : 'worse';
}

export function countTurns(directions: Iterable<TurnDirection | undefined>): Turns {
  const counts = { better: 0, worse: 0 };
  for (const direction of directions) {
    // What an earlier version held says nothing of it, and may be either.
    if (direction !== 'worse') counts.better += 1;
    if (direction !== 'better') counts.worse += 1;
  }
  return counts;
}
