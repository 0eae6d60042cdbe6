// Counts what a policy would change, by site and by rule, with a bounded number of examples: memory does not grow with
// the fleet.

import type { Outcome } from '../domain/policy/decision.ts';

export interface WouldChange {
  readonly site?: string;
  readonly session?: string;
  readonly device?: string;
  readonly name?: string;
  readonly mac?: string;
  readonly userName?: string;
  readonly from: { readonly rule: string; readonly outcome: Outcome };
  readonly to: { readonly rule: string; readonly outcome: Outcome };
}

export interface TallyReport {
  readonly looked: number;
  readonly changing: number;
  readonly bySite: Readonly<Record<string, number>>;
  /** `<rule now> -> <rule then>`, most frequent first. */
  readonly byRule: Readonly<Record<string, number>>;
  /** The first of them; `changing` says how many there are. */
  readonly examples: readonly WouldChange[];
}

const MOST_EXAMPLES = 200;

export class ChangeTally {
  readonly #bySite = new Map<string, number>();
  readonly #byRule = new Map<string, number>();
  readonly #examples: WouldChange[] = [];
  #looked = 0;
  #changing = 0;

  look(): void {
    this.#looked += 1;
  }

  add(change: WouldChange): void {
    this.#changing += 1;
    if (change.site !== undefined) increase(this.#bySite, change.site);
    increase(this.#byRule, `${change.from.rule} -> ${change.to.rule}`);
    if (this.#examples.length < MOST_EXAMPLES) this.#examples.push(change);
  }

  report(): TallyReport {
    return {
      looked: this.#looked,
      changing: this.#changing,
      bySite: ordered(this.#bySite),
      byRule: ordered(this.#byRule),
      examples: this.#examples,
    };
  }
}

function increase(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function ordered(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
}
