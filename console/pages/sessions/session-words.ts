// What is proven about a session's answer, in words.

import type { PROOFS } from '../../../shared/http/schemas/session.ts';

type Proof = (typeof PROOFS)[number];

interface ProofWords {
  readonly kind: 'good' | 'warn' | 'bad' | 'info' | 'none';
  readonly word: string;
  readonly means: string;
}

const PROOF_WORDS: Readonly<Record<Proof, ProofWords>> = {
  proven: { kind: 'good', word: 'proven', means: 'accounting carries the Class of this answer' },
  'older-answer': { kind: 'bad', word: 'older answer', means: 'accounting carries the Class of an older answer' },
  'no-class': { kind: 'warn', word: 'no Class', means: 'accounting comes without any Class' },
  'no-accounting': { kind: 'none', word: 'no accounting', means: 'no accounting has come for this session' },
};

/** A word that a newer version knows is shown as it is. */
export function proofWords(proof: string): ProofWords {
  return PROOF_WORDS[proof as Proof] ?? { kind: 'none', word: proof, means: '' };
}

/** Whether the answer given is the one wanted; a session that is over wants none. */
export function enforcedWords(enforced: boolean | undefined): {
  readonly kind: 'good' | 'warn' | 'bad' | 'info' | 'none';
  readonly word: string;
} {
  if (enforced === undefined) return { kind: 'none', word: 'over' };
  return enforced ? { kind: 'good', word: 'as wanted' } : { kind: 'bad', word: 'not enforced' };
}
