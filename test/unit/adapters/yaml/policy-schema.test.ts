// The JSON schema of policy.yaml and docs/policy.md agree with the reader.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CONDITION_NAMES } from '../../../../shared/adapters/yaml/policy-conditions.ts';
import { policySchema } from '../../../../shared/adapters/yaml/policy-schema.ts';
import { readPolicy } from '../../../../shared/adapters/yaml/read-policy.ts';
import { macSet } from '../../../../shared/domain/policy/mac-set.ts';
import { evaluatePolicy } from '../../../../shared/domain/policy/policy.ts';
import type { PolicyFacts } from '../../../../shared/domain/policy/policy-facts.ts';
import { someFacts } from '../../../support/policy-facts.ts';

function infra(file: string): string {
  return readFileSync(join(import.meta.dirname, '../../../../infra', file), 'utf8');
}

test('infra/policy.schema.json is what `npm run schema` writes', () => {
  expect(JSON.parse(infra('policy.schema.json'))).toEqual(JSON.parse(JSON.stringify(policySchema())));
});

test('the schema knows every condition of the reader', () => {
  expect(policySchema()).toMatchObject({
    properties: {
      rules: {
        items: { properties: { when: { properties: Object.fromEntries(CONDITION_NAMES.map((name) => [name, {}])) } } },
      },
    },
  });
});

test('docs/policy.md describes every condition', () => {
  const docs = readFileSync(join(import.meta.dirname, '../../../../docs/policy.md'), 'utf8');
  const described = [...docs.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  expect(described).toEqual(expect.arrayContaining(CONDITION_NAMES));
});

test.each<[string, Partial<PolicyFacts>, string, unknown]>([
  ['a compliant laptop', {}, 'compliant', { role: 'staff', vlan: '10' }],
  ['the same at the branch', { site: 'branch' }, 'compliant', { role: 'staff', vlan: '110' }],
  [
    'a new device not compliant yet',
    { standing: 'noncompliant', at: '2026-11-20T08:59:00.000Z' },
    'new-devices',
    { role: 'staff' },
  ],
  [
    'an hour later',
    { standing: 'noncompliant', at: '2026-11-20T09:00:00.000Z' },
    'everyone-else',
    { role: 'quarantine', acl: 'ACL-REMEDIATION' },
  ],
  [
    'a new device known by its MAC only',
    { standing: 'noncompliant', assurance: 'mac', at: '2026-11-20T08:59:00.000Z' },
    'everyone-else',
    { role: 'quarantine' },
  ],
  ['a compliant laptop known by its MAC only', { assurance: 'mac' }, 'address-alone', { role: 'quarantine' }],
  [
    "a compliant laptop whose question names another's device",
    { contradictions: ['mac-of-another-device'] },
    'contradiction',
    { role: 'quarantine' },
  ],
  ['a device being wiped', { standing: 'beingRemoved' }, 'leaving-devices', { role: 'quarantine' }],
  [
    'a compliant device over VPN',
    { nasPortType: 'Virtual' },
    'compliant-vpn',
    { attributes: { 'ASA-Group-Policy': ['GP-STAFF'] } },
  ],
  ['another one over VPN', { nasPortType: 'Virtual', standing: 'error' }, 'other-vpn', { verdict: 'deny' }],
  [
    'a phone',
    { nasPortType: 'Ethernet', nasIdentifier: 'voice-3', standing: 'notEnrolled' },
    'phones',
    { role: 'voice' },
  ],
  [
    'a stranger at the site that is ramped in',
    { site: 'warehouse', standing: 'notEnrolled' },
    'everyone-else',
    { role: 'staff' },
  ],
  [
    'a wrong password there',
    { site: 'warehouse', standing: 'notAuthenticated' },
    'deny-not-authenticated',
    { verdict: 'deny' },
  ],
])('infra/policy.yaml decides on %s', (_what, facts, rule, outcome) => {
  const policy = readPolicy(infra('policy.yaml'), { version: 'sample' });
  expect(evaluatePolicy(policy, someFacts(facts))).toMatchObject({ rule, outcome });
});

describe('infra/policy.examples.yaml', () => {
  const text = infra('policy.examples.yaml');
  const macLists = new Map([['printers-1', macSet(['a0b1c2d3e4f5'], 'printers-1')]]);
  const policy = readPolicy(text, { version: 'examples', macLists });
  const issuer = 'CN=Contoso Issuing CA 1,O=Contoso';
  const question = { methods: ['eap-tls'], certificateIssuer: issuer } as const;
  const wired = { nasPortType: 'Ethernet', calledStationId: '00-11-22-AA-BB-CC' };
  const device = {
    ...someFacts().device,
    complianceState: 'compliant',
    jailBroken: 'False',
    isEncrypted: true,
  } as const;

  test('has a rule for every condition', () => {
    const used = new Set(policy.rules.flatMap(({ conditions }) => conditions.map(({ name }) => name)));
    expect([...used].toSorted()).toEqual([...CONDITION_NAMES].toSorted());
  });

  test.each<[string, Partial<PolicyFacts>, string]>([
    ['a printer', { methods: ['mab'], mac: 'a0b1c2d3e4f5', ...wired, standing: 'notEnrolled' }, 'printers'],
    [
      'a PEAP user with its address',
      { methods: ['peap'], mac: 'a0b1c2d3e4f5', ...wired, standing: 'notEnrolled' },
      'everyone-else',
    ],
    [
      'a jailbroken phone',
      { ...question, device: { ...device, operatingSystem: 'iOS', jailBroken: 'True' } },
      'jailbroken',
    ],
    ['a laptop that Intune never asks', { ...question, device: { ...device, jailBroken: 'Unknown' } }, 'compliant'],
    ['a wiped device', { ...question, device: { ...device, registrationState: 'revoked' } }, 'revoked'],
    ['MAB on the network of employees', { methods: ['mab'], ssids: ['Corp'], nasPortType: '19' }, 'certificates-only'],
    ['a certificate by another CA', { ...question, certificateIssuer: 'CN=Other' }, 'everyone-else'],
  ])('decides on %s', (_what, facts, rule) => {
    const given = someFacts({ device, ...facts });
    const { device: found, assurance, ...rest } = given;
    const withoutDevice = facts.standing === 'notEnrolled';
    expect(
      evaluatePolicy(
        policy,
        withoutDevice ? { ...rest } : { ...rest, ...(found && { device: found }), ...(assurance && { assurance }) },
      ).rule,
    ).toBe(rule);
  });
});
