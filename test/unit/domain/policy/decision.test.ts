// When two decisions are the same answer.

import { expect, test } from 'vitest';
import { type Decision, sameAnswer } from '../../../../shared/domain/policy/decision.ts';

const DEVICE = {
  source: 'intune',
  id: '0f8fad5b-d9cb-469f-a165-70867728950e',
  version: 3,
  identity: { kind: 'deviceId', assurance: 'certificate-guid', origin: 'SAN URI' },
  asOf: '2026-11-20T09:00:00.000Z',
} as const;

const DECISION: Decision = {
  id: 'one',
  decidedAt: '2026-11-20T10:00:00.000Z',
  standing: 'compliant',
  outcome: { verdict: 'permit', role: 'compliant', vlan: '10' },
  rule: 'permit-compliant',
  policyVersion: 'v1',
  sessionTimeoutSeconds: 28_800,
  device: DEVICE,
  problems: [],
};

test('two decisions made at different times from the same facts are the same answer', () => {
  const later = {
    ...DECISION,
    id: 'two',
    decidedAt: '2026-11-20T11:00:00.000Z',
    device: { ...DEVICE, asOf: DECISION.decidedAt },
  };
  expect(sameAnswer(DECISION, later)).toBe(true);
});

const { device: _device, ...withoutDevice } = DECISION;
const OTHERS: [string, Decision][] = [
  ['verdict', { ...DECISION, outcome: { verdict: 'deny' } }],
  ['VLAN', { ...DECISION, outcome: { verdict: 'permit', role: 'compliant', vlan: '20' } }],
  ['role', { ...DECISION, outcome: { verdict: 'permit', role: 'guest', vlan: '10' } }],
  ['rule', { ...DECISION, rule: 'quarantine-others' }],
  ['policy', { ...DECISION, policyVersion: 'v2' }],
  ['standing', { ...DECISION, standing: 'inGracePeriod' }],
  ['version of the device', { ...DECISION, device: { ...DEVICE, version: 4 } }],
  ['device', { ...DECISION, device: { ...DEVICE, id: '11111111-2222-4333-8444-555555555555' } }],
  ['source', { ...DECISION, device: { ...DEVICE, source: 'meraki' } }],
  ['absence of the device', withoutDevice],
  [
    'proof of identity (MAC address instead of certificate)',
    { ...DECISION, device: { ...DEVICE, identity: { kind: 'mac', assurance: 'mac', origin: 'Calling-Station-Id' } } },
  ],
];

test.each(OTHERS)('another %s is another answer', (_what, other) => {
  expect(sameAnswer(DECISION, other)).toBe(false);
  expect(sameAnswer(other, DECISION)).toBe(false);
});

test('quarantine for a random address and quarantine for a missing certificate are not given for the same reason', () => {
  const quarantined: Decision = { ...withoutDevice, standing: 'unidentified', problems: ['mac-random'] };
  expect(sameAnswer(quarantined, { ...quarantined, problems: ['certificate-missing'] })).toBe(false);
});
