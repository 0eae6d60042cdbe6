// An MDM server as a source: each of its abilities against the simulated server over HTTPS.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ServedDevice } from '../../../local/mdm-server/served-device.ts';
import { ciscoMdmSource } from '../../../shared/adapters/cisco-mdm/open-cisco-mdm-source.ts';
import type { MdmSource } from '../../../shared/ports/mdm-source.ts';
import { aMac } from '../../support/a-device.ts';
import { type AskedMdm, FAST, startAskedMdm } from '../../support/asked-mdm.ts';

let mdm: AskedMdm;

beforeAll(async () => {
  mdm = await startAskedMdm({ fleetSize: 60 });
});
afterEach(() => {
  mdm.server.behaveAsUsual();
  mdm.server.clearScripts();
});
afterAll(() => mdm[Symbol.asyncDispose]());

const source = (listsAll = true): MdmSource =>
  ciscoMdmSource(mdm.client(), mdm.clock, { name: 'meraki', preset: FAST, listsAll });
const device = (name: string): ServedDevice => mdm.server.fleet.get(name);
const macOf = ({ macAddresses: [mac = ''] }: ServedDevice) => aMac(mac);
const STRANGER = '00000000-0000-4000-8000-00000000dead';

/** Fails for an ability that is not there. */
function having<T>(ability: T | undefined): T {
  if (ability === undefined) throw new Error('the source has not this ability');
  return ability;
}

describe('verdicts', () => {
  test('are those of the server, by id and by address, in a lookup as well', async () => {
    const { verdicts, live } = source();
    const [good, bad] = [device('MDM-00001'), device('MDM-00004')];
    const { readByDeviceId, readByMac } = having(verdicts);
    expect((await readByDeviceId(good.guid)).device).toEqual({ id: good.guid, mac: macOf(good), compliant: true });
    expect((await readByMac(macOf(bad))).device).toEqual({ id: bad.guid, mac: macOf(bad), compliant: false });
    expect(await readByDeviceId(STRANGER)).not.toHaveProperty('device');
    const lookup = having(live)(async () => undefined);
    expect((await lookup.readByDeviceId(bad.guid, { signal: AbortSignal.timeout(30_000) })).device?.compliant).toBe(
      false,
    );
  });

  test('of version 2 name the device by its address, also where the answer does not repeat it', async () => {
    for (const keyEcho of ['inDevice', 'none'] as const) {
      mdm.server.behave({ newestVersion: 2, keyEcho });
      const mac = macOf(device('MDM-00001'));
      const { readByMac, readByDeviceId } = having(source().verdicts);
      expect((await readByMac(mac)).device).toEqual({ id: `address-${mac}`, mac, compliant: true });
      expect((await readByDeviceId(`address-${mac}`)).device).toEqual({ id: `address-${mac}`, mac, compliant: true });
    }
  });
});

test('ids of its own form alone are worth a question', () => {
  const { isDeviceId } = source();
  expect(['address-a0b1c2d3e4f5', STRANGER, '564797'].map((id) => isDeviceId(id))).toEqual([true, true, true]);
  expect(['', '../x', 'A', 'x'.repeat(65), 'mac-a0b1c2d3e4f5'].some((id) => isDeviceId(id))).toBe(false);
});

describe('point reads', () => {
  test('bring the whole record, say who is absent, and one that fails spoils no other', async () => {
    const [first, second] = [device('MDM-00001'), device('MDM-00002')];
    mdm.server.script({ target: 'device', status: 500, skip: 3 });
    const { readDevices } = having(source().devices);
    const ids = [first.guid, STRANGER, second.guid];
    const readings = await readDevices(ids);
    expect(readings.map(({ id, kind }) => [id, kind])).toEqual([
      [first.guid, 'found'],
      [STRANGER, 'absent'],
      [second.guid, 'found'],
    ]);
    expect(readings[0]).toMatchObject({
      device: { source: 'meraki', id: first.guid, wifiMac: macOf(first), serialNumber: first.serialNumber },
    });
    const [failed] = await readDevices([first.guid]);
    expect(failed).toMatchObject({ kind: 'failed', error: { code: 'NAC_SOURCE_UNAVAILABLE' } });
  });
});

describe('the noncompliant list', () => {
  async function listed(): Promise<{ ids: unknown[]; problems: number }> {
    const { listNoncompliant } = having(source().noncompliant);
    const ids: unknown[] = [];
    let problems = 0;
    let cursor: string | undefined;
    do {
      const page = await listNoncompliant(cursor);
      ids.push(...page.devices.map(({ id }) => id));
      problems += page.problems.length;
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return { ids, problems };
  }
  const noncompliant = (): string[] =>
    mdm.server.fleet
      .all()
      .filter(({ compliant }) => compliant === false)
      .map(({ guid }) => guid);

  test('is whole in pages', async () => {
    mdm.server.behave({ queryMaxSize: 4 });
    expect(await listed()).toEqual({ ids: noncompliant(), problems: 0 });
  });

  test('takes in no device whose own verdict is another one: the server ignored the question', async () => {
    const guid = '11111111-1111-4111-8111-111111111111';
    const lying = `<ise_api><name>attributes</name><deviceList><device><guid>${guid}</guid><attributes>
      <register_status>true</register_status><compliance><status>true</status></compliance></attributes></device></deviceList></ise_api>`;
    mdm.server.script({ target: 'list', status: 200, body: lying });
    expect(await listed()).toEqual({ ids: [], problems: 1 });
  });
});

describe('the list of all devices', () => {
  test('is there where the operator says that the server has one', () => {
    expect(source(false).list).toBeUndefined();
  });

  test('brings each device once, with a fingerprint that moves with its content', async () => {
    mdm.server.behave({ queryMaxSize: 7 });
    const readAll = async (): Promise<Map<string, number>> => {
      const { listDevices } = having(source().list);
      const found = new Map<string, number>();
      let cursor: string | undefined;
      do {
        const page = await listDevices(cursor);
        for (const { key, fingerprint, read } of page.records) {
          expect(read().device).toMatchObject({ source: 'meraki', id: key?.id });
          found.set(key?.id ?? '', fingerprint);
        }
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      return found;
    };
    const before = await readAll();
    expect([...before.keys()].toSorted()).toEqual(
      mdm.server.fleet
        .all()
        .map(({ guid }) => guid)
        .toSorted(),
    );
    const changed = device('MDM-00002');
    mdm.server.fleet.change(changed.guid, { compliant: false });
    const after = await readAll();
    mdm.server.fleet.change(changed.guid, { compliant: true });
    expect([...after].filter(([id, fingerprint]) => before.get(id) !== fingerprint).map(([id]) => id)).toEqual([
      changed.guid,
    ]);
  });

  test('a record that contradicts itself keeps what is stored of its device', async () => {
    mdm.server.behave({ repeatedElements: 'different' });
    const { records } = await having(source().list).listDevices(undefined);
    expect(records.length).toBeGreaterThan(0);
    for (const { key, read } of records) {
      expect(key?.source).toBe('meraki');
      expect(read()).toMatchObject({ problems: [{ id: key?.id, field: 'compliance' }] });
      expect(read().device).toBeUndefined();
    }
  });
});
