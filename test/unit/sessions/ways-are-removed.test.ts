// Rows that lead to sessions are removed once they lead nowhere: their number is bounded by what stations have now.

import { expect, test } from 'vitest';
import { MemoryNetwork, MINUTE_MS } from '../../support/memory-network.ts';

const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const AT_DOCK = { method: 'eap-tls', callingStationId: 'A0-B1-C2-D3-00-99', nasPortId: 'Gi1/0/1' };

function waysOf(network: MemoryNetwork): string[] {
  return network.storage.dump('sessions').flatMap(({ rowKey }) => (/^[adi]\|/.test(rowKey) ? [rowKey] : []));
}

const purgeExpired = (network: MemoryNetwork) => network.run(() => network.background.purgeExpired());

test('a dock at which another machine is each day has no more of them than answers', async () => {
  const network = await MemoryNetwork.start();
  for (let day = 0; day < 20; day++) {
    const id = network.put(day);
    const certificate = { sanUri: [`IntuneDeviceId://${id}`], issuer: 'CA', serial: `S${day}` };
    const { decision } = await network.ask({
      ...AT_DOCK,
      certificate,
      ciscoAvPairs: [`audit-session-id=0A0101010000${day + 1000}`],
    });
    await network.account({ ...AT_DOCK, status: 'Interim-Update', class: decision.id });
    await network.pass(DAY_MS);
    await purgeExpired(network);
    // Of each answer: the device, an identity that led to none, a name of accounting. What is two days old at most
    // stays.
    const answers = network.storage.dump('sessions').filter(({ rowKey }) => rowKey.startsWith('s|'));
    expect(answers).toHaveLength(1);
    const columns = Object.keys(answers[0] ?? {}).filter((column) => column.startsWith('answer_')).length;
    expect(columns).toBeLessThanOrEqual(9);
    expect(waysOf(network).length).toBeLessThanOrEqual(3 * (columns + 2));
  }
});

test('those that the version before wrote, without a time, go when their session is over', async () => {
  const network = await MemoryNetwork.start();
  const id = network.put(1);
  await network.poll();
  await network.ask({ method: 'mab', userName: 'a0b1c2d30001', callingStationId: 'A0-B1-C2-D3-00-01' });
  const ofLeft = { partitionKey: 'p0', rowKey: `d|intune|${id}|0123456789abcdef`, sessionId: '0123456789abcdef' };
  await network.tables.sessions.createEntity(ofLeft);
  expect(waysOf(network)).toHaveLength(2);
  await network.pass(DAY_MS);
  await purgeExpired(network);
  expect(waysOf(network)).toHaveLength(2);
  await network.pass(DAY_MS + HOUR_MS);
  await purgeExpired(network);
  expect(waysOf(network)).toEqual([]);
});

test('addresses that lead to no device leave nothing behind', async () => {
  const network = await MemoryNetwork.start();
  for (let index = 10; index < 40; index++) {
    await network.ask({ method: 'mab', userName: `a0b1c2d3ff${index}`, callingStationId: `A0-B1-C2-D3-FF-${index}` });
  }
  expect(waysOf(network)).toHaveLength(30);
  await network.pass(2 * DAY_MS + HOUR_MS);
  for (let rounds = 0; rounds < 3; rounds++) await purgeExpired(network);
  expect(waysOf(network)).toEqual([]);
});

test('a way that a comparison found stays as long as comparisons find it', async () => {
  const network = await MemoryNetwork.start({ env: { CHANGED_DEVICES_INTERVAL: 'off', POLLING_INTERVAL: '10m' } });
  network.put(5);
  await network.poll();
  await network.ask({ method: 'mab', userName: 'a0b1c2d30001', callingStationId: 'A0-B1-C2-D3-00-01' });
  const device = { source: 'intune', id: network.put(1, { complianceState: 'noncompliant' }) };
  await network.pass(10 * MINUTE_MS);
  await network.poll();
  await network.enforce();
  const session = await network.sessions.listConcerned([device], []);
  expect(session).toHaveLength(1);
  await network.pass(3 * DAY_MS);
  await purgeExpired(network);
  expect(await network.sessions.listConcerned([device], [])).toEqual([]);
});
