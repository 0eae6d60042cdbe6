// A session whose answer would rest on another device than it did, or on one that was not there: a change of that one
// is enforced within the minute, without a comparison of all sessions.

import { describe, expect, test } from 'vitest';
import type { MacAddress } from '../../../shared/domain/mac-address.ts';
import { MemoryNetwork, MINUTE_MS } from '../../support/memory-network.ts';

const MAC = 'A0-B1-C2-D3-00-01';
const WIFI_MAC = 'a0b1c2d30001' as MacAddress;
const MAB = { method: 'mab', userName: MAC, callingStationId: MAC };
const NEW = { name: 'PC-NEW', serialNumber: 'SN0001', wifiMac: WIFI_MAC };

async function connected(complianceState: 'compliant' | 'noncompliant' = 'compliant') {
  const network = await MemoryNetwork.start();
  const first = network.put(1, { complianceState });
  await network.poll();
  const { decision } = await network.ask(MAB);
  expect(decision.device?.id).toBe(first);
  return { network, first };
}

async function expectJob(network: MemoryNetwork, role: string): Promise<void> {
  const jobs = await network.jobs();
  expect(jobs.map(({ wanted, stage }) => ({ wanted, stage }))).toEqual([
    { wanted: expect.objectContaining({ role }), stage: 'queued' },
  ]);
}

describe('a machine that enrols again under another id', () => {
  test.each([
    ['whose old record is gone from the list', true],
    ['whose old record stays', false],
  ])('%s and turns before any comparison is enforced', async (_what, removes) => {
    const { network, first } = await connected();
    if (removes) network.removeDevice(first);
    const second = network.put(2, NEW);
    await network.poll();
    network.put(2, { id: second, complianceState: 'noncompliant' });
    await network.poll();
    await expectJob(network, 'quarantine');
  });

  test('and turns when only the new record is left, long after the comparison that saw it first', async () => {
    const { network, first } = await connected();
    network.removeDevice(first);
    const second = network.put(2, NEW);
    for (let sweeps = 0; sweeps < 3; sweeps++) {
      await network.sweep();
      await network.enforce();
    }
    expect(await network.jobs()).toEqual([]);
    network.put(2, { id: second, complianceState: 'noncompliant' });
    await network.poll();
    await expectJob(network, 'quarantine');
  });

  test('with another address, once that address is moved to it', async () => {
    const { network, first } = await connected();
    const second = network.put(2, { complianceState: 'noncompliant' });
    await network.poll();
    network.put(1, { id: first, wifiMac: 'a0b1c2d30009' as MacAddress });
    network.put(2, { id: second, wifiMac: WIFI_MAC });
    await network.poll();
    await expectJob(network, 'quarantine');
  });
});

describe('a station that was answered as of no known device', () => {
  test('is let in within a minute of the device that has its address', async () => {
    const network = await MemoryNetwork.start();
    network.put(5);
    await network.poll();
    expect((await network.ask(MAB)).decision).toMatchObject({ standing: 'notEnrolled' });
    network.put(1);
    await network.poll();
    await expectJob(network, 'compliant');
  });

  test('and gets the same answer about the device that a sweep finds, until that turns', async () => {
    const network = await MemoryNetwork.start({ env: { POLLING_INTERVAL: '10m', CHANGED_DEVICES_INTERVAL: '5m' } });
    network.put(5);
    await network.poll();
    expect((await network.ask(MAB)).decision).toMatchObject({ standing: 'notEnrolled' });
    const id = network.put(1, { complianceState: 'noncompliant' });
    await network.pass(9 * MINUTE_MS);
    await network.poll();
    await network.enforce();
    expect(await network.jobs()).toEqual([]);
    network.put(1, { id, complianceState: 'compliant' });
    await network.pass(5 * MINUTE_MS);
    await network.poll();
    await expectJob(network, 'compliant');
  });

  test('because two devices have its address is let in when one of them loses it', async () => {
    const network = await MemoryNetwork.start();
    network.put(1);
    const other = network.put(2, { wifiMac: WIFI_MAC });
    await network.poll();
    expect((await network.ask(MAB)).decision).toMatchObject({ standing: 'ambiguous' });
    network.put(2, { id: other, wifiMac: 'a0b1c2d30002' as MacAddress });
    await network.poll();
    await expectJob(network, 'compliant');
  });
});

describe('a station with a certificate, at an address that its device does not hold', () => {
  const DOCK = 'A0-B1-C2-D3-00-99';
  const DOCK_MAC = 'a0b1c2d30099' as MacAddress;
  const byCertificate = (id: string) => ({
    method: 'eap-tls',
    userName: 'host/PC-0001',
    callingStationId: DOCK,
    certificate: { sanUri: [`IntuneDeviceId://${id}`], issuer: 'CA', serial: '01' },
  });
  const contradicts = ({ decision }: Awaited<ReturnType<MemoryNetwork['ask']>>) =>
    decision.problems.includes('mac-of-another-device');

  test('is enforced within a minute of another device that gets the address, and of one that loses it', async () => {
    const network = await MemoryNetwork.start();
    const first = network.put(1);
    const other = network.put(2);
    await network.poll();
    expect(contradicts(await network.ask(byCertificate(first)))).toBe(false);
    expect(await network.jobs()).toEqual([]);

    network.put(2, { id: other, wifiMac: DOCK_MAC });
    await network.poll();
    await expectJob(network, 'weak-identity');
    // The CoA has the station ask again, at an instance that answered it a moment ago.
    expect(contradicts(await network.ask(byCertificate(first)))).toBe(true);
    await network.pass(11_000);
    await network.enforce();
    expect(await network.jobs({ stage: 'queued' })).toEqual([]);

    network.put(2, { id: other, wifiMac: 'a0b1c2d30002' as MacAddress });
    await network.poll();
    expect(await network.jobs({ stage: 'queued' })).toMatchObject([{ wanted: { role: 'compliant' } }]);
  });

  test.each([
    ['later', true],
    ['at once', false],
  ])('is enforced within a minute of another device that gets the address from its own, %s', async (_when, waits) => {
    const network = await MemoryNetwork.start();
    const first = network.put(1, { wifiMac: DOCK_MAC });
    const other = network.put(2);
    await network.poll();
    expect(contradicts(await network.ask(byCertificate(first)))).toBe(false);
    network.put(1, { id: first, wifiMac: WIFI_MAC });
    if (waits) await network.poll();
    expect(await network.jobs()).toEqual([]);
    network.put(2, { id: other, wifiMac: DOCK_MAC });
    await network.poll();
    await expectJob(network, 'weak-identity');
  });

  test('leaves no more behind than it has when its device holds the address', async () => {
    const network = await MemoryNetwork.start();
    const id = network.put(1, { ethernetMac: DOCK_MAC });
    await network.poll();
    await network.ask(byCertificate(id));
    const ways = network.storage.dump('sessions').filter(({ rowKey }) => rowKey.startsWith('i|'));
    expect(ways).toEqual([]);
  });
});

test('a station that logs in while an instance remembers that one device has its address gets the answer of now', async () => {
  const { network } = await connected();
  await network.poll();
  await network.pass(40_000);
  await network.ask(MAB);
  network.put(2, { wifiMac: WIFI_MAC, complianceState: 'noncompliant' });
  await network.pass(20_000);
  await network.run(() => network.background.poll(2 * MINUTE_MS));
  const { decision } = await network.ask({ ...MAB, nasPortId: 'Gi1/0/2' });
  expect(decision).toMatchObject({ standing: 'ambiguous', outcome: { role: 'quarantine' } });
});
