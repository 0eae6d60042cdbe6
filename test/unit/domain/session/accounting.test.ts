// What accounting events make of a session, in any order and from any NAS.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addMilliseconds } from '../../../../shared/domain/instant.ts';
import { applyAccounting, withoutCurrent } from '../../../../shared/domain/session/accounting.ts';
import type { AccountingEvent } from '../../../../shared/domain/session/accounting-event.ts';
import type { SessionAccounting } from '../../../../shared/domain/session/session-accounting.ts';
import { isConnected, SESSION_LIFE_MS } from '../../../../shared/domain/session/session-life.ts';
import { ANSWERED_AT, aDecision, aSession } from '../../../support/a-session.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const minutes = (count: number) => addMilliseconds(ANSWERED_AT, count * MINUTE_MS);

/** What accounting says of the station at one place: session A-1 of the NAS, and another one there, B-1. */
function atA(status: AccountingEvent['status'], minute: number, more: Partial<AccountingEvent> = {}): AccountingEvent {
  return {
    status,
    at: minutes(minute),
    receivedAt: minutes(minute),
    acctSessionId: 'A-1',
    nasIpAddress: '10.1.1.1',
    nasPortId: 'Gi1/0/7',
    ...more,
  };
}

function atB(status: AccountingEvent['status'], minute: number, more: Partial<AccountingEvent> = {}): AccountingEvent {
  return {
    status,
    at: minutes(minute),
    receivedAt: minutes(minute),
    acctSessionId: 'B-1',
    nasIpAddress: '10.1.1.1',
    ...more,
  };
}

function replay(...events: AccountingEvent[]): SessionAccounting | undefined {
  return events.reduce<SessionAccounting | undefined>(
    (current, event) => applyAccounting(current, event) ?? current,
    undefined,
  );
}

/** Every order in which the events may be delivered, each at least once. */
function deliveries(events: readonly AccountingEvent[]): fc.Arbitrary<AccountingEvent[]> {
  const repeated = fc.subarray([...events]).map((again) => [...events, ...again]);
  return repeated.chain((all) => fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }));
}

describe('an event', () => {
  test('starts a session where it says, with what a CoA needs to name it', () => {
    const event = atA('Start', 0, {
      userName: 'alice',
      callingStationId: 'A0-B1-C2-D3-E4-F5',
      calledStationId: '00-11-22-33-44-55',
      acctMultiSessionId: 'M-1',
      auditSessionId: '0A01010100000001',
      framedIpAddress: '10.9.9.9',
      nasPort: 7,
      nasIdentifier: 'switch-a',
      packetSourceIp: '10.1.1.254',
      class: '0123456789abcdef0123-m1x2y3',
    });
    expect(replay(event)).toEqual({
      status: 'started',
      at: minutes(0),
      receivedAt: minutes(0),
      since: minutes(0),
      acctSessionId: 'A-1',
      nas: { nasIpAddress: '10.1.1.1', nasIdentifier: 'switch-a', packetSourceIp: '10.1.1.254' },
      coa: {
        userName: 'alice',
        callingStationId: 'A0-B1-C2-D3-E4-F5',
        calledStationId: '00-11-22-33-44-55',
        acctSessionId: 'A-1',
        acctMultiSessionId: 'M-1',
        auditSessionId: '0A01010100000001',
        framedIpAddress: '10.9.9.9',
        nasPort: 7,
        nasPortId: 'Gi1/0/7',
      },
      class: '0123456789abcdef0123-m1x2y3',
    });
  });

  test('an Interim-Update of a session never heard of starts it', () => {
    expect(replay(atA('Interim-Update', 0))).toMatchObject({ status: 'started', nas: { nasIpAddress: '10.1.1.1' } });
  });

  test('a Stop ends it', () => {
    expect(replay(atA('Start', 0), atA('Stop', 5))).toMatchObject({ status: 'stopped', at: minutes(5) });
  });

  test('a Stop of a session never heard of ends it too', () => {
    expect(replay(atA('Stop', 5))).toMatchObject({ status: 'stopped', at: minutes(5) });
  });

  test('a Start after a Stop starts it again', () => {
    const again = atA('Start', 9, { acctSessionId: 'A-2' });
    expect(replay(atA('Start', 0), atA('Stop', 5), again)).toMatchObject({ status: 'started', acctSessionId: 'A-2' });
  });

  test('of another session at the same place the names of the earlier one go, and what is known of the place stays', () => {
    const first = atA('Start', 0, { auditSessionId: 'of A', framedIpAddress: '10.9.9.9', nasIdentifier: 'switch-a' });
    expect(replay(first, atB('Start', 5))).toEqual({
      status: 'started',
      at: minutes(5),
      receivedAt: minutes(5),
      since: minutes(5),
      acctSessionId: 'B-1',
      nas: { nasIpAddress: '10.1.1.1', nasIdentifier: 'switch-a' },
      coa: { acctSessionId: 'B-1', nasPortId: 'Gi1/0/7' },
      earlier: [{ acctSessionId: 'A-1', at: minutes(0), since: minutes(0), replacedAt: minutes(5) }],
    });
  });
});

