// Words about an attempt, a job or a session that another one has taken the place of: they end nothing that came after,
// and cover nothing that is compared after.

import { describe, expect, test } from 'vitest';
import { TableDeviceStore } from '../../../shared/adapters/table-storage/table-device-store.ts';
import { TableJobStore } from '../../../shared/adapters/table-storage/table-job-store.ts';
import { TableSessionStore } from '../../../shared/adapters/table-storage/table-session-store.ts';
import { decideJob, type EnforcementJob } from '../../../shared/domain/coa/enforcement-job.ts';
import type { CoaJob } from '../../../shared/domain/coa-job.ts';
import { isConnected } from '../../../shared/domain/session/session-life.ts';
import { compareSession } from '../../../shared/enforcement/decide-jobs.ts';
import type { OpenJob } from '../../../shared/enforcement/open-jobs.ts';
import { MemoryStorage } from '../../simulation/services/memory-table-client.ts';
import { INSTANT } from '../../simulation/services/wire.ts';
import { aSession, QUARANTINE } from '../../support/a-session.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';
import { MemoryNetwork, MINUTE_MS } from '../../support/memory-network.ts';

const MAC = 'A0-B1-C2-D3-00-01';
const MAB = { method: 'mab', userName: MAC, callingStationId: MAC, nasPortId: 'Gi1/0/1' };
const RECORD = { callingStationId: MAC, acctSessionId: 'A-1', nasPortId: 'Gi1/0/1' };
const UNKNOWN_SESSION = { outcome: 'refused', errorCause: { code: 503, name: 'Session Context Not Found' } } as const;

async function quarantined(question: object = MAB) {
  const network = await MemoryNetwork.start();
  const device = network.put(1);
  await network.poll();
  const { decision } = await network.ask({ ...MAB, ...question });
  await network.account({ ...RECORD, status: 'Start', class: decision.id });
  network.put(1, { complianceState: 'noncompliant' });
  await network.poll();
  await network.enforce();
  const [job] = await network.takeJobs();
  return { network, device, decision, job: job as CoaJob };
}

describe('a NAK 503', () => {
  test('that is reported of an attempt after the next one went out ends neither job nor session', async () => {
    const { network, decision, job } = await quarantined();
    await network.report(job, { outcome: 'acknowledged' });
    await network.pass(3 * MINUTE_MS);
    await network.enforce();
    expect(await network.takeJobs()).toMatchObject([{ id: job.id, attempt: 2 }]);
    // A second relay had got the first message, too.
    await network.report(job, UNKNOWN_SESSION);
    const session = await network.sessions.read(decision.id.slice(0, 20));
    expect(session && isConnected(session, network.now)).toBe(true);
    expect(await network.jobs({ notEnforced: 'true' })).toMatchObject([{ id: job.id, attempt: 2 }]);
  });

  test('after the station has asked by MAB, while its 802.1X answer rules, ends nothing', async () => {
    const { network, decision, job } = await quarantined({
      method: 'eap-tls',
      userName: 'host/pc-0001',
      certificate: { commonName: 'PC-0001' },
    });
    await network.ask({ ...MAB, acctSessionId: 'A-2' });
    await network.report(job, UNKNOWN_SESSION);
    const session = await network.sessions.read(decision.id.slice(0, 20));
    expect(session?.decision.id).toBe(decision.id);
    expect(session && isConnected(session, network.now)).toBe(true);
    // And what it has by the answer of before is compared again.
    await network.pass(MINUTE_MS);
    await network.enforce();
    expect(await network.jobs({ notEnforced: 'true' })).toHaveLength(1);
  });

  test('of a NAS without accounting ends the session, and the next answer is written, though it is the same', async () => {
    const network = await MemoryNetwork.start();
    const device = network.put(1);
    await network.poll();
    const admin = await network.addClient('ada', 'hq', 'administrator');
    const { decision } = await network.ask(MAB);
    const block = { device, block: true, until: '1h', reason: 'stolen' };
    const { id } = await network.run(() => network.background.makeOverride(admin, JSON.stringify(block)));
    await network.pass(MINUTE_MS);
    await network.enforce();
    const [job] = await network.takeJobs();
    await network.run(() => network.background.endOverride(admin, id, JSON.stringify({ reason: 'found' })));
    await network.report(job, UNKNOWN_SESSION);
    await network.pass(MINUTE_MS);
    const again = await network.ask(MAB);
    expect(again.decision.outcome).toEqual(decision.outcome);
    const session = await network.sessions.read(decision.id.slice(0, 20));
    expect(session && isConnected(session, network.now)).toBe(true);
  });
});

