// The client of Cisco's MDM dialect against the simulated MDM server over real HTTPS, in versions 1 to 3.

import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ServedDevice } from '../../../local/mdm-server/served-device.ts';
import { listAll, listNoncompliant, type MdmPage } from '../../../shared/adapters/cisco-mdm/list-pages.ts';
import type { MdmClient } from '../../../shared/adapters/cisco-mdm/mdm-client.ts';
import type { DeviceCriterion } from '../../../shared/adapters/cisco-mdm/questions.ts';
import { readById, readOne } from '../../../shared/adapters/cisco-mdm/read-one.ts';
import { toDevice } from '../../../shared/adapters/cisco-mdm/to-device.ts';
import type { DialectVersion } from '../../../shared/domain/mdm-dialect.ts';
import { type AskedMdm, FAST, startAskedMdm } from '../../support/asked-mdm.ts';

let mdm: AskedMdm;

beforeAll(async () => {
  mdm = await startAskedMdm({ fleetSize: 250 });
});
afterEach(() => {
  mdm.server.behaveAsUsual();
  mdm.server.clearScripts();
});
afterAll(() => mdm[Symbol.asyncDispose]());

const device = (name: string): ServedDevice => mdm.server.fleet.get(name);
const macOf = ({ macAddresses: [mac = ''] }: ServedDevice): string => mac.toLowerCase();

function ask(client: MdmClient, criterion: DeviceCriterion, value: string) {
  return readOne(client, mdm.clock, criterion, value);
}

async function wholeList(
  client: MdmClient,
  readPage: (client: MdmClient, clock: AskedMdm['clock'], cursor?: string) => Promise<MdmPage>,
): Promise<(string | undefined)[]> {
  const listed: (string | undefined)[] = [];
  let cursor: string | undefined;
  do {
    const { answer, nextCursor } = await readPage(client, mdm.clock, cursor);
    expect([answer.problems, answer.rejected]).toEqual([[], []]);
    listed.push(...answer.devices.map(({ id }) => id));
    cursor = nextCursor;
  } while (cursor !== undefined);
  return listed.toSorted();
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'no error',
    (thrown: { readonly code?: string }) => thrown.code ?? String(thrown),
  );
}

describe.each<[DialectVersion]>([[1], [2], [3]])('version %i', (version) => {
  const idOf = (one: ServedDevice): string => (version === 3 ? one.guid : `address-${macOf(one)}`);

  test.each([[true], [false]])(
    'is negotiated, where mdminfo knows the parameter: %s',
    async (informationByParameter) => {
      mdm.server.behave({ newestVersion: version, informationByParameter: informationByParameter || version > 1 });
      expect((await mdm.client().information()).version).toBe(version);
    },
  );

  test('a device is found by each key that the version has, with all that is kept of it', async () => {
    mdm.server.behave({ newestVersion: version });
    const client = mdm.client();
    const wanted = mdm.server.fleet.all().find(({ imei, compliant }) => imei !== '' && compliant === false);
    if (wanted === undefined) throw new Error('no such device was made');
    const keys: [DeviceCriterion, string, number][] = [
      ['macaddress', macOf(wanted), 1],
      ['udid', wanted.udid, 2],
      ['imei', wanted.imei, 2],
      ['meid', wanted.meid, 2],
      ['guid', wanted.guid, 3],
    ];
    for (const [criterion, value, since] of keys) {
      const { device: found, asked } = await ask(client, criterion, value);
      expect([criterion, asked, found?.id]).toEqual([
        criterion,
        version >= since,
        version >= since ? idOf(wanted) : undefined,
      ]);
      if (found === undefined) continue;
      const [operatingSystem, osVersion] = wanted.osVersion.split(' ');
      expect(toDevice('mdm', found)).toEqual({
        source: 'mdm',
        id: idOf(wanted),
        complianceState: 'noncompliant',
        wifiMac: macOf(wanted),
        imei: wanted.imei,
        jailBroken: 'false',
        operatingSystem,
        osVersion,
        pinLocked: wanted.pinLocked,
        ...(version >= 2 && { manufacturer: wanted.manufacturer }),
        ...(version >= 2 && wanted.phoneNumber !== '' && { phoneNumber: wanted.phoneNumber }),
        ...(version >= 2 && { isEncrypted: false, model: wanted.model, meid: wanted.meid }),
        ...(version >= 2 && { udid: wanted.udid, serialNumber: wanted.serialNumber }),
        ...(version >= 3 && { lastSyncAt: new Date(wanted.lastCheckIn).toISOString() }),
      });
    }
  });

  test('a device that is not enrolled is not there', async () => {
    mdm.server.behave({ newestVersion: version });
    const client = mdm.client();
    expect(await ask(client, 'macaddress', 'a4bb6dffffff')).toMatchObject({ asked: true });
    expect(await ask(client, 'macaddress', 'a4bb6dffffff')).not.toHaveProperty('device');
  });

  test.each([[7], [100], [1000]])('the noncompliant list is whole in pages of %i', async (queryMaxSize) => {
    mdm.server.behave({ newestVersion: version, queryMaxSize });
    const expected = mdm.server.fleet.all().filter(({ compliant }) => compliant === false);
    expect(await wholeList(mdm.client(), listNoncompliant)).toEqual(expected.map(idOf).toSorted());
  });

  test('every device is listed once', async () => {
    mdm.server.behave({ newestVersion: version });
    expect(await wholeList(mdm.client(), listAll)).toEqual(mdm.server.fleet.all().map(idOf).toSorted());
  });

  test('a device is read again by the id that it was given', async () => {
    mdm.server.behave({ newestVersion: version });
    const wanted = device('MDM-00001');
    expect((await readById(mdm.client(), mdm.clock, idOf(wanted))).device).toMatchObject({ compliant: true });
  });
});

