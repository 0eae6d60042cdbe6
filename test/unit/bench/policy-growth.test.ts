// The texts of the policy bench, smaller: judging them grows with their length, which no machine's speed changes.

import { expect, test } from 'vitest';
import { readPolicy } from '../../../shared/adapters/yaml/read-policy.ts';
import { macSet } from '../../../shared/domain/policy/mac-set.ts';
import { macListText, POLICY_TEXTS, policyOfLists } from '../../bench/policy-texts.ts';
import { growth, MOST_LINEAR } from '../../support/growth.ts';

test.each(Object.keys(POLICY_TEXTS))('%s', (name) => {
  const texts = new Map<number, string>();
  const text = (length: number): string => {
    const made = texts.get(length) ?? POLICY_TEXTS[name]?.(length) ?? '';
    texts.set(length, made);
    return made;
  };
  const judge = (length: number): void => {
    try {
      readPolicy(text(length), { version: 'v' });
    } catch {
      // A refusal is an answer, too.
    }
  };
  expect(growth(judge, 2_000)).toBeLessThan(MOST_LINEAR);
});

test('ten lists in every rule: what they hold is not looked through', () => {
  const policy = policyOfLists(10, 20_000);
  let read = 0;
  const macLists = new Map(
    Array.from({ length: 10 }, (_, n) => {
      const set = macSet(macListText(1_000, n).split('\n'), `l${n}`);
      const counted = {
        ...set,
        contains(mac: string) {
          read += 1;
          return set.contains(mac);
        },
      };
      return [`l${n}`, counted] as const;
    }),
  );
  expect(readPolicy(policy, { version: 'v', macLists }).rules.length).toBeGreaterThan(50);
  expect(read).toBe(0);
});
