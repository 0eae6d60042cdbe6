// Whatever the simulated MDM server does against Cisco's descriptions, the client stays right: it reads what can be
// read, says by a code what cannot, and never takes a failure for "not enrolled". Each switch of the server is tried
// here; the type of SWITCHES has one entry for each.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ServedDevice } from '../../../local/mdm-server/served-device.ts';
import type { ServerBehaviour } from '../../../local/mdm-server/server-behaviour.ts';
import type { ServerScript } from '../../../local/mdm-server/server-script.ts';
import { listNoncompliant } from '../../../shared/adapters/cisco-mdm/list-pages.ts';
import type { MdmClient } from '../../../shared/adapters/cisco-mdm/mdm-client.ts';
import { readOne } from '../../../shared/adapters/cisco-mdm/read-one.ts';
import { SourceError } from '../../../shared/errors.ts';
import { type AskedMdm, startAskedMdm } from '../../support/asked-mdm.ts';

let mdm: AskedMdm;

beforeAll(async () => {
  mdm = await startAskedMdm({ fleetSize: 30 });
});
afterEach(() => {
  mdm.server.behaveAsUsual();
  mdm.server.clearScripts();
});
afterAll(() => mdm[Symbol.asyncDispose]());

const STRANGER = 'a4bb6dffffff';
const device = (name: string): ServedDevice => mdm.server.fleet.get(name);
const compliantOne = (): ServedDevice => device('MDM-00001');
const noncompliantOne = (): ServedDevice => device('MDM-00004');
const noncompliantIds = (): readonly string[] =>
  mdm.server.fleet
    .all()
    .filter(({ compliant }) => compliant === false)
    .map(({ guid }) => guid);

interface Seen {
  /** Verdicts on a compliant device, a noncompliant one, and one that is not enrolled; or the code of the error. */
  readonly byGuid: readonly unknown[];
  readonly byMac: readonly unknown[];
  /** Ids of the noncompliant list, or the code of the error. */
  readonly list: unknown;
}

const codeOrThrow = (thrown: unknown): string => {
  if (thrown instanceof SourceError) return thrown.code;
  throw thrown;
};

async function verdict(client: MdmClient, criterion: 'guid' | 'macaddress', value: string): Promise<unknown> {
  return readOne(client, mdm.clock, criterion, value.toLowerCase()).then(
    ({ device: found }) => (found === undefined ? 'absent' : found.compliant),
    codeOrThrow,
  );
}

async function list(client: MdmClient): Promise<unknown> {
  const ids: unknown[] = [];
  let cursor: string | undefined;
  try {
    do {
      const { answer, nextCursor } = await listNoncompliant(client, mdm.clock, cursor);
      ids.push(...answer.devices.map(({ id }) => id));
      cursor = nextCursor;
    } while (cursor !== undefined && ids.length < 1_000);
  } catch (thrown) {
    return codeOrThrow(thrown);
  }
  return cursor === undefined ? ids : 'many pages';
}

/** Each question with a client of its own, so that no pause or memory of one shows in another. */
async function look(): Promise<Seen> {
  const stranger = '00000000-0000-4000-8000-00000000dead';
  const guids = [compliantOne().guid, noncompliantOne().guid, stranger];
  const macs = [compliantOne(), noncompliantOne()].map(({ macAddresses: [mac = ''] }) => mac);
  return {
    byGuid: await Promise.all(guids.map((guid) => verdict(mdm.client(), 'guid', guid))),
    byMac: await Promise.all([...macs, STRANGER].map((mac) => verdict(mdm.client(), 'macaddress', mac))),
    list: await list(mdm.client()),
  };
}

const right = (): Seen => ({
  byGuid: [true, false, 'absent'],
  byMac: [true, false, 'absent'],
  list: noncompliantIds(),
});
const refused = (code: string): Seen => ({
  byGuid: [code, code, code],
  byMac: [code, code, code],
  list: code,
});
const singles = (verdicts: readonly unknown[]): Seen => ({ ...right(), byGuid: verdicts, byMac: verdicts });
const listIs = (expected: unknown): Seen => ({ ...right(), list: expected });

