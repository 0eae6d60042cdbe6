// A session as the lookup leaves it behind: a compliant station at a switch. A test names only what it is about.

import type { Decision, Outcome } from '../../shared/domain/policy/decision.ts';
import { answerOf, type Session } from '../../shared/domain/session/session.ts';
import { aMac, DEVICE_ID } from './a-device.ts';

export const SESSION_ID = '0123456789abcdef0123';
export const ANSWERED_AT = '2026-11-20T10:00:00.000Z';

export const NORMAL: Outcome = { verdict: 'permit', role: 'compliant', vlan: '10' };
export const QUARANTINE: Outcome = { verdict: 'permit', role: 'quarantine', vlan: '666' };

export function aDecision(fields: Partial<Decision> = {}): Decision {
  return {
    id: `${SESSION_ID}-m1x2y3`,
    decidedAt: ANSWERED_AT,
    outcome: NORMAL,
    rule: 'permit-compliant',
    policyVersion: '1',
    sessionTimeoutSeconds: 28_800,
    standing: 'compliant',
    device: {
      source: 'intune',
      id: DEVICE_ID,
      version: 1,
      identity: { kind: 'mac', assurance: 'mac', origin: 'Calling-Station-Id' },
      asOf: ANSWERED_AT,
    },
    problems: [],
    ...fields,
  };
}

/** With the one answer that its fields say, where no `answers` are given. */
export function aSession(fields: Partial<Session> = {}): Session {
  const session = {
    id: SESSION_ID,
    site: 'hq',
    client: 'radius-1',
    credential: 'c0ffee00',
    mac: aMac('a0b1c2d3e4f5'),
    userName: 'alice',
    acctSessionId: 'A-1',
    nasIpAddress: '10.1.1.1',
    nasIdentifier: 'switch-a',
    nasPortId: 'Gi1/0/7',
    presented: { authenticated: true, identities: [], problems: [] },
    decision: aDecision(),
    ...fields,
  };
  return { ...session, answers: fields.answers ?? [answerOf(session)] };
}
