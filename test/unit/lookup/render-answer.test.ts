// The answer as a line of text and as JSON.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StandingMark } from '../../../shared/domain/device/standing.ts';
import type { Decision, Outcome } from '../../../shared/domain/policy/decision.ts';
import type { LookupAnswer } from '../../../shared/lookup/answer-lookup.ts';
import { renderJson, renderText } from '../../../shared/lookup/render-answer.ts';
import { aDevice, aStoredDevice, DEVICE_ID } from '../../support/a-device.ts';
import { someFacts } from '../../support/policy-facts.ts';

/** As the FreeRADIUS sample reads it; anything else counts as no answer there. */
const SAMPLE_PATTERN =
  /^(deny|permit role=[A-Za-z0-9_.-]{1,64} vlan=[A-Za-z0-9_.-]{1,64} timeout=[0-9]{1,7} class=[A-Za-z0-9_.-]{1,128})$/;

const DEVICE = {
  source: 'intune',
  id: DEVICE_ID,
  version: 7,
  identity: { kind: 'mac', assurance: 'mac', origin: 'Calling-Station-Id' },
  asOf: '2026-11-20T10:00:00.000Z',
} as const;

const DECISION: Decision = {
  id: '0123456789abcdef0123-mhz3k0001a2b3c4d',
  decidedAt: '2026-11-20T10:05:00.000Z',
  standing: 'compliant',
  outcome: { verdict: 'permit', role: 'staff', vlan: '10' },
  rule: 'permit-compliant',
  policyVersion: 'v1',
  sessionTimeoutSeconds: 28_800,
  device: { ...DEVICE, name: 'LT-0042' },
  problems: [],
};

const PERMIT: LookupAnswer = {
  decision: DECISION,
  stored: aStoredDevice(),
  sessionTimeoutSeconds: 27_531,
  policyAgeSeconds: 12,
};
const { device: _device, ...withoutDevice } = DECISION;
const DENY: LookupAnswer = {
  decision: {
    ...withoutDevice,
    standing: 'notAuthenticated',
    outcome: { verdict: 'deny' },
    rule: 'deny-not-authenticated',
    problems: ['not-authenticated'],
  },
  sessionTimeoutSeconds: 0,
  policyAgeSeconds: 0,
};

describe('the line of text for FreeRADIUS', () => {
  test('says role, VLAN, timeout and class of a permit', () => {
    expect(renderText(PERMIT)).toBe(
      'permit role=staff vlan=10 timeout=27531 class=0123456789abcdef0123-mhz3k0001a2b3c4d',
    );
  });

  test('is the word deny and nothing else for a deny', () => {
    expect(renderText(DENY)).toBe('deny');
  });

  test('always has the form that the sample accepts, whatever the device and its certificate are called', () => {
    const word = fc.stringMatching(/^[A-Za-z0-9_.-]{1,64}$/);
    const hostile = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('x\npermit role=admin', '%{echo:/bin/id}'));
    const oneMinuteToSevenDaysSpread = fc.integer({ min: 54, max: 665_280 });
    fc.assert(
      fc.property(word, word, hostile, oneMinuteToSevenDaysSpread, (role, vlan, name, sessionTimeoutSeconds) => {
        const line = renderText({
          decision: { ...DECISION, outcome: { verdict: 'permit', role, vlan }, device: { ...DEVICE, name } },
          stored: aStoredDevice({ device: aDevice({ name }) }),
          sessionTimeoutSeconds,
          policyAgeSeconds: 0,
        });
        expect(line).toMatch(SAMPLE_PATTERN);
        expect(line).not.toContain('\n');
        expect(line).toContain(` timeout=${sessionTimeoutSeconds} `);
      }),
    );
  });
});

describe('the JSON answer', () => {
  test('explains a permit: what to do, which device, how sure, how old, by which rule', () => {
    expect(renderJson(PERMIT)).toEqual({
      decision: 'permit',
      role: 'staff',
      vlan: '10',
      sessionTimeoutSeconds: 27_531,
      terminationAction: 'RADIUS-Request',
      standing: 'compliant',
      compliance: 'compliant',
      managed: true,
      device: { source: 'intune', id: DEVICE_ID, name: 'LT-0042' },
      matchedBy: { identity: 'mac', assurance: 'mac', origin: 'Calling-Station-Id' },
      rule: 'permit-compliant',
      policyVersion: 'v1',
      policyAgeSeconds: 12,
      asOf: '2026-11-20T10:00:00.000Z',
      ageSeconds: 300,
      source: 'store',
      decisionId: DECISION.id,
      problems: [],
    });
  });

  test('of a deny names no role, no VLAN, no timeout and no device, but the reason', () => {
    const answer = renderJson(DENY);
    expect(Object.keys(answer)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(role|vlan|sessionTimeoutSeconds|device|compliance|asOf)$/)]),
    );
    expect(answer).toMatchObject({ decision: 'deny', managed: false, problems: ['not-authenticated'] });
  });

  test('never says a negative age, even if two clocks differ', () => {
    const device = { ...DEVICE, asOf: '2026-11-20T10:06:00.000Z' };
    expect(renderJson({ ...PERMIT, decision: { ...DECISION, device } }).ageSeconds).toBe(0);
  });

  test('says where the state came from: the store, or a record in doubt, or one with news held back', () => {
    const sourceWith = (...marks: StandingMark[]) =>
      renderJson({ ...PERMIT, decision: { ...DECISION, facts: someFacts({ marks }) } }).source;
    expect([sourceWith(), sourceWith('stale'), sourceWith('held'), sourceWith('stale', 'held')]).toEqual([
      'store',
      'stale',
      'held',
      'held',
    ]);
  });

  test('says what would have been answered while rule or site are only observed', () => {
    const decision = {
      ...DECISION,
      observed: { verdict: 'permit', role: 'quarantine', vlan: '666', acl: 'Q' },
    } as const;
    expect(renderJson({ ...PERMIT, decision })).toMatchObject({
      decision: 'permit',
      role: 'staff',
      observed: { decision: 'permit', role: 'quarantine', vlan: '666', acl: 'Q' },
    });
    expect(renderJson({ ...PERMIT, decision: { ...DECISION, observed: { verdict: 'deny' } } }).observed).toEqual({
      decision: 'deny',
    });
  });

  test('carries ACL, redirect and attributes of the role', () => {
    const outcome: Outcome = {
      verdict: 'permit',
      role: 'quarantine',
      vlan: '666',
      acl: 'ACL-Q',
      redirectUrl: 'https://help.example.com/',
      attributes: { 'Cisco-AVPair': ['a=b'] },
    };
    const { verdict, ...fields } = outcome;
    expect(renderJson({ ...PERMIT, decision: { ...DECISION, outcome } })).toMatchObject(fields);
  });
});
