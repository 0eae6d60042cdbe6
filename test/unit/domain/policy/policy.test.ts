// Rules, roles and the built-in policy.

import { describe, expect, test } from 'vitest';
import { builtInPolicy, builtInPolicyOfVersion } from '../../../../shared/domain/policy/built-in-policy.ts';
import type { Standing } from '../../../../shared/domain/policy/decision.ts';
import { evaluatePolicy, explainPolicy, isRoleOrVlan, type Policy } from '../../../../shared/domain/policy/policy.ts';
import { complianceIs, siteIs } from '../../../../shared/domain/policy/policy-condition.ts';
import { someFacts } from '../../../support/policy-facts.ts';

const STAFF = { name: 'staff', vlan: '10', sessionTimeoutSeconds: 28_800 };
const QUARANTINE = { name: 'quarantine', vlan: '666', sessionTimeoutSeconds: 1800 };
const BUILT_IN = builtInPolicy(STAFF, QUARANTINE);

const EVERYONE_ELSE: Standing[] = [
  'unknown',
  'noncompliant',
  'conflict',
  'error',
  'inGracePeriod',
  'configManager',
  'disabled',
  'beingRemoved',
  'notEnrolled',
  'ambiguous',
  'unidentified',
];

describe('the built-in policy', () => {
  test('lets compliant devices in', () => {
    expect(evaluatePolicy(BUILT_IN, someFacts())).toEqual({
      outcome: { verdict: 'permit', role: 'staff', vlan: '10' },
      rule: 'permit-compliant',
      policyVersion: 'built-in:staff/10/28800:quarantine/666/1800',
      sessionTimeoutSeconds: 28_800,
    });
  });

  test.each(EVERYONE_ELSE)('puts %s into quarantine', (standing) => {
    expect(evaluatePolicy(BUILT_IN, someFacts({ standing }))).toMatchObject({
      outcome: { verdict: 'permit', role: 'quarantine', vlan: '666' },
      sessionTimeoutSeconds: 1800,
    });
  });

  test('refuses a station that no server authenticated', () => {
    expect(evaluatePolicy(BUILT_IN, someFacts({ standing: 'notAuthenticated' }))).toMatchObject({
      outcome: { verdict: 'deny' },
      rule: 'deny-not-authenticated',
    });
  });

  test('of an earlier version is made again from the version alone', () => {
    const again = builtInPolicyOfVersion(BUILT_IN.version);
    expect(again?.version).toBe(BUILT_IN.version);
    for (const standing of [...EVERYONE_ELSE, 'compliant', 'notAuthenticated'] as const) {
      const facts = someFacts({ standing });
      expect(again && evaluatePolicy(again, facts)).toEqual(evaluatePolicy(BUILT_IN, facts));
    }
  });

  test('names the states that count as compliant, where there are more than one', () => {
    const { version } = builtInPolicy(STAFF, QUARANTINE, ['compliant', 'inGracePeriod']);
    expect(version).toBe('built-in:staff/10/28800:quarantine/666/1800:compliant+inGracePeriod');
    expect(builtInPolicyOfVersion(version)?.version).toBe(version);
  });

  test.each([
    '',
    'built-in',
    'built-in:a/b/c:d/e/1',
    'v2',
    'built-in:a/b/1:c/d/2:compliant:x',
    'built-in:a/b/1:c/d/2:x',
  ])('"%s" names none', (version) => {
    expect(builtInPolicyOfVersion(version)).toBeUndefined();
  });
});

const POLICY: Policy = {
  version: 'v3',
  sites: { branch: { observe: STAFF, vlans: { staff: '110' } }, lab: { vlans: { staff: '210' } } },
  rules: [
    { name: 'compliant', conditions: [complianceIs(['compliant'])], outcome: { permit: STAFF } },
    { name: 'lab', conditions: [siteIs(['lab']), complianceIs(['noncompliant'])], outcome: { reject: true } },
    { name: 'trial', conditions: [complianceIs(['conflict'])], outcome: { reject: true }, observe: QUARANTINE },
    { name: 'rest', conditions: [], outcome: { permit: QUARANTINE } },
  ],
};

