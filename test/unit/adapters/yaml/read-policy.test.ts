// A policy is read from policy.yaml as it is written, whatever the text is.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPolicy } from '../../../../shared/adapters/yaml/read-policy.ts';
import { evaluatePolicy } from '../../../../shared/domain/policy/policy.ts';
import type { PolicyFacts } from '../../../../shared/domain/policy/policy-facts.ts';
import type { PolicyError } from '../../../../shared/errors.ts';
import { cheapValue } from '../../../support/cheap-value.ts';
import { someFacts } from '../../../support/policy-facts.ts';
import { matches, problemsOf, withRule } from '../../../support/policy-text.ts';

test('a whole policy is read: roles, sites, rules', () => {
  const policy = readPolicy(
    `roles:
  staff:
    vlan: 10
    sessionTimeout: 8h
    acl: ACL-STAFF
    attributes:
      Cisco-AVPair: ['ip:inacl#1=permit ip any any', 'profile-name=staff']
      Idle-Timeout: 600
  quarantine: { vlan: remediation, sessionTimeout: 1800, redirectUrl: 'https://help.example.com/fix' }
sites:
  hq: { observe: staff }
  branch: { vlans: { staff: 110 } }
rules:
  - name: compliant
    when: { compliance: compliant }
    permit: staff
  - name: rest
    permit: quarantine
`,
    { version: '2026-11' },
  );
  expect(evaluatePolicy(policy, someFacts({ site: 'branch' }))).toEqual({
    outcome: {
      verdict: 'permit',
      role: 'staff',
      vlan: '110',
      acl: 'ACL-STAFF',
      attributes: { 'Cisco-AVPair': ['ip:inacl#1=permit ip any any', 'profile-name=staff'], 'Idle-Timeout': [600] },
    },
    rule: 'compliant',
    policyVersion: '2026-11',
    sessionTimeoutSeconds: 28_800,
  });
  expect(evaluatePolicy(policy, someFacts({ site: 'hq', standing: 'error' })).observed).toEqual({
    verdict: 'permit',
    role: 'quarantine',
    vlan: 'remediation',
    redirectUrl: 'https://help.example.com/fix',
  });
});

const GOOD = 'roles: { a: { vlan: 1 } }\nrules:\n  - { name: rest, permit: a }\n';

describe('conditions', () => {
  const noDevice: Partial<PolicyFacts> = { standing: 'notEnrolled' };
  const withoutDevice = (): PolicyFacts => {
    const { device, assurance, asOf, ...rest } = someFacts(noDevice);
    return rest;
  };

  test.each([
    ['compliance: compliant', 'compliance: [noncompliant, error]'],
    ['assurance: [certificate-guid, certificate-name]', 'assurance: mac'],
    ['ownership: Company', 'ownership: personal'],
    ['platform: [windows, macOS]', 'platform: iOS'],
    ["osVersion: '>= 10.0.22631'", "osVersion: '< 10.0.22631'"],
    ["osVersion: ['>= 10', '< 11']", "osVersion: ['>= 10', '< 10.0.1']"],
    ['registered: true', 'registered: false'],
    ['site: [hq, branch]', 'site: branch'],
    ['medium: wireless', 'medium: [wired, vpn]'],
    ['ssid: Co?p', 'ssid: corp'],
    ['nasAddress: 10.1.0.0/16', 'nasAddress: 192.0.2.9'],
    ['nasIdentifier: AP-*', 'nasIdentifier: sw-*'],
    ['userName: HOST/*.example.com', "userName: '*@example.com'"],
    ["minutesSinceEnrolment: '>= 120'", "minutesSinceEnrolment: '< 120'"],
    ['removalPending: false', 'removalPending: true'],
    ["answerAge: '>= 1h'", "answerAge: '< 1h'"],
  ])('%s holds, %s does not', (holding, failing) => {
    expect([matches(holding), matches(failing)]).toEqual([true, false]);
  });

  test.each([
    'assurance: [certificate-guid, certificate-name, mac]',
    'ownership: [company, personal, unknown]',
    "platform: '*'",
    "osVersion: '>= 0'",
    'registered: true',
    "minutesSinceEnrolment: '>= 0'",
    "answerAge: '>= 0s'",
    'removalPending: true',
  ])('%s does not hold where there is no device', (when) => {
    const text = withRule(`  - name: tried\n    when: { ${when} }\n    permit: staff`);
    expect(evaluatePolicy(readPolicy(text, { version: 'v1' }), withoutDevice()).rule).toBe('rest');
  });

  test.each(['stale', 'held'] as const)('%s is a mark beside the state', (mark) => {
    expect(matches(`compliance: ${mark}`, { marks: [mark] })).toBe(true);
    expect(matches('compliance: compliant', { marks: [mark] })).toBe(true);
    expect(matches(`compliance: ${mark}`)).toBe(false);
  });

  test('an address in IPv6 is found in its subnet, and no text is taken for an address', () => {
    const at = (nasIpv6Address: string) => {
      const { nasIpAddress, ...facts } = someFacts({ nasIpv6Address });
      const text = withRule("  - name: tried\n    when: { nasAddress: '2001:db8::/32' }\n    permit: staff");
      return evaluatePolicy(readPolicy(text, { version: 'v1' }), facts).rule;
    };
    expect([at('2001:DB8:0:1::7'), at('2001:db9::1'), at('%{echo:x}')]).toEqual(['tried', 'rest', 'rest']);
  });

  test('without an address of its own the NAS is where its packet came from', () => {
    const { nasIpAddress, ...facts } = someFacts();
    const text = withRule('  - name: tried\n    when: { nasAddress: 192.0.2.0/24 }\n    permit: staff');
    expect(evaluatePolicy(readPolicy(text, { version: 'v1' }), facts).rule).toBe('tried');
  });
});