describe('a record that says less', () => {
  const full = atA('Start', 0, { framedIpAddress: '10.9.9.9', nasIdentifier: 'switch-a', class: 'c-1' });
  const sparse = (status: AccountingEvent['status'], minute: number): AccountingEvent => {
    return { status, at: minutes(minute), receivedAt: minutes(minute), packetSourceIp: '10.1.1.254' };
  };

  test.each(['Start', 'Interim-Update', 'Stop'] as const)('%s fills in, and nothing is forgotten', (status) => {
    expect(replay(full, sparse(status, 3))).toMatchObject({
      status: status === 'Stop' ? 'stopped' : 'started',
      at: minutes(3),
      acctSessionId: 'A-1',
      nas: { nasIpAddress: '10.1.1.1', nasIdentifier: 'switch-a', packetSourceIp: '10.1.1.254' },
      coa: { acctSessionId: 'A-1', framedIpAddress: '10.9.9.9', nasPortId: 'Gi1/0/7' },
      class: 'c-1',
    });
  });

  test('and came first is filled in by the one that is late', () => {
    expect(replay(sparse('Interim-Update', 3), full)).toMatchObject({
      at: minutes(3),
      acctSessionId: 'A-1',
      nas: { nasIpAddress: '10.1.1.1', packetSourceIp: '10.1.1.254' },
      coa: { framedIpAddress: '10.9.9.9' },
    });
  });
});

describe('late and repeated events', () => {
  test.each([
    ['an Interim-Update', atA('Interim-Update', 3)],
    ['a Start', atA('Start', 0)],
    ['a Stop of the same session', atA('Stop', 3)],
  ])('%s from before the newest one changes nothing', (_what, late) => {
    expect(applyAccounting(replay(atA('Start', 0), atA('Interim-Update', 5, { framedIpAddress: 'x' })), late)).toBe(
      undefined,
    );
  });

  test.each(['Start', 'Interim-Update', 'Stop'] as const)('%s delivered twice counts once', (status) => {
    expect(applyAccounting(replay(atA(status, 3)), atA(status, 3))).toBe(undefined);
  });

  test('a session that has stopped stays stopped, in whatever order and however often its events come', () => {
    const events = [atA('Start', 0), atA('Interim-Update', 10), atA('Interim-Update', 20), atA('Stop', 30)];
    fc.assert(
      fc.property(deliveries(events), (delivered) => {
        expect(replay(...delivered)).toMatchObject({ status: 'stopped', at: minutes(30) });
      }),
    );
  });

  test('a late repetition of a Start does not revive a session that stopped in the same second', () => {
    expect(replay(atA('Start', 3), atA('Stop', 3), atA('Start', 3))).toMatchObject({ status: 'stopped' });
  });
});