describe('rules', () => {
  test('the first that matches decides; all its conditions must hold', () => {
    const decided = (site: string, standing: Standing) => evaluatePolicy(POLICY, someFacts({ site, standing })).rule;
    expect([decided('lab', 'noncompliant'), decided('hq', 'noncompliant'), decided('lab', 'compliant')]).toEqual([
      'lab',
      'rest',
      'compliant',
    ]);
  });

  test('a site has VLANs of its own', () => {
    const outcome = (site: string) => evaluatePolicy(POLICY, someFacts({ site })).outcome;
    expect(outcome('lab')).toMatchObject({ role: 'staff', vlan: '210' });
    expect(outcome('hq')).toMatchObject({ role: 'staff', vlan: '10' });
    expect(outcome('constructor')).toMatchObject({ role: 'staff', vlan: '10' });
  });

  test('the last rule lets no unauthenticated station in, unless a rule says so', () => {
    const facts = someFacts({ standing: 'notAuthenticated' });
    expect(evaluatePolicy(POLICY, facts)).toMatchObject({
      outcome: { verdict: 'deny' },
      rule: 'deny-not-authenticated',
    });
    const guest = { name: 'guests', conditions: [complianceIs(['notAuthenticated'])], outcome: { permit: QUARANTINE } };
    expect(evaluatePolicy({ ...POLICY, rules: [guest, ...POLICY.rules] }, facts)).toMatchObject({ rule: 'guests' });
  });
});

describe('observing', () => {
  test('a rule that is tried out records its outcome and gives the role set for it', () => {
    expect(evaluatePolicy(POLICY, someFacts({ standing: 'conflict' }))).toMatchObject({
      rule: 'trial',
      outcome: { verdict: 'permit', role: 'quarantine' },
      observed: { verdict: 'deny' },
    });
  });

  test('a site that only observes gives everyone its role, with its VLAN, and records what would have been', () => {
    expect(evaluatePolicy(POLICY, someFacts({ site: 'branch', standing: 'notEnrolled' }))).toMatchObject({
      rule: 'rest',
      outcome: { verdict: 'permit', role: 'staff', vlan: '110' },
      observed: { verdict: 'permit', role: 'quarantine' },
      sessionTimeoutSeconds: 28_800,
    });
  });

  test('lets no unauthenticated station in', () => {
    const facts = someFacts({ site: 'branch', standing: 'notAuthenticated' });
    expect(evaluatePolicy(POLICY, facts)).toMatchObject({ outcome: { verdict: 'deny' } });
    const refuse = {
      name: 'refuse',
      conditions: [complianceIs(['notAuthenticated'])],
      outcome: { reject: true },
    } as const;
    expect(evaluatePolicy({ ...POLICY, rules: [refuse, ...POLICY.rules] }, facts).outcome).toEqual({ verdict: 'deny' });
  });
});

describe('the explanation', () => {
  test('says of each rule why it did not match, and which were not reached', () => {
    expect(explainPolicy(POLICY, someFacts({ standing: 'conflict' }))).toEqual([
      {
        rule: 'compliant',
        matched: false,
        failed: [{ condition: 'compliance', wanted: 'compliant', actual: 'conflict' }],
      },
      {
        rule: 'lab',
        matched: false,
        failed: [
          { condition: 'site', wanted: 'lab', actual: 'hq' },
          { condition: 'compliance', wanted: 'noncompliant', actual: 'conflict' },
        ],
      },
      { rule: 'trial', matched: true, failed: [] },
      { rule: 'rest', matched: false, failed: [], notReached: true },
    ]);
  });

  test('of a refusal shows the rule that no file holds', () => {
    const traces = explainPolicy(BUILT_IN, someFacts({ standing: 'notAuthenticated' }));
    expect(traces.map(({ rule, matched }) => [rule, matched])).toEqual([
      ['permit-compliant', false],
      ['quarantine-others', false],
      ['deny-not-authenticated', true],
    ]);
    expect(traces[1]?.failed).toEqual([
      { condition: 'compliance', wanted: 'anything but notAuthenticated', actual: 'notAuthenticated' },
    ]);
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
