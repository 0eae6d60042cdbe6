// Accounting that speaks of a session counts where it comes from the NAS that has it; clocks that are off are named.

import { expect, test } from 'vitest';
import { createNasMemory } from '../../../shared/adapters/memory/nas-memory.ts';
import { createRecentAnswersCache } from '../../../shared/adapters/memory/recent-answers-cache.ts';
import { TableDecisionStore } from '../../../shared/adapters/table-storage/table-decision-store.ts';
import { TableSessionStore } from '../../../shared/adapters/table-storage/table-session-store.ts';
import { addMilliseconds } from '../../../shared/domain/instant.ts';
import { decisionId } from '../../../shared/domain/policy/decision-id.ts';
import { sessionId } from '../../../shared/domain/session/session-id.ts';
import { isConnected } from '../../../shared/domain/session/session-life.ts';
import { readAccountingEvent } from '../../../shared/lookup/read-accounting-event.ts';
import { recordAccounting } from '../../../shared/lookup/record-accounting.ts';
import { MemoryStorage } from '../../simulation/services/memory-table-client.ts';
import { INSTANT } from '../../simulation/services/wire.ts';
import { aMac } from '../../support/a-device.ts';
import { ANSWERED_AT, aDecision, aSession } from '../../support/a-session.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';

const CLIENT = { name: 'radius-1', site: 'hq', kind: 'radius', sessionKey: '0'.repeat(64), credentials: [] } as const;
const NAS = '10.1.1.1';
const PLACE = { nasIpAddress: NAS, nasPortId: 'Gi1/0/7', callingStationId: 'A0-B1-C2-D3-E4-F5' };
const SESSION = sessionId(CLIENT, PLACE);
const DECISION = decisionId(SESSION, new Date(ANSWERED_AT), '0badcafe');

const after = (minutes: number): string => addMilliseconds(ANSWERED_AT, minutes * 60_000);

interface Record {
  readonly status?: string;
  readonly packetSourceIp?: string;
  readonly acctSessionId?: string;
  readonly class?: string;
  readonly eventTime?: string;
  readonly receivedTime?: string;
  readonly sentTime?: string;
}

/** A station was answered, by a question that came from there. */
async function answered(packetSourceIp: string | undefined) {
  const tables = new MemoryStorage(() => Date.parse(ANSWERED_AT)).open(INSTANT);
  const sessions = new TableSessionStore(tables.sessions);
  const nases = createNasMemory();
  const { logger, events } = loggerOf();
  const deps = {
    sessions,
    decisions: new TableDecisionStore(tables.sessions),
    recentAnswers: createRecentAnswersCache(),
    nases,
    log: logger,
    metrics: { count: () => undefined } as never,
  };
  const { answers, accounting, nasIdentifier, acctSessionId, ...session } = aSession({
    id: SESSION,
    mac: aMac('a0b1c2d3e4f5'),
    ...PLACE,
    decision: aDecision({ id: DECISION }),
    ...(packetSourceIp !== undefined && { packetSourceIp }),
  } as never);
  await sessions.writeDecision(session, {});
  const account = (record: Record, minutes = 1) => {
    const body = JSON.stringify({ status: 'Stop', acctSessionId: 'A-1', ...PLACE, ...record });
    return recordAccounting(deps, CLIENT, readAccountingEvent(body, after(minutes)), {});
  };
  const lives = async (): Promise<boolean> => isConnected((await sessions.read(SESSION)) as never, after(5));
  return { nases, account, lives, events };
}

function loggerOf() {
  const { logger, entries } = collectingLogger();
  return { logger, events: (event: string) => entries.filter((entry) => entry.event === event) };
}

test.each([
  ['from the NAS itself', '10.9.9.9', { packetSourceIp: NAS }],
  ['from where the question came', '10.9.9.9', { packetSourceIp: '10.9.9.9' }],
  ['with the Class of the answer, from wherever', '10.9.9.9', { packetSourceIp: '10.66.6.6', class: DECISION }],
  ['by a RADIUS server that names no sources', '10.9.9.9', {}],
  ['where the question named no source', undefined, { packetSourceIp: '10.66.6.6' }],
])('a Stop %s ends the session', async (_what, asked, record) => {
  const { account, lives } = await answered(asked);
  expect(await account(record)).toEqual({ changed: 1 });
  expect(await lives()).toBe(false);
});

test('a Stop from elsewhere ends nothing, and is logged once an hour', async () => {
  const { account, lives, events } = await answered(NAS);
  for (const minutes of [1, 2, 50]) {
    expect(await account({ packetSourceIp: '10.66.6.6' }, minutes)).toEqual({ changed: 0 });
  }
  expect(await lives()).toBe(true);
  expect(events('accounting.not-of-its-nas')).toMatchObject([{ fields: { code: 'NAC_ACCOUNTING_SOURCE' } }]);
});

test('a foreign source does not become a known one by its accounting', async () => {
  const { account, lives } = await answered(NAS);
  await account({ packetSourceIp: NAS, status: 'Start' });
  for (const status of ['Start', 'Interim-Update', 'Stop']) {
    await account({ packetSourceIp: '10.66.6.6', status, acctSessionId: 'X-1' }, 2);
  }
  expect(await lives()).toBe(true);
});

test('a proxy by which questions for the NAS come may speak for it', async () => {
  const { account, lives, nases } = await answered('10.9.9.9');
  nases.noteSource('hq', { ...PLACE, packetSourceIp: '10.9.9.8' });
  await account({ packetSourceIp: '10.9.9.8' });
  expect(await lives()).toBe(false);
});

const seconds = (minutes: number): string => String(Date.parse(after(minutes)) / 1000);

test('a NAS whose clock is fast is named by its first record, once an hour', async () => {
  const { account, events } = await answered(NAS);
  for (const minutes of [1, 2, 62]) {
    await account({ status: 'Start', packetSourceIp: NAS, eventTime: seconds(minutes + 4) }, minutes);
  }
  expect(events('clock.differs')).toMatchObject([
    { fields: { code: 'NAC_CLOCK', nas: NAS, site: 'hq', aheadSeconds: 240 } },
    { fields: { code: 'NAC_CLOCK', nas: NAS, site: 'hq', aheadSeconds: 240 } },
  ]);
});

const VIA_PROXY = (minutes: number) => ({ receivedTime: seconds(minutes), sentTime: seconds(minutes) });

test('a NAS whose clock is slow is named once it cannot be that its records were late', async () => {
  const { account, events } = await answered(NAS);
  const slow = (minutes: number) =>
    account({ status: 'Start', packetSourceIp: NAS, eventTime: seconds(minutes - 7), ...VIA_PROXY(minutes) }, minutes);
  for (const minutes of [1, 2, 3, 4, 5, 6]) await slow(minutes);
  expect(events('clock.differs')).toEqual([]);
  await slow(12);
  expect(events('clock.differs')).toMatchObject([{ fields: { nas: NAS, aheadSeconds: -420 } }]);
});

test('records that were late say nothing of the clock, as long as one was not', async () => {
  const { account, events } = await answered(NAS);
  const late = [7, 7, 0, 7, 7, 7];
  for (const [index, by] of late.entries()) {
    const minutes = 1 + index * 4;
    await account(
      { status: 'Start', packetSourceIp: NAS, eventTime: seconds(minutes - by), ...VIA_PROXY(minutes) },
      minutes,
    );
  }
  expect(events('clock.differs')).toEqual([]);
});