describe('one session of the NAS after another', () => {
  const live = { status: 'started', acctSessionId: 'B-1' };

  test('B starts before A stops: the session is B, and lives', () => {
    expect(replay(atA('Start', 0), atB('Start', 5), atA('Stop', 6))).toMatchObject(live);
  });

  test('a record that was late by ten minutes makes no earlier session current, however many came since', () => {
    const sessions = Array.from({ length: 12 }, (_, index) => `S-${index}`);
    const history = sessions.map((acctSessionId, index) => atA('Start', index, { acctSessionId }));
    const late = atA('Interim-Update', 0.5, { acctSessionId: 'S-0', receivedAt: minutes(12) });
    const after = atA('Start', 11.5, { acctSessionId: 'S-12', receivedAt: minutes(12.1) });
    expect(replay(...history, late)?.acctSessionId).toBe('S-11');
    expect(replay(...history, late, after)?.acctSessionId).toBe('S-12');
  });

  test('a Stop of an earlier session is about what is over already, however late it is', () => {
    const { status, acctSessionId, at, receivedAt } = replay(atB('Start', 5)) ?? {};
    expect(replay(atB('Start', 5), atA('Stop', 500))).toMatchObject({ status, acctSessionId, at, receivedAt });
  });

  test('A stops first: the Start of B counts all the same', () => {
    expect(replay(atA('Start', 0), atA('Stop', 5), atB('Start', 6))).toMatchObject(live);
  });

  test('B’s Stop ends it', () => {
    expect(replay(atA('Start', 0), atB('Start', 5), atA('Stop', 6), atB('Stop', 7))).toMatchObject({
      status: 'stopped',
      at: minutes(7),
    });
  });

  test('the Start of B delivered after the later Stop of A: the session is B, and lives', () => {
    expect(replay(atA('Start', 0), atA('Stop', 6), atB('Start', 5))).toMatchObject(live);
  });
});

describe('records of a session of the NAS that another one replaced', () => {
  const lateOfA = (status: AccountingEvent['status'], receivedAt: number, at = receivedAt) =>
    atA(status, at, { receivedAt: minutes(receivedAt) });
  const events = [atA('Start', 0), atB('Start', 5), lateOfA('Interim-Update', 7), lateOfA('Stop', 8)];

  test('by a clock that is ahead neither take its place nor end it', () => {
    expect(replay(...events)).toMatchObject({ status: 'started', acctSessionId: 'B-1' });
  });

  test('end nothing in whatever order and however often they come', () => {
    fc.assert(
      fc.property(deliveries(events), (delivered) => {
        // By the clock that is ahead each seems to happen as it arrives.
        const arrived = delivered.map((event, index) => ({ ...event, at: minutes(index), receivedAt: minutes(index) }));
        expect(replay(...arrived)).toMatchObject({ status: 'started' });
      }),
    );
  });

  test('that stopped do not revive what has stopped since', () => {
    const stopped = replay(...events, atB('Stop', 9));
    expect(stopped).toMatchObject({ status: 'stopped', acctSessionId: 'B-1' });
    expect(stopped && applyAccounting(stopped, lateOfA('Interim-Update', 10))).toBe(undefined);
  });

  test('and of which no Stop is known count again when the other one has stopped', () => {
    expect(replay(atA('Start', 0, { class: 'c-1' }), atB('Start', 5), atB('Stop', 6))).toMatchObject({
      status: 'started',
      acctSessionId: 'A-1',
      class: 'c-1',
      coa: { acctSessionId: 'A-1' },
    });
  });

  test('do not count again where the station asked for the other one, and so was there last', () => {
    const current = replay(atA('Start', 0), atB('Start', 5));
    const asked = { acctSessionId: 'B-1', answeredAt: minutes(4) };
    expect(applyAccounting(current, atB('Stop', 6), asked)).toMatchObject({ status: 'stopped', acctSessionId: 'B-1' });
  });

  test.each([
    ['the NAS has restarted', { nasRestartedAt: minutes(6) }],
    ['the station asked under the name again', { acctSessionId: 'A-1', answeredAt: minutes(6) }],
  ])('are of a new one under the same name once %s', (_why, asked) => {
    const current = replay(atA('Start', 0), atB('Start', 5));
    expect(applyAccounting(current, atA('Start', 7), asked)).toMatchObject({ status: 'started', acctSessionId: 'A-1' });
  });

  test('that go on long after they were replaced are of the station as it is', () => {
    const current = replay(atA('Start', 0), atB('Start', 5));
    expect(applyAccounting(current, atA('Interim-Update', 25))).toMatchObject({ acctSessionId: 'A-1' });
  });

  test.each([0.1, 1, 30])('are remembered of a few sessions only, where a new one begins every %d minutes', (every) => {
    const many = Array.from({ length: 200 }, (_, n) => atA('Start', n * every, { acctSessionId: `N-${n}` }));
    expect(replay(...many)?.earlier?.length).toBeLessThan(25);
  });
});