type Trial = readonly [change: Partial<ServerBehaviour>, expected: () => Seen];
const stays = (...changes: Partial<ServerBehaviour>[]): Trial[] => changes.map((change) => [change, right]);

const UNREADABLE = 'NAC_SOURCE_PAGE';

const SWITCHES: Readonly<Record<keyof ServerBehaviour, readonly Trial[]>> = {
  newestVersion: stays({ newestVersion: 3 }, { newestVersion: 9 }),
  versionAnswer: [
    ...stays({ versionAnswer: 'own', newestVersion: 9 }),
    [{ versionAnswer: 'absent' }, () => refused('NAC_SOURCE_DIALECT')],
  ],
  informationByParameter: [
    // Without the parameter an asker is of version 1, which has no GUID: the server answers all the same.
    [
      { informationByParameter: false },
      () => ({
        byGuid: ['absent', 'absent', 'absent'],
        byMac: [true, false, 'absent'],
        list: mdm.server.fleet
          .all()
          .filter(({ compliant }) => compliant === false)
          .map(({ macAddresses: [mac = ''] }) => `address-${mac.toLowerCase()}`),
      }),
    ],
  ],
  apiPath: [
    ...stays({ apiPath: '/api' }, { apiPath: '/appstore/ciscoise' }),
    [{ apiPath: 'https://evil.example/api' }, () => refused('NAC_SOURCE_DIALECT')],
    [{ apiPath: '//evil.example/api' }, () => refused('NAC_SOURCE_DIALECT')],
    [{ apiPath: '/api/../../admin' }, () => refused('NAC_SOURCE_DIALECT')],
  ],
  queryMaxSize: stays({ queryMaxSize: 1 }, { queryMaxSize: 0 }, { queryMaxSize: 100_000 }),
  xmlNames: stays({ xmlNames: 'capitalised' }, { xmlNames: 'upperCase' }),
  namespace: stays({ namespace: 'default' }, { namespace: 'prefix' }),
  keyEcho: [
    ...stays({ keyEcho: 'inDevice' }, { keyEcho: 'inAttributes' }),
    // A single answer needs no key; a list without keys names no device.
    [{ keyEcho: 'none' }, () => listIs(noncompliantIds().map(() => undefined))],
  ],
  attributes: stays({ attributes: 'verdictOnly' }),
  repeatedElements: [
    ...stays({ repeatedElements: 'same' }),
    [
      { repeatedElements: 'different' },
      () => ({ ...singles(['NAC_SOURCE_RECORD', 'NAC_SOURCE_RECORD', 'absent']), list: [] }),
    ],
  ],
  unknownDevice: [
    ...stays({ unknownDevice: 'noList' }, { unknownDevice: 'notRegistered' }),
    // No proof of absence: the path may be gone as well.
    [{ unknownDevice: 'notFound' }, () => singles([true, false, 'NAC_SOURCE_UNAVAILABLE'])],
  ],
  answersOther: [[{ answersOther: true }, () => singles(Array(3).fill('NAC_SOURCE_RECORD'))]],
  lastPage: stays({ lastPage: 'absent' }, { lastPage: 'empty' }),
  ignoresPageSize: stays({ ignoresPageSize: true, queryMaxSize: 2 }),
  repeatedPage: [[{ repeatedPage: 2, queryMaxSize: 2 }, () => listIs('NAC_SOURCE_PAGE_LOOP')]],
  listNeverEnds: [],
  listGoesRound: [],
  busySeconds: [
    [
      { busySeconds: 30, busyAnswer: 'whole' },
      () => ({
        ...right(),
        byGuid: [true, false, 'NAC_SOURCE_THROTTLED'],
        byMac: [true, false, 'NAC_SOURCE_THROTTLED'],
      }),
    ],
  ],
  busyAnswer: [[{ busySeconds: 30, busyAnswer: 'noDevices' }, () => refused('NAC_SOURCE_THROTTLED')]],
  requestLimit: [[{ requestLimit: 0 }, () => refused('NAC_SOURCE_THROTTLED')]],
  retryAfter: [
    [{ requestLimit: 0, retryAfter: 'none' }, () => refused('NAC_SOURCE_THROTTLED')],
    [{ requestLimit: 0, retryAfter: 'date' }, () => refused('NAC_SOURCE_THROTTLED')],
  ],
  redirectTo: [
    [{ redirectTo: 'https://evil.example/' }, () => refused('NAC_SOURCE_REDIRECTED')],
    [{ redirectTo: '/login' }, () => refused('NAC_SOURCE_REDIRECTED')],
    [{ redirectTo: 'http://[' }, () => refused('NAC_SOURCE_REDIRECTED')],
  ],
  document: (['doctype', 'entity', 'deep', 'huge', 'html', 'json', 'otherName', 'twoRoots'] as const).map(
    (document) => [{ document }, () => refused(UNREADABLE)],
  ),
};

