// Addresses that lead to no record, made up at an open MAB port: with the least permission they delay no device, starve
// no other site, and each of them has its turn.

import { describe, expect, test } from 'vitest';
import type { MacAddress } from '../../../../shared/domain/mac-address.ts';
import { MOST_ADDRESSES } from '../../../../shared/polling/point-reads/address-budget.ts';
import { storeLiveDevices } from '../../../../shared/polling/point-reads/store-live-devices.ts';
import { aDeviceOfFleet, aMac } from '../../../support/a-device.ts';
import { aDecision, aSession } from '../../../support/a-session.ts';
import { type ComplianceTables, complianceTables } from '../../../support/compliance-tables.ts';

const MINUTE_MS = 60_000;
const BUDGET_MS = 24_000;

const hex = (number: number, digits: number): string => number.toString(16).padStart(digits, '0');
const madeUp = (number: number): MacAddress => aMac(`a4bb6d${hex(number, 6)}`);

interface Asked {
  readonly mac?: MacAddress;
  readonly deviceId?: string;
  readonly site?: string;
}

/**
 * A station that was answered a moment ago, and found no record. The number gives its place in the order of sessions.
 */
async function answered({ slow, atOnce }: ComplianceTables, number: number, { mac, deviceId, site = 'hq' }: Asked) {
  const id = hex(number, 4).split('').reverse().join('').padEnd(20, '0');
  const { device: _, ...decision } = aDecision({
    id: `${id}-m1x2y3`,
    decidedAt: new Date(slow.time.now).toISOString(),
  });
  const identity = deviceId
    ? { kind: 'deviceId' as const, value: deviceId, assurance: 'certificate-guid' as const, origin: 'SAN URI' }
    : { kind: 'mac' as const, value: String(mac), assurance: 'mac' as const, origin: 'Calling-Station-Id' };
  const presented = { authenticated: true, identities: [identity], problems: [] };
  await atOnce.sessions.writeDecision(aSession({ id, site, decision, presented }));
}

const storeLive = (run: ComplianceTables) =>
  run.slow.run(() =>
    storeLiveDevices({ ...run.deps, onAnswerable: async () => undefined }, { leaseMs: 180_000, budgetMs: BUDGET_MS }),
  );
const pass = ({ slow }: ComplianceTables, ms: number): Promise<void> => slow.time.runUntil(slow.time.now + ms);

async function round(run: ComplianceTables): Promise<void> {
  while ((await run.refresh(BUDGET_MS)) !== 'complete') await pass(run, MINUTE_MS);
}

describe('a flood of made-up addresses', () => {
  test('delays no device that a certificate names, and takes the other site no more than half', async () => {
    const run = complianceTables();
    for (let number = 0; number < 1_500; number++) await answered(run, number, { mac: madeUp(number) });
    const others = Array.from({ length: 60 }, (_, index) => madeUp(0x800000 + index));
    for (const [index, mac] of others.entries()) await answered(run, 2_000 + index, { mac, site: 'branch' });
    const devices = Array.from({ length: 100 }, (_, index) => aDeviceOfFleet(index).id);
    for (const [index, deviceId] of devices.entries()) await answered(run, 3_000 + index, { deviceId });
    const { tookMs } = await storeLive(run);
    expect(tookMs).toBeLessThan(BUDGET_MS);
    expect(run.askedDevices.toSorted()).toEqual(devices.toSorted());
    expect(run.askedAddresses.filter((mac) => others.includes(aMac(mac))).toSorted()).toEqual(others.toSorted());
    expect(run.askedAddresses).toHaveLength(MOST_ADDRESSES);
    expect(run.log.at(-1)).toMatchObject({ event: 'poll.live-stored', fields: { passedBy: 1_560 - MOST_ADDRESSES } });
  });

  test('leaves the refresh its time: records of devices are read in a round that asks about few addresses', async () => {
    const run = complianceTables();
    run.service.compliantNow = () => true;
    const devices = Array.from({ length: 200 }, (_, index) => aDeviceOfFleet(index));
    await run.store(devices);
    for (let number = 0; number < 3_000; number++) await answered(run, number, { mac: madeUp(number) });
    for (const [index, { id }] of devices.entries()) await answered(run, 4_000 + index, { deviceId: id });
    await pass(run, 50 * MINUTE_MS);
    const begunAt = run.slow.time.now;
    await round(run);
    expect(run.askedDevices.toSorted()).toEqual(devices.map(({ id }) => id).toSorted());
    expect(run.askedAddresses).toHaveLength(MOST_ADDRESSES);
    // Twenty questions a second, and the way through the sessions.
    expect(run.slow.time.now - begunAt).toBeLessThan(3 * MINUTE_MS);
  });

  test('is asked about in turn: each address once before the first comes again', async () => {
    const run = complianceTables();
    const count = 2 * MOST_ADDRESSES + 50;
    const decided = Array.from({ length: count }, (_, number) => number);
    for (const number of decided) await answered(run, number, { mac: madeUp(number) });
    for (let rounds = 0; rounds < 3; rounds++) {
      await round(run);
      // A permit of MAB that leads to no device holds an hour; its station asks again.
      for (const number of decided) await answered(run, number, { mac: madeUp(number) });
      await pass(run, 16 * MINUTE_MS);
    }
    expect(new Set(run.askedAddresses).size).toBe(count);
    expect(run.askedAddresses).toHaveLength(count);
    await round(run);
    expect(run.askedAddresses).toHaveLength(count + MOST_ADDRESSES);
  });
});