describe('whatever the text is, it is a policy or a PolicyError', () => {
  const word = fc.constantFrom(
    ...['roles', 'rules', 'sites', 'name', 'when', 'permit', 'reject', 'observe', 'vlan', 'compliance', 'staff'],
    ...['&a', '*a', '<<', '- ', ': ', '{', '}', '[', ']', '\n', '  ', "'", '"', '!!js/function', '%', '1e999', 'null'],
  );

  test('made of its own words', () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), (words) => void problemsOf(words.join(' '))),
      { numRuns: 10_000 },
    );
  });

  test('of anything', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 10 }), (text) => void problemsOf(text)),
      { numRuns: 10_000 },
    );
  });

  test('values where others belong', () => {
    const value = cheapValue;
    const rule = fc.record({ name: value, when: value, permit: value, reject: value, observe: value });
    fc.assert(
      fc.property(
        fc.record({ roles: value, sites: value, rules: fc.oneof(value, fc.array(rule, { maxLength: 2 })) }),
        (policy) => {
          problemsOf(JSON.stringify(policy));
        },
      ),
      { numRuns: 10_000 },
    );
  });

  test.each([
    ['an alias', 'roles: { a: &a { vlan: 1 }, b: *a }', 'is an alias'],
    ['a second document', `${GOOD}---\n${GOOD}`, 'second document'],
    ['a key that stands twice', GOOD.replace('rules:', 'rules: []\nrules:'), 'Remove one of the two'],
    ['a role that stands twice', 'roles:\n  a: { vlan: 1 }\n  a: { vlan: 2 }', 'Remove one of the two'],
  ])('%s is a problem', (_what, text, says) => {
    expect(() => readPolicy(text, { version: 'v' })).toThrow(says);
  });

  test('problems are as many as a person reads', () => {
    for (const text of [
      Array.from({ length: 5_000 }, (_, index) => `k${index}: 1`).join('\n'),
      `a: ${'&a '.repeat(20_000)}`,
      `rules: [${'1,'.repeat(20_000)}]`,
    ]) {
      try {
        readPolicy(text, { version: 'v' });
        expect.fail('it is no policy');
      } catch (thrown) {
        expect((thrown as PolicyError).problems.length).toBeLessThanOrEqual(51);
      }
    }
  });

  test('an alias of itself and a bomb of aliases end at once', () => {
    expect(problemsOf('rules: &a [*a]\nroles: {s: {vlan: 1}}').length).toBeGreaterThan(0);
    const bomb = Array.from({ length: 30 }, (_, level) =>
      level === 0
        ? 'a0: &a0 x'
        : `a${level}: &a${level} [${Array(10)
            .fill(`*a${level - 1}`)
            .join(',')}]`,
    );
    expect(problemsOf(`${bomb.join('\n')}\nrules: *a29`).length).toBeGreaterThan(0);
  });
});
