// Ids of decisions: what they hold, and what they hide.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decisionId, parseDecisionId } from '../../../../shared/domain/policy/decision-id.ts';

const digits = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`));

test('an id says whose decision it is and of when, and nothing else', () => {
  const from2001 = fc.date({ min: new Date('2001-09-10'), max: new Date('2099-12-31'), noInvalidDate: true });
  fc.assert(
    fc.property(digits(20), from2001, digits(8), (sessionId, at, random) => {
      const id = decisionId(sessionId, at, random);
      expect(parseDecisionId(id)).toEqual({ sessionId, at: at.toISOString() });
      expect(id).toMatch(/^[0-9a-z-]{37,38}$/);
    }),
  );
});

test.each([
  '',
  'x',
  '0123456789abcdef0123',
  '0123456789abcdef0123-',
  "' or 1 eq 1",
  `${'0'.repeat(20)}-${'Z'.repeat(16)}`,
])('%j is no id', (text) => {
  expect(parseDecisionId(text)).toBeUndefined();
});
