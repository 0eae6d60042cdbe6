// Which answer is in effect where a port asks by MAB and by 802.1X.

import { describe, expect, test } from 'vitest';
import type { Decision } from '../../../../shared/domain/policy/decision.ts';
import { answersInEffect } from '../../../../shared/domain/session/answers-in-effect.ts';
import type { Answer, Session } from '../../../../shared/domain/session/session.ts';
import type { SessionAccounting } from '../../../../shared/domain/session/session-accounting.ts';
import { aDecision, aSession } from '../../../support/a-session.ts';

const ID = 'ab'.repeat(10);
const at = (time: string): string => `2026-11-21T${time}.500Z`;

function answered(
  credential: string,
  time: string,
  more: Partial<Answer> = {},
  decision: Partial<Decision> = {},
): Answer {
  return {
    credential,
    client: 'radius-1',
    method: credential === 'mab' ? 'mab' : 'eap-tls',
    nasIpAddress: '10.1.1.1',
    nasPortId: 'Gi1/0/7',
    presented: { authenticated: true, identities: [], problems: [] },
    decision: aDecision({ id: `${ID}-${credential}`, decidedAt: at(time), sessionTimeoutSeconds: 3600, ...decision }),
    ...more,
  };
}

function accounted(status: 'started' | 'stopped', time: string, credential?: string): SessionAccounting {
  const when = `2026-11-21T${time}.000Z`;
  return {
    status,
    at: when,
    receivedAt: when,
    nas: {},
    coa: {},
    ...(credential && { class: `${ID}-${credential}` }),
  };
}

/** Credentials of the answers in effect, the ruling one first. */
function inEffect(answers: readonly Answer[], accounting?: SessionAccounting, now = '11:00:00'): string[] {
  const newestFirst = [...answers].sort((a, b) => (a.decision.decidedAt < b.decision.decidedAt ? 1 : -1));
  const session: Session = aSession({ ...newestFirst[0], answers: newestFirst, ...(accounting && { accounting }) });
  return answersInEffect(session, at(now)).map(({ credential }) => credential);
}

describe('of MAB and 802.1X on one port', () => {
  test('802.1X rules, whichever was asked first', () => {
    expect(inEffect([answered('cert', '10:00:00'), answered('mab', '10:00:01')])[0]).toBe('cert');
    expect(inEffect([answered('cert', '10:00:01'), answered('mab', '10:00:00')])[0]).toBe('cert');
  });

  test('the only one rules', () => {
    expect(inEffect([answered('mab', '10:00:00')])).toEqual(['mab']);
    expect(inEffect([answered('cert', '10:00:00')])).toEqual(['cert']);
  });

  test.each([
    ['was refused', answered('cert', '10:00:00', {}, { outcome: { verdict: 'deny' } }), undefined],
    ['has ended', answered('cert', '10:00:00'), accounted('stopped', '10:30:00', 'cert')],
    ['is longer ago than its Session-Timeout', answered('cert', '08:00:00'), undefined],
    ['was on another port', answered('cert', '10:00:00', { nasPortId: 'Gi1/0/8' }), undefined],
    ['was at another NAS', answered('cert', '10:00:00', { nasIpAddress: '10.1.1.2' }), undefined],
  ])('a newer MAB rules where 802.1X %s', (_what, proven, accounting) => {
    expect(inEffect([proven, answered('mab', '10:31:00')], accounting)).toEqual(['mab']);
  });

  test('a newer MAB that gives way is compared all the same: the station may have fallen back to it', () => {
    expect(inEffect([answered('cert', '10:00:00'), answered('mab', '10:31:00')])).toEqual(['cert', 'mab']);
  });

  describe('where 802.1X is denied after MAB had opened the port', () => {
    const bypass = answered('mab', '10:00:00');
    const denied = answered('cert', '10:10:00', {}, { outcome: { verdict: 'deny' } });

    test('the answer to MAB may still hold: not every NAS asks by MAB again', () => {
      expect(inEffect([bypass, denied], undefined, '10:20:00')).toEqual(['cert', 'mab']);
    });

    test.each([
      ['its Session-Timeout is over', bypass, denied, undefined, '12:30:00'],
      ['accounting said Stop', bypass, denied, accounted('stopped', '10:11:00'), '10:20:00'],
      ['802.1X is asked on another port', bypass, { ...denied, nasPortId: 'Gi1/0/8' }, undefined, '10:20:00'],
      ['802.1X was let on', bypass, answered('cert', '10:10:00'), undefined, '10:20:00'],
    ])('but not when %s', (_what, first, second, accounting, now) => {
      expect(inEffect([first, second], accounting, now)).toEqual(['cert']);
    });
  });

  describe('where 802.1X is asked after MAB, and its RADIUS server may not have waited for our answer', () => {
    const bypass = answered('mab', '10:00:00', { userName: 'a0b1c2d3e4f5' });
    const given = answered('cert', '10:10:00', { userName: 'host/pc1' });
    const naming = (time: string, userName: string): SessionAccounting => ({
      ...accounted('started', time),
      coa: { userName },
    });

    test('the answer to MAB is in effect while accounting names the station as MAB does', () => {
      expect(inEffect([bypass, given], naming('10:11:00', 'a0b1c2d3e4f5'), '10:20:00')).toEqual(['cert', 'mab']);
    });

    test.each([
      ['before the question', naming('10:09:00', 'a0b1c2d3e4f5')],
      ['and names it as 802.1X does', naming('10:11:00', 'host/pc1')],
      ['and names it as neither does', naming('10:11:00', 'pc1')],
      ['without a name', accounted('started', '10:11:00')],
      ['with the Class of the answer to 802.1X', { ...naming('10:11:00', 'a0b1c2d3e4f5'), class: `${ID}-cert` }],
    ])('and not where accounting speaks %s', (_what, accounting) => {
      expect(inEffect([bypass, given], accounting, '10:20:00')).toEqual(['cert']);
    });
  });

  test('the Class in accounting says which answer the NAS took', () => {
    const answers = [answered('cert', '10:00:00'), answered('mab', '10:00:01')];
    expect(inEffect(answers, accounted('started', '10:00:05', 'mab'))[0]).toBe('mab');
    expect(inEffect(answers, accounted('started', '10:00:05', 'cert'))[0]).toBe('cert');
  });

  test('but not of answers that came later', () => {
    const answers = [answered('cert', '11:00:00'), answered('mab', '10:00:00')];
    expect(inEffect(answers, accounted('started', '10:00:05', 'mab'))).toEqual(['cert']);
  });
});

