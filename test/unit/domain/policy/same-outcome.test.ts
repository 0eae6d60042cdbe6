// When two outcomes let the network do the same.

import { expect, test } from 'vitest';
import { sameOutcome } from '../../../../shared/domain/policy/decision.ts';

const PERMIT = { verdict: 'permit', role: 'staff', vlan: '10' } as const;

test('an outcome is the same when the network would do the same', () => {
  expect(sameOutcome(PERMIT, { vlan: '10', role: 'staff', verdict: 'permit' })).toBe(true);
  expect(sameOutcome({ verdict: 'deny' }, { verdict: 'deny' })).toBe(true);
});

test('another role, another VLAN or a denial is another outcome, either way round', () => {
  for (const other of [{ ...PERMIT, role: 'guest' }, { ...PERMIT, vlan: '20' }, { verdict: 'deny' } as const]) {
    expect([sameOutcome(PERMIT, other), sameOutcome(other, PERMIT)]).toEqual([false, false]);
  }
});