describe('Interim-Updates that change nothing', () => {
  test('are written once an hour at most, and at least that often', () => {
    const everyFiveMinutes = Array.from({ length: 12 * 10 }, (_, index) => atA('Interim-Update', 5 * (index + 1)));
    let current = replay(atA('Start', 0));
    const written: string[] = [];
    for (const event of everyFiveMinutes) {
      const next = applyAccounting(current, event);
      if (next) written.push(next.at);
      current = next ?? current;
    }
    expect(written).toEqual(Array.from({ length: 10 }, (_, index) => minutes(60 * (index + 1))));
  });

  test.each([
    ['an IP address', { framedIpAddress: '10.9.9.9' }],
    ['a port', { nasPortId: 'Gi1/0/8' }],
    ['a class', { class: '0123456789abcdef0123-m1x2y3' }],
    ['a user', { userName: 'alice' }],
  ])('one that brings %s is written at once', (_what, more) => {
    expect(applyAccounting(replay(atA('Start', 0)), atA('Interim-Update', 1, more))).toMatchObject({ at: minutes(1) });
  });
});

describe('a session is live', () => {
  const live = (accounting: SessionAccounting | undefined, now: string, decidedAt = ANSWERED_AT) =>
    isConnected(aSession({ decision: aDecision({ decidedAt }), ...(accounting && { accounting }) }), now);

  test('for 24 hours after the answer, without any accounting', () => {
    expect(SESSION_LIFE_MS).toBe(24 * HOUR_MS);
    expect(live(undefined, ANSWERED_AT)).toBe(true);
    expect(live(undefined, minutes(24 * 60 - 1))).toBe(true);
    expect(live(undefined, minutes(24 * 60))).toBe(false);
  });

  test('for 24 hours after the newest accounting', () => {
    const accounting = replay(atA('Interim-Update', 23 * 60));
    expect(live(accounting, minutes(47 * 60 - 1))).toBe(true);
    expect(live(accounting, minutes(47 * 60))).toBe(false);
  });

  test('not after its Stop', () => {
    expect(live(replay(atA('Start', 1), atA('Stop', 2)), minutes(3))).toBe(false);
  });

  test('not after a Stop in the second of the answer: a NAS tells time by the second', () => {
    expect(live(replay(atA('Stop', 0)), minutes(1), addMilliseconds(ANSWERED_AT, 700))).toBe(false);
  });

  test('again after an answer that is newer than the Stop', () => {
    expect(live(replay(atA('Start', 1), atA('Stop', 2)), minutes(4), minutes(3))).toBe(true);
  });

  test('as long after an answer that is newer than the Start', () => {
    const accounting = replay(atA('Start', 1));
    expect(live(accounting, minutes(25 * 60), minutes(2 * 60))).toBe(true);
    expect(live(accounting, minutes(26 * 60), minutes(2 * 60))).toBe(false);
  });
});

test('a session that is only supposed to live on gives way to one whose record came late', () => {
  // B replaced A; a NAK 503 at minute 9 ended B, and so A may live on. The Start of C, of minute 8, waited in the
  // spool.
  const ended = replay(atA('Start', 0), atB('Start', 1)) as SessionAccounting;
  const supposed = withoutCurrent({ ...ended, status: 'stopped' }, minutes(9)) as SessionAccounting;
  expect(supposed).toMatchObject({ status: 'started', acctSessionId: 'A-1', supposed: true });
  const start = atB('Start', 8, { acctSessionId: 'C-1' });
  expect(applyAccounting(supposed, start)).toMatchObject({ status: 'started', acctSessionId: 'C-1' });
  // A record of its own makes it more than that.
  const confirmed = applyAccounting(supposed, atA('Interim-Update', 10)) as SessionAccounting;
  expect(confirmed).not.toHaveProperty('supposed');
  expect(applyAccounting(confirmed, start)).toBe(undefined);
});