describe('of two certificates of one machine', () => {
  const machine = answered('machine', '10:00:00');

  test('the older one is in effect where its instance may have given it again, unwritten, after the newer one', () => {
    expect(inEffect([machine, answered('user', '10:03:00')], undefined, '10:04:00')).toEqual(['user', 'machine']);
    expect(inEffect([machine, answered('user', '10:03:00')], undefined, '17:59:00')).toEqual(['user', 'machine']);
  });

  test('and not where the newer one came after that time', () => {
    expect(inEffect([machine, answered('user', '10:06:00')])).toEqual(['user']);
  });

  test('nor once accounting says, after that time, that the NAS runs on the newer one', () => {
    const answers = [machine, answered('user', '10:03:00')];
    expect(inEffect(answers, accounted('started', '10:04:00', 'user'))).toEqual(['user', 'machine']);
    expect(inEffect(answers, accounted('started', '10:20:00', 'user'))).toEqual(['user']);
  });

  test('the one whose Class accounting carries after the newest answer rules, however old it is', () => {
    const answers = [machine, answered('user', '10:30:00')];
    expect(inEffect(answers, accounted('started', '10:31:00', 'machine'))).toEqual(['machine', 'user']);
    expect(inEffect(answers, accounted('started', '10:29:00', 'machine'))).toEqual(['user']);
  });
});

describe('an answer that a newer one to the same credential has replaced, kept because accounting carried it', () => {
  const before = answered('cert', '10:00:00', {}, { id: `${ID}-before` });
  const after = answered('cert', '10:02:00', {}, { id: `${ID}-after` });

  test('is in effect as long as accounting, received since, carries it', () => {
    expect(inEffect([before, after], accounted('started', '10:02:05', 'before'), '10:03:00')).toEqual(['cert', 'cert']);
  });

  test('is in effect where accounting named it before a late answer was given, but after the question', () => {
    const late = answered('cert', '10:02:09', {}, { id: `${ID}-after`, askedAt: at('10:02:01') });
    expect(inEffect([before, late], accounted('started', '10:02:05', 'before'), '10:03:00')).toEqual(['cert', 'cert']);
    expect(inEffect([before, late], accounted('started', '10:01:59', 'before'), '10:03:00')).toEqual(['cert']);
  });

  test.each([
    ['the session that carried it has stopped before the newer answer', accounted('stopped', '10:01:00', 'before')],
    ['accounting carries the newer one', accounted('started', '10:02:05', 'after')],
  ])('is in effect no longer when %s', (_what, accounting) => {
    expect(inEffect([before, after], accounting, '10:03:00')).toEqual(['cert']);
  });
});
