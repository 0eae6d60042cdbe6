// Which words of a source make a device compliant.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { COMPLIANCE_STATES, parseComplianceState } from '../../../../shared/domain/device/compliance-state.ts';

const GRAPH_STATES = [
  'unknown',
  'compliant',
  'noncompliant',
  'conflict',
  'error',
  'inGracePeriod',
  'configManager',
] as const;

test.each(GRAPH_STATES)('Graph’s state %s is understood in any letter case', (state) => {
  expect(parseComplianceState(state)).toBe(state);
  expect(parseComplianceState(state.toUpperCase())).toBe(state);
  expect(parseComplianceState(` ${state.toLowerCase()} `)).toBe(state);
});

test('there are exactly the seven states of Graph v1.0', () => {
  expect([...COMPLIANCE_STATES].sort()).toEqual([...GRAPH_STATES].sort());
});

test.each(['', 'unknownFutureValue', 'compliant;', 'non-compliant', 'true', '1', 'toString', '__proto__'])(
  'a state this product does not know counts as unknown, never as compliant: "%s"',
  (text) => {
    expect(parseComplianceState(text)).toBe('unknown');
  },
);

test('only the word compliant itself means compliant', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const says = text.trim().toLowerCase() === 'compliant';
      expect(parseComplianceState(text) === 'compliant').toBe(says);
    }),
  );
});
