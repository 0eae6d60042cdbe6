// Upgrade: what the version before wrote is read and enforced, and its relays and clouds are understood. The rows were
// written by that version's own adapters.

import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { readCoaJob } from '../../../relay/read-coa-job.ts';
import type { Session } from '../../../shared/domain/session/session.ts';
import { isConnected } from '../../../shared/domain/session/session-life.ts';
import { readReport } from '../../../shared/enforcement/read-report.ts';
import { MemoryNetwork, MINUTE_MS } from '../../support/memory-network.ts';

const DAY_MS = 24 * 60 * MINUTE_MS;
const TABLES = ['devices', 'identities', 'sessions', 'jobs', 'outbox'] as const;
const fixture = JSON.parse(
  await readFile(new URL('../../support/rows-of-the-version-before.json', import.meta.url), 'utf8'),
);

const key = (number: number) => {
  const digits = String(number).padStart(4, '0');
  return { source: 'intune', id: `${digits}0000-0000-4000-8000-00000000${digits}` };
};
const macOf = (number: number) => `A0-B1-C2-D3-00-0${number}`;

/** Forty-five minutes after the first of these sessions began. */
async function upgraded(): Promise<MemoryNetwork> {
  const network = await MemoryNetwork.start({ sessionKey: fixture.sessionKey });
  for (const table of TABLES) for (const row of fixture.rows[table]) await network.tables[table].createEntity(row);
  for (const number of [1, 2, 3]) network.put(number, { name: `PC-${number}`, serialNumber: `SN${number}` });
  network.put(4, { name: 'PC-4', serialNumber: 'SN4', complianceState: 'noncompliant' });
  await network.pass(45 * MINUTE_MS);
  return network;
}

function asRead(network: MemoryNetwork, { method, decision, acctSessionId, accounting, ...session }: Session) {
  const { nasIpAddress, nasPortId } = session;
  const standing = decision.standing;
  return {
    method,
    standing,
    nasIpAddress,
    nasPortId,
    status: accounting?.status,
    live: isConnected({ ...session, method, decision, accounting } as Session, network.now),
  };
}

describe('rows of the version before', () => {
  test('are sessions as they were: by MAB, by certificate beside MAB, stopped, of no device', async () => {
    const network = await upgraded();
    const read = async (number: number) => {
      const sessions = await network.sessions.listByDevice(key(number));
      return sessions.map((session) => asRead(network, session));
    };
    const place = { nasIpAddress: '10.1.1.1', standing: 'compliant' };
    expect(await read(1)).toEqual([{ ...place, method: 'mab', nasPortId: 'Gi1/0/1', status: 'started', live: true }]);
    expect(await read(2)).toEqual([
      { ...place, method: 'eap-tls', nasPortId: 'Gi1/0/2', status: undefined, live: true },
    ]);
    expect(await read(3)).toEqual([
      { ...place, method: 'eap-tls', nasPortId: 'Gi1/0/3', status: 'stopped', live: false },
    ]);
    const [second] = await network.sessions.listByDevice(key(2));
    expect(second?.answers.map(({ method }) => method)).toEqual(['mab', 'eap-tls']);
  });

  test('are enforced when a device turns, and when a change was left behind', async () => {
    const network = await upgraded();
    network.put(1, { complianceState: 'noncompliant' });
    await network.poll();
    await network.enforce();
    const open = (await network.jobs()).filter(({ stage }) => stage === 'queued');
    expect(open.map(({ device }) => device?.id).sort()).toEqual([key(1).id, key(4).id]);
    const sent = await network.takeJobs();
    // As accounting wrote the one, and our own way of writing the other. What the version before has decided may go out
    // twice.
    const stations = new Set(sent.map(({ session }) => session.callingStationId));
    expect([...stations].sort()).toEqual([macOf(4), 'a0b1c2d30001']);
  });

  test('give way to the answers that their stations get now, and then go', async () => {
    const network = await upgraded();
    const mab = { method: 'mab', userName: macOf(1), callingStationId: macOf(1), nasPortId: 'Gi1/0/1' };
    const { decision } = await network.ask({ ...mab, packetSourceIp: '10.1.1.1', nasIdentifier: 'switch-a' });
    const sessions = await network.sessions.listByDevice(key(1));
    expect(sessions.map(({ id }) => id)).toEqual([decision.id.slice(0, 20)]);
    await network.pass(3 * DAY_MS);
    for (let rounds = 0; rounds < 2; rounds++) await network.run(() => network.background.purgeExpired());
    const left = network.storage.dump('sessions').filter(({ rowKey }) => /^[adis]\|/.test(rowKey));
    expect(left.map(({ rowKey }) => rowKey)).toEqual([]);
  });

  test('take accounting by Class and by address', async () => {
    const network = await upgraded();
    const [first] = await network.sessions.listByDevice(key(1));
    const record = { callingStationId: macOf(1), nasPortId: 'Gi1/0/1', acctSessionId: 'A-1' };
    await network.account({ ...record, status: 'Stop', class: first?.decision.id });
    expect((await network.sessions.listByDevice(key(1)))[0]?.accounting?.status).toBe('stopped');
    await network.account({ ...record, callingStationId: macOf(2), nasPortId: 'Gi1/0/2', status: 'Start' });
    const stations = await network.sessions.listByDevice(key(2));
    expect(stations.some(({ accounting }) => accounting?.status === 'started')).toBe(true);
  });

  test('are jobs with the stages that they had', async () => {
    const network = await upgraded();
    expect((await network.jobs()).map(({ stage, device }) => [device?.id, stage])).toEqual([
      [key(4).id, 'decided'],
      [key(2).id, 'proven'],
    ]);
  });
});

describe('cloud and relay of neighbouring versions', () => {
  test('a job of the version before is one for this relay', () => {
    expect(readCoaJob(fixture.message, 'hq')).toEqual({ ok: true, job: fixture.message });
  });

  test('a job with fields that a later version may send is one for this relay', () => {
    const later = { ...fixture.message, urgency: 2, session: { ...fixture.message.session, vlan: '10' } };
    expect(readCoaJob(later, 'hq')).toEqual({ ok: true, job: fixture.message });
  });

  const old = {
    jobId: fixture.message.id,
    attempt: 1,
    site: 'hq',
    relay: 'relay-1',
    stage: 'finished',
    at: '2026-11-30T08:46:00.000Z',
    outcome: 'refused',
    errorCause: { code: 503, name: 'Session Context Not Found' },
    transmissions: 1,
  };

  test('a report of the version before is one for this cloud, and so is one with more fields', () => {
    expect(readReport(old)).toEqual(old);
    expect(readReport({ ...old, clockOffMs: 4 })).toEqual(old);
  });

  test('a relay that does not say whether the NAS ever acknowledged is believed: the session is over', async () => {
    const network = await upgraded();
    await network.poll();
    await network.enforce();
    const [open] = await network.jobs({ stage: 'queued' });
    const job = (await network.takeJobs()).find(({ id }) => id === open?.id);
    await network.report(job, { outcome: 'refused', errorCause: old.errorCause, transmissions: 1 });
    expect((await network.jobs({ stage: 'ended' })).map(({ id }) => id)).toEqual([job?.id]);
  });
});