const trials = Object.entries(SWITCHES).flatMap(([, each]) => each);

test('a server in good health is read', async () => {
  expect(await look()).toEqual(right());
});

test.each(trials)('the client stays right with %j', async (change, expected) => {
  mdm.server.behave(change);
  expect(await look()).toEqual(expected());
});

describe('a list without end', () => {
  test.each<[string, Partial<ServerBehaviour>]>([
    ['listNeverEnds', { listNeverEnds: true, queryMaxSize: 2 }],
    ['listGoesRound', { listGoesRound: true, queryMaxSize: 2 }],
  ])('%s: its cursor counts pages, and the ten-thousandth is the last', async (_, change) => {
    mdm.server.behave(change);
    const client = mdm.client();
    const { nextCursor = '' } = await listNoncompliant(client, mdm.clock);
    expect(nextCursor).toMatch(/^0\.2\.\d+$/);
    const last = nextCursor.replace('.2.', '.10000.');
    await expect(listNoncompliant(client, mdm.clock, last)).rejects.toMatchObject({ code: 'NAC_SOURCE_PAGE_LOOP' });
  });
});

describe('a server that asks for quiet', () => {
  const askOnce = (client: MdmClient) => readOne(client, mdm.clock, 'guid', compliantOne().guid);

  test.each<[string, Partial<ServerBehaviour>]>([
    ['Retry-After in seconds', { requestLimit: 0, retryAfter: 'seconds' }],
    ['Retry-After as a date', { requestLimit: 0, retryAfter: 'date' }],
    ['server_busy_wait_seconds', { busySeconds: 30, busyAnswer: 'noDevices' }],
  ])('gets it for thirty seconds: %s', async (_, change) => {
    const client = mdm.client();
    await client.information();
    mdm.server.behave(change);
    await expect(askOnce(client)).rejects.toMatchObject({ code: 'NAC_SOURCE_THROTTLED' });
    mdm.server.behaveAsUsual();
    const before = mdm.server.questions.length;
    mdm.stopwatch.pass(29_000);
    const error = await askOnce(client).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'NAC_SOURCE_THROTTLED', retryAfterMs: expect.any(Number) });
    expect((error as SourceError).retryAfterMs).toBeLessThanOrEqual(2_000);
    expect(mdm.server.questions.length).toBe(before);
    mdm.stopwatch.pass(2_000);
    expect((await askOnce(client)).device?.compliant).toBe(true);
  });

  test('for years is asked again after an hour', async () => {
    const client = mdm.client();
    mdm.server.behave({ busySeconds: 1_000_000 });
    expect((await askOnce(client)).device?.compliant).toBe(true);
    mdm.server.behaveAsUsual();
    await expect(askOnce(client)).rejects.toMatchObject({ code: 'NAC_SOURCE_THROTTLED' });
    mdm.stopwatch.pass(3_600_000);
    expect((await askOnce(client)).device?.compliant).toBe(true);
  });
});

