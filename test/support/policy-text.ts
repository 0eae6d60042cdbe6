// Texts of policies for tests, and what the reader makes of them.

import { readPolicy } from '../../shared/adapters/yaml/read-policy.ts';
import { evaluatePolicy } from '../../shared/domain/policy/policy.ts';
import type { PolicyFacts } from '../../shared/domain/policy/policy-facts.ts';
import { PolicyError } from '../../shared/errors.ts';
import { someFacts } from './policy-facts.ts';

export const ROLES = `roles:
  staff: { vlan: 10 }
  quarantine: { vlan: 666, sessionTimeout: 30m }
`;
export const LAST = `  - { name: rest, permit: quarantine }
`;

export function withRule(rule: string): string {
  return `${ROLES}rules:\n${rule}\n${LAST}`;
}

export function problemsOf(text: string): readonly { line: number; column: number; path: string; problem: string }[] {
  try {
    readPolicy(text, { version: 'draft' });
  } catch (thrown) {
    if (thrown instanceof PolicyError) return thrown.problems;
    throw thrown;
  }
  return [];
}

/** Whether a rule with this `when` decides. */
export function matches(when: string, facts: Partial<PolicyFacts> = {}): boolean {
  const text = withRule(`  - name: tried\n    when: { ${when} }\n    permit: staff`);
  return evaluatePolicy(readPolicy(text, { version: 'v1' }), someFacts(facts)).rule === 'tried';
}
