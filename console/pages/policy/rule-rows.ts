// Rows of the table of rules: every rule of the version in force with its hits, also those without any, and hits of
// versions before.

import type { RuleHits } from './policy-answers.ts';

export interface RuleRow {
  readonly rule: string;
  readonly policyVersion: string;
  readonly inForce: boolean;
  /** Place in the file, from 1; absent for a rule of another version. */
  readonly place: number | undefined;
  readonly permits: number;
  readonly denies: number;
  readonly bySite: Readonly<Record<string, number>>;
}

/** @param names of the rules of the version in force, in order */
export function ruleRows(inForce: string, names: readonly string[], hits: RuleHits | undefined): readonly RuleRow[] {
  const counted = hits?.rules ?? [];
  const own = counted.filter(({ policyVersion }) => policyVersion === inForce);
  const listed = names.map((rule, index): RuleRow => {
    const { permits = 0, denies = 0, bySite = {} } = own.find((each) => each.rule === rule) ?? {};
    return { rule, policyVersion: inForce, inForce: true, place: index + 1, permits, denies, bySite };
  });
  const others = counted
    .filter(({ rule, policyVersion }) => policyVersion !== inForce || !names.includes(rule))
    .map((each): RuleRow => ({ ...each, inForce: each.policyVersion === inForce, place: undefined }));
  return [...listed, ...others];
}
