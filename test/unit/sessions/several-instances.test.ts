// Several instances write and hear of one session, each with a memory of its own: what one has heard, or answered, is
// not undone by another that has not.

import { describe, expect, test } from 'vitest';
import { TableSessionStore } from '../../../shared/adapters/table-storage/table-session-store.ts';
import type { Decision } from '../../../shared/domain/policy/decision.ts';
import { isConnected } from '../../../shared/domain/session/session-life.ts';
import { aDecision, aSession, NORMAL, QUARANTINE, SESSION_ID } from '../../support/a-session.ts';
import { MemoryNetwork, MINUTE_MS } from '../../support/memory-network.ts';

const MAC = 'A0-B1-C2-D3-00-01';
const MAB = { method: 'mab', userName: MAC, callingStationId: MAC };
const START = { status: 'Start', callingStationId: MAC, acctSessionId: 'A-1' };

async function connected() {
  const network = await MemoryNetwork.start();
  const device = network.put(1);
  await network.poll();
  const other = network.instance();
  const { decision } = await network.ask(MAB);
  await network.account({ ...START, class: decision.id });
  return { network, device, decision, other };
}

async function isEnforceable(network: MemoryNetwork, { id }: Decision): Promise<boolean> {
  const session = await network.sessions.read(id.slice(0, 20));
  return session !== undefined && isConnected(session, network.now);
}

async function turned(network: MemoryNetwork, device: string): Promise<number> {
  network.put(1, { id: device, complianceState: 'noncompliant' });
  await network.poll();
  return (await network.jobs({ stage: 'queued' })).length;
}

describe('an answer that is given again within five minutes', () => {
  test('is written where another instance has heard the Stop, though no Start follows', async () => {
    const { network, device, decision, other } = await connected();
    await network.account({ ...START, status: 'Stop', class: decision.id }, { app: other });
    expect(await isEnforceable(network, decision)).toBe(false);
    const again = await network.ask(MAB);
    expect(again.decision.id).not.toBe(decision.id);
    expect(await isEnforceable(network, decision)).toBe(true);
    expect(await turned(network, device)).toBe(1);
  });

  test('is written where another instance has heard that the NAS restarted', async () => {
    const { network, device, decision, other } = await connected();
    await network.account({ status: 'Accounting-On', packetSourceIp: '10.1.1.1' }, { app: other });
    await network.pass(15_000);
    await network.ask(MAB);
    expect(await isEnforceable(network, decision)).toBe(true);
    expect(await turned(network, device)).toBe(1);
  });

  test('is written where another instance has answered otherwise meanwhile', async () => {
    const { network, device, decision, other } = await connected();
    await network.ask({ ...MAB, nasPortId: undefined, acctSessionId: 'A-2' }, { app: other });
    const again = await network.ask(MAB);
    expect(again.decision.id).not.toBe(decision.id);
    expect(await turned(network, device)).toBe(1);
  });

  test('is not written where nothing has happened', async () => {
    const { network, decision } = await connected();
    expect((await network.ask(MAB)).decision.id).toBe(decision.id);
  });
});

describe('a write that was given up and arrives after that of another instance', () => {
  const at = (second: number) => `2026-11-20T10:00:${String(second).padStart(2, '0')}.000Z`;
  const answered = (second: number, outcome: Decision['outcome'], method: 'mab' | 'eap-tls' = 'mab') =>
    aSession({
      method,
      decision: aDecision({ id: `${SESSION_ID}-mi7k${second}x0deadbeef`, decidedAt: at(second), outcome }),
    });

  test('leaves the newer answer to count wherever the session is read', async () => {
    const network = await MemoryNetwork.start();
    const [late, other] = ['0000000a', '1000000a'].map(
      (writer) => new TableSessionStore(network.tables.sessions, { writer }),
    );
    await other?.writeDecision(answered(10, NORMAL));
    await late?.writeDecision(answered(5, QUARANTINE));
    const session = await network.sessions.read(SESSION_ID);
    expect(session?.decision).toMatchObject({ outcome: NORMAL, decidedAt: at(10) });
    expect(session?.answers).toHaveLength(1);
    const page = await network.sessions.listPage('0', { limit: 10 });
    expect(page.sessions.map(({ decision }) => decision.decidedAt)).toEqual([at(10)]);
  });

  test('leaves no trace of credentials that the row has let go', async () => {
    const network = await MemoryNetwork.start();
    const store = new TableSessionStore(network.tables.sessions, { writer: '0000000a' });
    for (let index = 10; index < 40; index++) {
      await store.writeDecision({ ...answered(index, NORMAL), credential: `cred00${index}` });
    }
    await store.updateAccounting(SESSION_ID, () => ({
      status: 'started',
      at: at(50),
      receivedAt: at(50),
      nas: {},
      coa: {},
    }));
    const [row = {}] = network.storage.dump('sessions').filter(({ rowKey }) => rowKey.startsWith('s|'));
    expect(Object.keys(row).filter((column) => column.startsWith('newest_'))).toHaveLength(8);
  });
});

test('processes that have come and gone leave sixteen traces in a row, and an answer always has room', async () => {
  const network = await MemoryNetwork.start();
  const at = (second: number) => new Date(Date.UTC(2026, 10, 20, 10, 0, second)).toISOString();
  for (let process = 0; process < 300; process++) {
    const writer = process.toString(16).padStart(8, '0');
    const decision = aDecision({ id: `${SESSION_ID}-mi7k${1000 + process}deadbeef`, decidedAt: at(process) });
    await new TableSessionStore(network.tables.sessions, { writer }).writeDecision(aSession({ decision }));
  }
  expect((await network.sessions.read(SESSION_ID))?.decision.decidedAt).toBe(at(299));
  const said = { status: 'started', at: at(400), receivedAt: at(400), nas: {}, coa: {} } as const;
  await network.sessions.updateAccounting(SESSION_ID, () => said);
  const [row = {}] = network.storage.dump('sessions').filter(({ rowKey }) => rowKey.startsWith('s|'));
  const traces = Object.keys(row).filter((column) => column.startsWith('newest_'));
  expect(traces).toHaveLength(16);
  expect(
    traces
      .map((column) => String(row[column as never]).slice(0, 24))
      .sort()
      .at(-1),
  ).toBe(at(299));
});

test('a restart that another instance noted a moment ago has no job go out', async () => {
  const { network, device } = await connected();
  expect(await turned(network, device)).toBe(1);
  const [first] = await network.takeJobs();
  await network.report(first, { outcome: 'no-answer' });
  await network.pass(MINUTE_MS - 2_000);
  await network.enforce();
  expect(await network.takeJobs()).toHaveLength(1);
  const [again] = await network.jobs();
  await network.report({ ...first, attempt: 2 } as never, { outcome: 'no-answer' });
  expect(again?.stage).toBe('queued');
  // The round before has read the site's restarts; its next attempt is due when the NAS has just restarted.
  const wait = Date.parse((await network.jobs())[0]?.nextAttemptAt ?? '') - network.time.now;
  await network.pass(wait - 3_000);
  await network.enforce();
  await network.account({ status: 'Accounting-On', packetSourceIp: '10.1.1.1' });
  await network.pass(3_000);
  await network.enforce();
  expect(await network.takeJobs()).toEqual([]);
  expect((await network.jobs()).map(({ stage }) => stage)).toEqual(['ended']);
});
