// The list of devices that are not compliant: 20,000 of them page by page, while devices turn, by GUID and by address.

import { beforeAll, describe, expect, test } from 'vitest';
import { TableDeviceStore } from '../../../shared/adapters/table-storage/table-device-store.ts';
import { TableIdentityStore } from '../../../shared/adapters/table-storage/table-identity-store.ts';
import { TableNoncompliantIndex } from '../../../shared/adapters/table-storage/table-noncompliant-index.ts';
import { TableTaskStore } from '../../../shared/adapters/table-storage/table-task-store.ts';
import { type Device, deviceHash, SHARDS } from '../../../shared/domain/device/device.ts';
import { cursorOfHash, hashAt, pageOf, shardsFrom } from '../../../shared/mdm-api/list-cursor.ts';
import { keepNoncompliantIndex } from '../../../shared/polling/records/keep-noncompliant-index.ts';
import type { NoncompliantEntry } from '../../../shared/ports/noncompliant-index.ts';
import { aDevice, aDeviceOfFleet, aMac } from '../../support/a-device.ts';
import { type IseInMemory, iseInMemory } from '../../support/ise-in-memory.ts';

const noncompliant = (number: number): Device => ({ ...aDeviceOfFleet(number), complianceState: 'noncompliant' });

function listBy(identifier: string, paging: string | number = 0): string {
  return `/ciscoise/mdmapi/v3/devices/?paging=${paging}&querycriteria=compliance&value=false&deviceidentifier=${identifier}&filter=register_status`;
}

function keysOf(xml: string, element: string): string[] {
  return [...xml.matchAll(new RegExp(`<device><${element}>([^<]*)<`, 'g'))].map(([, key = '']) => key);
}

function nextOf(xml: string): string {
  return /<paging_info>(\d+)<\/paging_info>/.exec(xml)?.[1] ?? '';
}

/** Follows the pages as ISE does. @param between what happens after each of them */
async function listed(
  site: IseInMemory,
  identifier: 'guid' | 'macaddress',
  between: (page: number) => Promise<void> = async () => undefined,
): Promise<{ readonly keys: string[]; readonly pages: number }> {
  const keys: string[] = [];
  let paging = '0';
  for (let page = 1; ; page++) {
    const xml = await site.get(listBy(identifier, paging));
    const found = keysOf(xml, identifier);
    expect(found.length).toBeLessThanOrEqual(1_000);
    keys.push(...found);
    paging = nextOf(xml);
    if (paging === '0') return { keys, pages: page };
    await between(page);
  }
}

/** What the poll writes when a device turns. */
async function turn(site: IseInMemory, device: Device): Promise<void> {
  const devices = new TableDeviceStore(site.tables.devices);
  const stored = await devices.read(device);
  if (stored === undefined) throw new Error('not stored');
  const { etag, retiredIdentities, ...record } = stored;
  await devices.write([{ record: { ...record, device, version: 2 }, retiredIdentities, replaces: etag }]);
}

