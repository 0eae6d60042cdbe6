import { describe, expect, test } from 'vitest';
import type { SessionAccounting } from '../../../shared/domain/accounting.ts';
import type { Decision } from '../../../shared/domain/decision.ts';
import { rulingSession } from '../../../shared/domain/ruling-session.ts';
import type { Session } from '../../../shared/domain/session.ts';

const ID = 'ab'.repeat(10);

function answered(
  method: 'mab' | 'eap-tls',
  at: string,
  more: Partial<Session> = {},
  decision: Partial<Decision> = {},
): Session {
  return {
    id: ID,
    site: 'hq',
    client: 'radius-1',
    method,
    nasIpAddress: '10.1.1.1',
    nasPortId: 'Gi1/0/7',
    presented: { authenticated: true, identities: [], problems: [] },
    decision: {
      id: `${ID}-${method}`,
      decidedAt: `2026-11-21T${at}.500Z`,
      outcome: { verdict: 'permit', role: method, vlan: '10' },
      rule: method,
      policyVersion: '1',
      sessionTimeoutSeconds: 3600,
      standing: 'compliant',
      problems: [],
      ...decision,
    },
    ...more,
  };
}

function accounted(status: 'started' | 'stopped', at: string, method?: 'mab' | 'eap-tls'): Partial<Session> {
  const accounting: SessionAccounting = {
    status,
    at: `2026-11-21T${at}.000Z`,
    nas: {},
    coa: {},
    ...(method && { class: `${ID}-${method}` }),
  };
  return { accounting };
}

function ruling(proven: Session | undefined, bypass: Session | undefined): string | undefined {
  return rulingSession(proven, bypass)?.method;
}

describe('of MAB and 802.1X on one port', () => {
  test('802.1X wins, whichever was asked first', () => {
    expect(ruling(answered('eap-tls', '10:00:00'), answered('mab', '10:00:01'))).toBe('eap-tls');
    expect(ruling(answered('eap-tls', '10:00:01'), answered('mab', '10:00:00'))).toBe('eap-tls');
  });

  test('the only one rules', () => {
    expect(ruling(undefined, answered('mab', '10:00:00'))).toBe('mab');
    expect(ruling(answered('eap-tls', '10:00:00'), undefined)).toBe('eap-tls');
    expect(ruling(undefined, undefined)).toBe(undefined);
  });

  test.each([
    ['was refused', answered('eap-tls', '10:00:00', {}, { outcome: { verdict: 'deny' } })],
    ['has ended', answered('eap-tls', '10:00:00', accounted('stopped', '10:30:00', 'eap-tls'))],
    ['is longer ago than its Session-Timeout', answered('eap-tls', '08:00:00')],
    ['was on another port', answered('eap-tls', '10:00:00', { nasPortId: 'Gi1/0/8' })],
    ['was at another NAS', answered('eap-tls', '10:00:00', { nasIpAddress: '10.1.1.2' })],
  ])('a newer MAB rules where 802.1X %s', (_what, proven) => {
    expect(ruling(proven, answered('mab', '10:31:00'))).toBe('mab');
  });

  test('the Class in accounting says which answer the NAS took', () => {
    const bypass = answered('mab', '10:00:01');
    expect(ruling(answered('eap-tls', '10:00:00', accounted('started', '10:00:05', 'mab')), bypass)).toBe('mab');
    expect(ruling(answered('eap-tls', '10:00:00', accounted('started', '10:00:05', 'eap-tls')), bypass)).toBe(
      'eap-tls',
    );
  });

  test('but not of answers that came later', () => {
    const bypass = answered('mab', '10:00:00');
    expect(ruling(answered('eap-tls', '11:00:00', accounted('started', '10:00:05', 'mab')), bypass)).toBe('eap-tls');
  });
});