test('an answer that an instance gave before a block and after it is written, though another one answered between', async () => {
  const network = await MemoryNetwork.start();
  const device = network.put(1);
  await network.poll();
  const admin = await network.addClient('ada', 'hq', 'administrator');
  const other = network.instance();
  const { decision } = await network.ask(MAB);
  const block = { device, block: true, until: '1h', reason: 'stolen' };
  const { id } = await network.run(() => network.background.makeOverride(admin, JSON.stringify(block)));
  await network.pass(MINUTE_MS);
  await network.enforce();
  expect((await network.ask(MAB, { app: other })).decision.outcome.verdict).toBe('deny');
  await network.run(() => network.background.endOverride(admin, id, JSON.stringify({ reason: 'found' })));
  await network.pass(MINUTE_MS);
  expect((await network.ask(MAB)).decision.outcome).toEqual(decision.outcome);
  const session = await network.sessions.read(decision.id.slice(0, 20));
  expect(session?.decision.outcome).toEqual(decision.outcome);
});

test('a session whose device row was removed holds up no comparison', async () => {
  const { logger: log } = collectingLogger();
  const tables = new MemoryStorage(() => 0).open(INSTANT);
  const devices = new TableDeviceStore(tables.devices, log);
  await expect(
    devices.noteReauthentication({ source: 'intune', id: 'gone' }, '2026-11-20T10:05:00.000Z'),
  ).resolves.toBe(undefined);
});

describe('an open job, as a round has read it,', () => {
  const NOW = '2026-11-20T10:05:00.000Z';
  const wanted = { outcome: QUARANTINE, standing: 'noncompliant', rule: 'rest' } as const;

  async function compared(job: Partial<EnforcementJob>, read: Partial<OpenJob> = {}) {
    const { logger: log } = collectingLogger();
    const tables = new MemoryStorage(() => Date.parse(NOW)).open(INSTANT);
    const jobs = new TableJobStore(tables, log);
    const session = aSession();
    const stored = decideJob({ session, wanted: QUARANTINE, version: 'v2', reason: '', decidedAt: NOW, now: NOW });
    const { wanted: _, ...withoutAnswer } = stored;
    await jobs.create({ ...(read.wanted === undefined ? withoutAnswer : stored), ...job });
    const deps = {
      sessions: new TableSessionStore(tables.sessions),
      jobs,
      decideAgain: async () => wanted,
      siteKeyOf: async () => undefined,
      clock: { now: () => new Date(NOW) } as never,
      log,
    };
    return compareSession(deps, session, [{ id: stored.id, ...read }]);
  }

  test('that brings what is wanted is enough', async () => {
    expect(await compared({ stage: 'sent' }, { wanted: QUARANTINE })).toBe(false);
  });

  test.each(['refused', 'expired', 'dead-lettered'] as const)(
    'and that is %s by now, is listed until the next comparison',
    async (stage) => {
      expect(await compared({ stage }, { wanted: QUARANTINE })).toBe(false);
    },
  );

  test.each(['ended', 'superseded', 'proven'] as const)('and that is %s by now, covers nothing', async (stage) => {
    expect(await compared({ stage }, { wanted: QUARANTINE })).toBe(true);
  });

  test('of an operator covers nothing: its ACK would be the end of it', async () => {
    expect(await compared({ stage: 'sent' })).toBe(true);
  });
});
