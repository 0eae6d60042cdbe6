import { describe, expect, test } from 'vitest';
import type { Standing } from '../../../shared/domain/decision.ts';
import { evaluatePolicy, isRoleOrVlan } from '../../../shared/domain/policy.ts';

const POLICY = {
  version: 'v1',
  compliant: { name: 'staff', vlan: '10', sessionTimeoutSeconds: 28_800 },
  quarantine: { name: 'quarantine', vlan: '666', sessionTimeoutSeconds: 1800 },
};

const EVERYONE_ELSE: Standing[] = [
  'unknown',
  'noncompliant',
  'conflict',
  'error',
  'inGracePeriod',
  'configManager',
  'notEnrolled',
  'ambiguous',
  'unidentified',
];

describe('the built-in policy', () => {
  test('lets compliant devices in', () => {
    expect(evaluatePolicy(POLICY, 'compliant')).toEqual({
      outcome: { verdict: 'permit', role: 'staff', vlan: '10' },
      rule: 'permit-compliant',
      policyVersion: 'v1',
      sessionTimeoutSeconds: 28_800,
    });
  });

  test.each(EVERYONE_ELSE)('puts %s into quarantine', (standing) => {
    expect(evaluatePolicy(POLICY, standing)).toMatchObject({
      outcome: { verdict: 'permit', role: 'quarantine', vlan: '666' },
      policyVersion: 'v1',
      sessionTimeoutSeconds: 1800,
    });
  });

  test('refuses whom nobody authenticated', () => {
    const { outcome, policyVersion } = evaluatePolicy(POLICY, 'notAuthenticated');
    expect(outcome).toEqual({ verdict: 'deny' });
    expect(policyVersion).toBe('v1');
  });
});

test.each(['10', 'staff', 'VLAN_0010', 'a.b-c', 'x'.repeat(64)])('"%s" can be a role or VLAN', (text) => {
  expect(isRoleOrVlan(text)).toBe(true);
});

test.each(['', 'x'.repeat(65), 'two words', 'a=b', 'staff\n', '%{echo:x}', 'büro', "a'b", 'a vlan=1'])(
  '"%s" cannot be a role or VLAN',
  (text) => {
    expect(isRoleOrVlan(text)).toBe(false);
  },
);
