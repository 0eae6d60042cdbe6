// Accounting that carries the Class of an answer from another place: what is known of the station where it is now.

import { expect, test } from 'vitest';
import { createNasMemory } from '../../../shared/adapters/memory/nas-memory.ts';
import { createRecentAnswersCache } from '../../../shared/adapters/memory/recent-answers-cache.ts';
import { withCarried } from '../../../shared/adapters/table-storage/session-entity.ts';
import { TableDecisionStore } from '../../../shared/adapters/table-storage/table-decision-store.ts';
import { TableSessionStore } from '../../../shared/adapters/table-storage/table-session-store.ts';
import { addMilliseconds } from '../../../shared/domain/instant.ts';
import type { Decision } from '../../../shared/domain/policy/decision.ts';
import { decisionId } from '../../../shared/domain/policy/decision-id.ts';
import type { AccountingEvent } from '../../../shared/domain/session/accounting-event.ts';
import { answersInEffect } from '../../../shared/domain/session/answers-in-effect.ts';
import { placeOf, type Session } from '../../../shared/domain/session/session.ts';
import { sessionId } from '../../../shared/domain/session/session-id.ts';
import { recordAccounting } from '../../../shared/lookup/record-accounting.ts';
import { MemoryStorage } from '../../simulation/services/memory-table-client.ts';
import { INSTANT } from '../../simulation/services/wire.ts';
import { aMac, DEVICE_ID } from '../../support/a-device.ts';
import { ANSWERED_AT, aDecision, aSession } from '../../support/a-session.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';

const CLIENT = { name: 'radius-1', site: 'hq', kind: 'radius', sessionKey: '0'.repeat(64), credentials: [] } as const;
const MAC = 'A0-B1-C2-D3-E4-F5';
const OTHER_DEVICE = '22222222-2222-4222-8222-222222222222';

const at = (minutes: number): string => addMilliseconds(ANSWERED_AT, minutes * 60_000);

function place(nasIpAddress: string) {
  return { nasIpAddress, nasPortType: 'Wireless-802.11', callingStationId: MAC };
}

function start() {
  const tables = new MemoryStorage(() => Date.parse(ANSWERED_AT)).open(INSTANT);
  const sessions = new TableSessionStore(tables.sessions);
  const nothing = (): undefined => undefined;
  const deps = {
    sessions,
    decisions: new TableDecisionStore(tables.sessions),
    recentAnswers: createRecentAnswersCache(),
    nases: createNasMemory(),
    log: collectingLogger().logger,
    metrics: { count: nothing } as never,
  };
  /** The station asks there, and is answered by what holds for this device. */
  const answer = async (
    nasIpAddress: string,
    minutes: number,
    device: string,
    more: Partial<Decision> = {},
    userName?: string,
  ): Promise<string> => {
    const id = sessionId(CLIENT, place(nasIpAddress));
    const known = aDecision();
    const decision = aDecision({
      id: decisionId(id, new Date(at(minutes)), '0badcafe'),
      decidedAt: at(minutes),
      device: { ...(known.device as NonNullable<typeof known.device>), id: device },
      ...more,
    });
    const { answers, accounting, nasPortId, nasIdentifier, acctSessionId, ...session } = aSession({ decision });
    const asked = { ...place(nasIpAddress), ...(userName !== undefined && { userName }) };
    await sessions.writeDecision({ ...session, ...asked, id, mac: aMac('a0b1c2d3e4f5') } as never, {});
    return decision.id;
  };
  const account = (
    status: 'Start' | 'Stop',
    nasIpAddress: string,
    session: string,
    minutes: number,
    carried: string | undefined,
    more: Partial<AccountingEvent> = {},
  ) => {
    const event: AccountingEvent = {
      ...place(nasIpAddress),
      status,
      at: at(minutes),
      receivedAt: at(minutes),
      ...more,
      acctSessionId: session,
      ...(carried !== undefined && { class: carried }),
    };
    return recordAccounting(deps, CLIENT, event, {});
  };
  const read = (nasIpAddress: string) => sessions.read(sessionId(CLIENT, place(nasIpAddress)));
  return { sessions, answer, account, read };
}

test('a roam back to a place that is known leads from its device to that place', async () => {
  const { sessions, answer, account } = start();
  const there = sessionId(CLIENT, place('10.1.1.2'));
  await answer('10.1.1.2', 0, DEVICE_ID);
  const second = await answer('10.1.1.1', 1, OTHER_DEVICE);
  await account('Start', '10.1.1.2', 'B-1', 2, second);
  const found = await sessions.listByDevice({ source: 'intune', id: OTHER_DEVICE });
  expect(found.map(({ id }) => id)).toContain(there);
});

test('an answer that was brought along does not take its first place with it', async () => {
  const { answer, account, read } = start();
  const first = await answer('10.1.1.1', 0, DEVICE_ID);
  await account('Start', '10.1.1.2', 'B-1', 1, first);
  // Asked there itself, and the Stop of what was before comes late.
  const second = await answer('10.1.1.2', 5, DEVICE_ID);
  await account('Stop', '10.1.1.2', 'B-1', 6, first);
  expect(placeOf((await read('10.1.1.2')) as never)).toMatchObject({ nasIpAddress: '10.1.1.2' });
  await account('Start', '10.1.1.2', 'B-2', 6, second);
  expect((await read('10.1.1.2'))?.accounting).toMatchObject({
    status: 'started',
    acctSessionId: 'B-2',
    class: second,
  });
});