test('an instance is part of the address', async () => {
  await using other = await startAskedMdm({ fleetSize: 1, instance: '/emea' });
  expect((await other.client().information()).version).toBe(3);
  const outside = other.client({ address: other.server.address.replace('/emea', '') });
  expect(await codeOf(outside.information())).toBe('NAC_SOURCE_DIALECT');
});

test('what mdminfo said is asked again after a quarter of an hour, and when the server has moved', async () => {
  const client = mdm.client();
  const asked = () => mdm.server.questions.filter(({ kind }) => kind === 'information').length;
  const before = asked();
  await ask(client, 'guid', device('MDM-00001').guid);
  await ask(client, 'guid', device('MDM-00002').guid);
  expect(asked()).toBe(before + 1);
  mdm.stopwatch.pass(900_000);
  await ask(client, 'guid', device('MDM-00001').guid);
  expect(asked()).toBe(before + 2);
  mdm.server.behave({ apiPath: '/moved/api' });
  expect(await codeOf(ask(client, 'guid', device('MDM-00001').guid))).toBe('NAC_SOURCE_UNAVAILABLE');
  expect((await ask(client, 'guid', device('MDM-00001').guid)).device?.compliant).toBe(true);
});

test('one negotiation serves all who ask at once', async () => {
  const client = mdm.client();
  const before = mdm.server.questions.length;
  await Promise.all(Array.from({ length: 20 }, () => client.information()));
  expect(mdm.server.questions.length).toBe(before + 1);
});

describe('a server that went back to version 2', () => {
  test('says nothing of a device that is known by its GUID', async () => {
    mdm.server.behave({ newestVersion: 2 });
    expect(await codeOf(readById(mdm.client(), mdm.clock, device('MDM-00001').guid))).toBe('NAC_SOURCE_DIALECT');
  });
});

describe('the pace', () => {
  const SLOW = { ...FAST, pace: { capacity: 2, perSecond: 1 } };

  test('is kept by those who can wait', async () => {
    const client = mdm.client({ preset: SLOW });
    await client.information();
    const before = mdm.server.questions.length;
    const answers = ['MDM-00001', 'MDM-00002', 'MDM-00003'].map((name) => ask(client, 'guid', device(name).guid));
    await answers[0];
    expect([mdm.server.questions.length - before, mdm.stopwatch.waiting]).toEqual([1, 2]);
    mdm.stopwatch.pass(1_000);
    await answers[1];
    expect([mdm.server.questions.length - before, mdm.stopwatch.waiting]).toEqual([2, 1]);
    mdm.stopwatch.pass(1_000);
    expect((await Promise.all(answers)).every((one) => one.device !== undefined)).toBe(true);
  });

  test('refuses those who cannot wait, and takes no turn from others', async () => {
    const client = mdm.client({ preset: SLOW });
    await client.information();
    const { signal } = new AbortController();
    const hurried = () => readOne(client, mdm.clock, 'guid', device('MDM-00001').guid, signal);
    await hurried();
    for (let n = 0; n < 5; n += 1) expect(await codeOf(hurried())).toBe('NAC_SOURCE_THROTTLED');
    mdm.stopwatch.pass(1_000);
    expect((await hurried()).device).toBeDefined();
  });
});

describe('a deadline', () => {
  const nextQuestion = async (before: number): Promise<void> => {
    await vi.waitFor(() => expect(mdm.server.questions.length).toBeGreaterThan(before), { timeout: 30_000 });
  };

  test('ends a call to a server that hangs, and the next call is not held up', async () => {
    const client = mdm.client({ callMs: 5_000 });
    mdm.server.script({ target: 'information', hang: true });
    const before = mdm.server.questions.length;
    const hanging = codeOf(client.information());
    await nextQuestion(before);
    mdm.stopwatch.pass(5_000);
    expect(await hanging).toBe('NAC_SOURCE_UNREACHABLE');
    expect((await client.information()).version).toBe(3);
  });

  test('ends a call to a server that stalls within its answer', async () => {
    const client = mdm.client({ callMs: 5_000 });
    await client.information();
    mdm.server.script({ target: 'device', damage: 'stalled' });
    const before = mdm.server.questions.length;
    const stalled = codeOf(ask(client, 'guid', device('MDM-00001').guid));
    await nextQuestion(before);
    mdm.stopwatch.pass(5_000);
    expect(await stalled).toBe('NAC_SOURCE_UNREACHABLE');
  });

  test('of an asker ends its own call alone', async () => {
    const client = mdm.client();
    mdm.server.script({ target: 'information', hang: true });
    const before = mdm.server.questions.length;
    const asker = new AbortController();
    const own = codeOf(client.information(asker.signal));
    const others = codeOf(client.information());
    asker.abort();
    expect(await own).toBe('NAC_SOURCE_UNREACHABLE');
    await nextQuestion(before);
    mdm.stopwatch.pass(20_000);
    expect(await others).toBe('NAC_SOURCE_UNREACHABLE');
    expect((await client.information()).version).toBe(3);
  });
});