describe('of 20,000 among as many that are compliant', () => {
  const FLEET = Array.from({ length: 40_000 }, (_, number) =>
    number % 2 ? noncompliant(number) : aDeviceOfFleet(number),
  );
  const EXPECTED = FLEET.filter(({ complianceState }) => complianceState !== 'compliant');
  let site: IseInMemory;
  beforeAll(async () => {
    site = await iseInMemory({ CLIENT_REQUESTS_PER_SECOND: '0' });
    for (let start = 0; start < FLEET.length; start += 5_000) await site.store(...FLEET.slice(start, start + 5_000));
  }, 120_000);

  test('every one is given once, in pages, and no list of the fleet is read', { timeout: 120_000 }, async () => {
    site.calls.length = 0;
    const { keys, pages } = await listed(site, 'guid');
    expect(keys).toHaveLength(EXPECTED.length);
    expect(new Set(keys)).toEqual(new Set(EXPECTED.map(({ id }) => id)));
    expect(pages).toBeGreaterThanOrEqual(EXPECTED.length / 500);
    const lists = site.calls.filter((call) => call === 'devices.listEntities');
    // A page asks the shard it is in, and at the end of a shard the next three.
    expect(lists.length).toBeLessThanOrEqual(4 * pages);
    expect(site.calls.filter((call) => call === 'devices.getEntity')).toHaveLength(EXPECTED.length);
  });

  test('what turns meanwhile moves no other device', { timeout: 120_000 }, async () => {
    const turned = new Set<string>();
    const { keys } = await listed(site, 'macaddress', async (page) => {
      const [better, worse] = [FLEET[page * 2 + 1], FLEET[page * 2]];
      if (better === undefined || worse === undefined) return;
      await turn(site, { ...better, complianceState: 'compliant' });
      await turn(site, { ...worse, complianceState: 'noncompliant' });
      for (const { wifiMac = '' } of [better, worse]) turned.add(wifiMac.toUpperCase());
    });
    expect(new Set(keys).size).toBe(keys.length);
    const stayed = EXPECTED.map(({ wifiMac = '' }) => wifiMac.toUpperCase()).filter((mac) => !turned.has(mac));
    expect(keys.filter((key) => !turned.has(key)).toSorted()).toEqual(stayed.toSorted());
  });
});

describe('a device', () => {
  test('by address is given by each that it has; by GUID without any', async () => {
    const site = await iseInMemory();
    const docked = { ...noncompliant(1), ethernetMac: aMac('a0b1c2d3e4f6') };
    const { wifiMac: _, ...without } = noncompliant(2);
    await site.store(docked, without);
    expect((await listed(site, 'macaddress')).keys.toSorted()).toEqual(['A0B100000001', 'A0B1C2D3E4F6']);
    expect((await listed(site, 'guid')).keys.toSorted()).toEqual([docked.id, without.id].toSorted());
  });

  test('that is compliant again, or gone, is not on the list, although its entry may be', async () => {
    const site = await iseInMemory();
    await site.store(noncompliant(1));
    await turn(site, { ...noncompliant(1), complianceState: 'compliant' });
    expect((await listed(site, 'guid')).keys).toEqual([]);
  });

  test('that an operator blocks is on the list of that site, whatever its state', async () => {
    const site = await iseInMemory();
    await site.store(aDeviceOfFleet(1), aDeviceOfFleet(2));
    const branch = await site.join('ise-branch', 'branch');
    const until = new Date(site.clock.now().getTime() + 3_600_000).toISOString();
    const block = (target: object) =>
      site.app.makeOverride(site.administrator, JSON.stringify({ ...target, block: true, until, reason: 'x' }));
    await block({ device: aDeviceOfFleet(1).id, site: 'hq' });
    await block({ mac: 'a0b100000002', site: 'hq' });
    site.clock.advance(61_000);
    expect((await listed(site, 'guid')).keys.toSorted()).toEqual([aDeviceOfFleet(1).id, aDeviceOfFleet(2).id]);
    expect(keysOf(await site.get(listBy('guid'), branch), 'guid')).toEqual([]);
  });

  test('by the settings’ states: one in its grace period is on the list where that does not count', async () => {
    const device = aDevice({ complianceState: 'inGracePeriod' });
    const [usual, strict] = [await iseInMemory(), await iseInMemory({ ISE_COMPLIANT_STATES: 'compliant' })];
    for (const site of [usual, strict]) await site.store(device);
    expect((await listed(usual, 'guid')).keys).toEqual([]);
    expect((await listed(strict, 'guid')).keys).toEqual([device.id]);
  });
});