test('an answer that came along, and that only the decisions still have, leaves the session where it is', () => {
  const here = aSession({ ...place('10.1.1.2'), decision: aDecision({ decidedAt: at(5) }) });
  const elsewhere = sessionId(CLIENT, place('10.1.1.1'));
  const carried = {
    ...here,
    ...place('10.1.1.1'),
    nasIdentifier: 'left',
    decision: aDecision({ id: decisionId(elsewhere, new Date(at(0)), '0badcafe'), decidedAt: at(0) }),
  };
  const accounting = {
    status: 'started',
    at: at(6),
    receivedAt: at(6),
    nas: {},
    coa: {},
    class: carried.decision.id,
  } as const;
  const session = withCarried({ ...here, accounting }, carried);
  expect(session.decision.id).toBe(carried.decision.id);
  expect(placeOf(session)).toMatchObject(placeOf(here));
  expect(placeOf(session)).toMatchObject({ nasIpAddress: '10.1.1.2' });
});

test('without Class, a roam back to a place with an older answer brings the newer one along', async () => {
  const { answer, account, read } = start();
  await answer('10.1.1.2', 0, OTHER_DEVICE);
  await account('Start', '10.1.1.2', 'B-1', 1, undefined);
  const newer = await answer('10.1.1.1', 10, DEVICE_ID);
  await account('Stop', '10.1.1.2', 'B-1', 10, undefined);
  await account('Start', '10.1.1.2', 'B-2', 12, undefined);
  const back = await read('10.1.1.2');
  expect(back?.answers[0]?.decision.id).toBe(newer);
  expect(placeOf(back as never)).toMatchObject({ nasIpAddress: '10.1.1.2' });
});

test('without Class, a roam back brings along what was answered elsewhere after the last question here', async () => {
  const { answer, account, read } = start();
  await account('Start', '10.1.1.2', 'B-1', 1, await answer('10.1.1.2', 0, OTHER_DEVICE));
  // Asked again in the same session, and no record has said so yet.
  await answer('10.1.1.2', 5, OTHER_DEVICE);
  const newer = await answer('10.1.1.1', 10, DEVICE_ID);
  await account('Start', '10.1.1.2', 'B-2', 12, undefined);
  expect((await read('10.1.1.2'))?.answers[0]?.decision.id).toBe(newer);
});

test.each([
  ['the answer for its user, though another machine with the address asked later', 'host/own', 30],
  ['the same where the record waited while the other one asked', 'HOST/own', 12],
])('without Class, a roam brings along %s', async (_, userName, happened) => {
  const { answer, account, read } = start();
  const own = await answer('10.1.1.1', 10, DEVICE_ID, {}, 'host/own');
  await answer('10.1.1.3', 20, OTHER_DEVICE, {}, 'host/other');
  await account('Start', '10.1.1.2', 'B-1', 30, undefined, { userName, at: at(happened) });
  expect((await read('10.1.1.2'))?.answers.map(({ decision }) => decision.id)).toEqual([own]);
});

test('without Class, a roam of a user who was never answered brings along the newest answer', async () => {
  const { answer, account, read } = start();
  await answer('10.1.1.1', 10, DEVICE_ID, {}, 'host/own');
  const newest = await answer('10.1.1.3', 20, OTHER_DEVICE, {}, 'host/other');
  await account('Start', '10.1.1.2', 'B-1', 30, undefined, { userName: 'anonymous@contoso.com' });
  expect((await read('10.1.1.2'))?.answers.map(({ decision }) => decision.id)).toEqual([newest]);
});

test('without Class, a station that was answered at the place has that answer', async () => {
  const { answer, account, read } = start();
  await answer('10.1.1.2', 0, OTHER_DEVICE);
  await account('Start', '10.1.1.2', 'B-1', 1, undefined);
  await answer('10.1.1.1', 10, DEVICE_ID);
  const here = await answer('10.1.1.2', 11, OTHER_DEVICE);
  await account('Start', '10.1.1.2', 'B-2', 12, undefined);
  const back = await read('10.1.1.2');
  expect(back?.answers.map(({ decision }) => decision.id)).toEqual([here]);
});

test('an answer that comes too late is not believed over what accounting said after its question', async () => {
  const { sessions, answer, account, read } = start();
  const first = await answer('10.1.1.1', 0, OTHER_DEVICE);
  // The question of minute 2 is answered in minute 3; its RADIUS server has given up, and repeated the first answer.
  await account('Start', '10.1.1.1', 'A-1', 2.5, first);
  const late = await answer('10.1.1.1', 3, DEVICE_ID, { askedAt: at(2) });
  const session = await read('10.1.1.1');
  const inEffect = answersInEffect(session as Session, at(4)).map(({ decision }) => decision.id);
  expect(inEffect).toEqual([first, late]);
  expect((await sessions.listPage(late.charAt(0), { limit: 10 })).sessions[0]?.answers).toHaveLength(2);
});

test('an answer that came in time replaces the one that accounting named before', async () => {
  const { answer, account, read } = start();
  const first = await answer('10.1.1.1', 0, OTHER_DEVICE);
  await account('Start', '10.1.1.1', 'A-1', 2.5, first);
  const second = await answer('10.1.1.1', 3, DEVICE_ID);
  expect((await read('10.1.1.1'))?.answers.map(({ decision }) => decision.id)).toEqual([second]);
});
