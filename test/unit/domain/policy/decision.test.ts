import { expect, test } from 'vitest';
import { type Decision, sameAnswer } from '../../../../shared/domain/policy/decision.ts';

const device = {
  source: 'intune',
  id: '0f8fad5b-d9cb-469f-a165-70867728950e',
  version: 3,
  identity: { kind: 'deviceId', assurance: 'certificate-guid', origin: 'SAN URI' },
  asOf: '2026-11-20T09:00:00.000Z',
} as const;

const decision: Decision = {
  id: 'one',
  decidedAt: '2026-11-20T10:00:00.000Z',
  standing: 'compliant',
  outcome: { verdict: 'permit', role: 'compliant', vlan: '10' },
  rule: 'permit-compliant',
  policyVersion: 'v1',
  sessionTimeoutSeconds: 28_800,
  device,
  problems: [],
};

test('two decisions made at different times from the same facts are the same answer', () => {
  const later = {
    ...decision,
    id: 'two',
    decidedAt: '2026-11-20T11:00:00.000Z',
    device: { ...device, asOf: decision.decidedAt },
  };
  expect(sameAnswer(decision, later)).toBe(true);
});

const { device: _device, ...withoutDevice } = decision;
const OTHERS: [string, Decision][] = [
  ['verdict', { ...decision, outcome: { verdict: 'deny' } }],
  ['VLAN', { ...decision, outcome: { verdict: 'permit', role: 'compliant', vlan: '20' } }],
  ['role', { ...decision, outcome: { verdict: 'permit', role: 'guest', vlan: '10' } }],
  ['rule', { ...decision, rule: 'quarantine-others' }],
  ['policy', { ...decision, policyVersion: 'v2' }],
  ['standing', { ...decision, standing: 'inGracePeriod' }],
  ['version of the device', { ...decision, device: { ...device, version: 4 } }],
  ['device', { ...decision, device: { ...device, id: '11111111-2222-4333-8444-555555555555' } }],
  ['source', { ...decision, device: { ...device, source: 'meraki' } }],
  ['absence of the device', withoutDevice],
  [
    'proof of identity (MAC address instead of certificate)',
    { ...decision, device: { ...device, identity: { kind: 'mac', assurance: 'mac', origin: 'Calling-Station-Id' } } },
  ],
];

test.each(OTHERS)('another %s is another answer', (_what, other) => {
  expect(sameAnswer(decision, other)).toBe(false);
  expect(sameAnswer(other, decision)).toBe(false);
});

test('quarantine for a random address and quarantine for a missing certificate are not given for the same reason', () => {
  const quarantined: Decision = { ...withoutDevice, standing: 'unidentified', problems: ['mac-random'] };
  expect(sameAnswer(quarantined, { ...quarantined, problems: ['certificate-missing'] })).toBe(false);
});