describe('an account', () => {
  test('that is refused is tried once a minute: servers lock accounts', async () => {
    const client = mdm.client({ password: 'wrong' });
    const before = mdm.server.questions.length;
    for (let n = 0; n < 5; n += 1) {
      await expect(client.information()).rejects.toMatchObject({ code: 'NAC_SOURCE_UNAUTHORIZED' });
    }
    expect(mdm.server.questions.length).toBe(before + 1);
    mdm.stopwatch.pass(60_000);
    await expect(client.information()).rejects.toMatchObject({ code: 'NAC_SOURCE_UNAUTHORIZED' });
    expect(mdm.server.questions.length).toBe(before + 2);
  });

  test('is sent to no host but the one that the operator named', async () => {
    await using other = await startAskedMdm({ fleetSize: 1 });
    mdm.server.behave({ redirectTo: `${other.server.address}/ciscoise/mdminfo` });
    await expect(mdm.client().information()).rejects.toMatchObject({ code: 'NAC_SOURCE_REDIRECTED' });
    mdm.server.behave({ redirectTo: null, apiPath: `${other.server.address}/api` });
    await expect(mdm.client().information()).rejects.toMatchObject({ code: 'NAC_SOURCE_DIALECT' });
    expect(other.server.questions).toEqual([]);
  });

  test('stands in no error', async () => {
    const { password } = mdm.server;
    const errors: unknown[] = [];
    for (const change of [{ document: 'html' }, { redirectTo: '/x' }, { apiPath: 'x' }, { requestLimit: 0 }] as const) {
      mdm.server.behaveAsUsual();
      mdm.server.behave(change);
      errors.push(
        await mdm
          .client()
          .information()
          .catch((thrown: unknown) => thrown),
      );
    }
    const shown = errors
      .map((error) => (error instanceof SourceError ? `${error.message} ${error.action}` : ''))
      .join();
    expect(shown).toContain('mdminfo');
    expect(shown).not.toContain(password);
  });
});

describe('an answer that is spoilt on its way', () => {
  test.each<[string, Omit<ServerScript, 'target'>, string]>([
    ['truncated', { damage: 'truncated' }, UNREADABLE],
    ['cut', { damage: 'cut' }, 'NAC_SOURCE_UNREACHABLE'],
    ['reset', { damage: 'reset' }, 'NAC_SOURCE_UNREACHABLE'],
    ['401', { status: 401 }, 'NAC_SOURCE_UNAUTHORIZED'],
    ['403', { status: 403 }, 'NAC_SOURCE_FORBIDDEN'],
    ['404', { status: 404 }, 'NAC_SOURCE_UNAVAILABLE'],
    ['429', { status: 429 }, 'NAC_SOURCE_THROTTLED'],
    ['500', { status: 500, body: '<ise_api/>' }, 'NAC_SOURCE_UNAVAILABLE'],
    ['503 without Retry-After', { status: 503 }, 'NAC_SOURCE_UNAVAILABLE'],
    ['503 with Retry-After', { status: 503, headers: { 'retry-after': '7' } }, 'NAC_SOURCE_THROTTLED'],
    ['204', { status: 204 }, 'NAC_SOURCE_UNAVAILABLE'],
    ['nothing at all', { status: 200 }, UNREADABLE],
  ])('%s proves no absence, neither of a device nor of a list', async (_, script, code) => {
    for (const target of ['device', 'list'] as const) {
      mdm.server.script({ target, ...script });
      const client = mdm.client();
      expect(target === 'device' ? await verdict(client, 'guid', compliantOne().guid) : await list(client)).toBe(code);
    }
  });
});

test('a second page that fails is asked for again at its place', async () => {
  mdm.server.behave({ queryMaxSize: 3 });
  const client = mdm.client();
  const { nextCursor } = await listNoncompliant(client, mdm.clock);
  mdm.server.script({ target: 'list', status: 500 });
  await expect(listNoncompliant(client, mdm.clock, nextCursor)).rejects.toMatchObject({
    code: 'NAC_SOURCE_UNAVAILABLE',
  });
  const { answer } = await listNoncompliant(client, mdm.clock, nextCursor);
  expect(answer.devices.map(({ id }) => id)).toEqual(noncompliantIds().slice(3, 6));
});