describe('the index', () => {
  async function keep(site: IseInMemory): Promise<string> {
    const deps = {
      devices: new TableDeviceStore(site.tables.devices),
      identities: new TableIdentityStore(site.tables.identities),
      index: new TableNoncompliantIndex(site.tables.devices),
      tasks: new TableTaskStore(site.tables.polling),
      maxCheckInAgeMs: 30 * 24 * 3_600_000,
      clock: site.clock,
      random: { fraction: () => 0, hex: (bytes: number) => 'ab'.repeat(bytes) },
      log: site.log,
    };
    return keepNoncompliantIndex(deps, { budgetMs: 10_000, leaseMs: 60_000 });
  }
  async function entries(site: IseInMemory): Promise<string[]> {
    const index = new TableNoncompliantIndex(site.tables.devices);
    const pages = await Promise.all(SHARDS.map((shard) => index.listNoncompliant(shard, shard, 1_000)));
    return pages.flatMap((page) => page.entries.map(({ id }) => id)).toSorted();
  }

  test('gets what an earlier version wrote, and what fell silent; it loses what counts no more', async () => {
    const site = await iseInMemory();
    const [bad, silent, good, turned] = [1, 2, 3, 4].map(noncompliant) as [Device, Device, Device, Device];
    const quiet: Device = { ...silent, complianceState: 'compliant', lastSyncAt: '2026-01-01T00:00:00.000Z' };
    await site.store(bad, quiet, { ...good, complianceState: 'compliant' }, turned);
    await turn(site, { ...turned, complianceState: 'compliant' });
    const index = new TableNoncompliantIndex(site.tables.devices);
    const [own] = (await index.listNoncompliant(deviceHash(bad).charAt(0), deviceHash(bad), 1)).entries;
    await index.remove([own as NoncompliantEntry]);
    expect(await entries(site)).toEqual([turned.id]);
    expect(await keep(site)).toBe('complete');
    expect(await entries(site)).toEqual([bad.id, quiet.id]);
    expect((await listed(site, 'guid')).keys.toSorted()).toEqual([bad.id, quiet.id]);
  });

  test('is gone through once a day', async () => {
    const site = await iseInMemory();
    expect(await keep(site)).toBe('complete');
    expect(await keep(site)).toBe('idle');
    site.clock.advance(24 * 3_600_000 + 1);
    expect(await keep(site)).toBe('complete');
  });

  test('keeps an entry that was written again since it was read', async () => {
    const site = await iseInMemory();
    await site.store(noncompliant(1));
    const index = new TableNoncompliantIndex(site.tables.devices);
    const shard = deviceHash(noncompliant(1)).charAt(0);
    const { entries: before } = await index.listNoncompliant(shard, shard, 10);
    await turn(site, { ...noncompliant(1), name: 'other' });
    await index.remove(before);
    expect(await entries(site)).toEqual([noncompliant(1).id]);
  });
});

describe('the cursor', () => {
  const entry = (hash: string): NoncompliantEntry => ({ hash, source: 'intune', id: hash, etag: '' });

  test('fits into 31 bits and leads back to its hash and its shard', () => {
    expect(cursorOfHash('ffffffffffffffff')).toBe(2_147_483_647);
    expect(hashAt(2_147_483_647)).toBe('fffffffe');
    expect(hashAt(0)).toBe('00000000');
    expect(shardsFrom(0)).toEqual(SHARDS);
    expect(shardsFrom(cursorOfHash('e000000000000000'))).toEqual(['e', 'f']);
  });

  test('never parts devices that have the same', () => {
    const [a, b, c] = ['1000000000000000', '1000000100000000', '2000000000000000'].map(entry);
    const known = [a, b, c] as NoncompliantEntry[];
    expect(pageOf(known, true, 3)).toEqual({ entries: known });
    expect(pageOf(known, true, 2)).toEqual({ entries: [a, b], next: cursorOfHash('2000000000000000') });
    expect(pageOf(known, true, 1)).toEqual({ entries: [a, b, c], next: cursorOfHash('1000000000000000') + 1 });
    expect(pageOf(known, false, 3)).toEqual({ entries: [a, b], next: cursorOfHash('2000000000000000') });
  });
});
