// The answer in the form that FreeRADIUS' rlm_rest reads.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Decision, Outcome } from '../../../shared/domain/policy/decision.ts';
import type { LookupAnswer } from '../../../shared/lookup/answer-lookup.ts';
import { renderRlmRest } from '../../../shared/lookup/render-rlm-rest.ts';
import { aDevice, aStoredDevice, DEVICE_ID } from '../../support/a-device.ts';
import { someFacts } from '../../support/policy-facts.ts';

const ID = '0123456789abcdef0123-mhz3k0001a2b3c4d';

function answer(outcome: Outcome, name = 'LT-0042'): LookupAnswer {
  const decision: Decision = {
    id: ID,
    decidedAt: '2026-11-20T10:05:00.000Z',
    standing: 'compliant',
    outcome,
    rule: 'permit-compliant',
    policyVersion: 'v1',
    sessionTimeoutSeconds: 28_800,
    device: {
      source: 'intune',
      id: DEVICE_ID,
      name,
      version: 7,
      identity: { kind: 'mac', assurance: 'mac', origin: 'Calling-Station-Id' },
      asOf: '2026-11-20T10:00:00.000Z',
    },
    problems: [],
    facts: someFacts({ userName: name, calledStationId: name }),
  };
  return {
    decision,
    stored: aStoredDevice({ device: aDevice({ name }) }),
    sessionTimeoutSeconds: 27_531,
    policyAgeSeconds: 0,
  };
}

const LITERAL = { op: ':=', do_xlat: false } as const;

test('a permit sets VLAN, role, time and Class, and asks again at the end of its time', () => {
  expect(renderRlmRest(answer({ verdict: 'permit', role: 'staff', vlan: '10' }))).toEqual({
    'control:NAC-Decision': { ...LITERAL, value: 'permit' },
    'control:NAC-Role': { ...LITERAL, value: 'staff' },
    'control:NAC-Vlan': { ...LITERAL, value: '10' },
    'reply:Tunnel-Type:0': { ...LITERAL, value: 'VLAN' },
    'reply:Tunnel-Medium-Type:0': { ...LITERAL, value: 'IEEE-802' },
    'reply:Tunnel-Private-Group-Id:0': { ...LITERAL, value: '10' },
    'reply:Filter-Id': { ...LITERAL, value: 'staff' },
    'reply:Session-Timeout': { ...LITERAL, value: 27_531 },
    'reply:Termination-Action': { ...LITERAL, value: 'RADIUS-Request' },
    'reply:Class': { ...LITERAL, value: ID },
  });
});

test('a deny sets nothing in the reply', () => {
  expect(renderRlmRest(answer({ verdict: 'deny' }))).toEqual({ 'control:NAC-Decision': { ...LITERAL, value: 'deny' } });
});

test('the policy adds attributes of the list, and a Filter-Id of its own wins over the role', () => {
  const attributes = { 'Filter-Id': ['acl-7'], 'Cisco-AVPair': ['a=b', 'c=d'], 'Idle-Timeout': [600] };
  expect(renderRlmRest(answer({ verdict: 'permit', role: 'staff', vlan: '10', acl: 'A', attributes }))).toMatchObject({
    'control:NAC-Acl': { ...LITERAL, value: 'A' },
    'reply:Filter-Id': { ...LITERAL, value: ['acl-7'] },
    'reply:Cisco-AVPair': { ...LITERAL, value: ['a=b', 'c=d'] },
    'reply:Idle-Timeout': { ...LITERAL, value: [600] },
  });
});

test('an attribute off the list is not sent, even if it stands in a stored decision', () => {
  const attributes = { 'Service-Type': ['Administrative-User'], __proto__: ['x'], 'control:Auth-Type': ['Accept'] };
  const rendered = renderRlmRest(answer({ verdict: 'permit', role: 'staff', vlan: '10', attributes } as Outcome));
  expect(Object.keys(rendered).filter((name) => /Service-Type|proto|Auth-Type/.test(name))).toEqual([]);
});

test('no value is expanded, and nothing that a device, a user or a NAS is called appears in it', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', minLength: 3 }),
    fc.constantFrom('%{exec:/bin/id}', '"},"control:Auth-Type":{"value":"Accept', '\npermit', 'x'.repeat(65_536)),
  );
  fc.assert(
    fc.property(hostile, (name) => {
      const permit: Outcome = { verdict: 'permit', role: 'staff', vlan: '10' };
      const rendered = renderRlmRest(answer(permit, name));
      expect(rendered).toEqual(renderRlmRest(answer(permit)));
      expect(Object.values(rendered).every(({ do_xlat }) => do_xlat === false)).toBe(true);
    }),
  );
});
