// Discovery and Compliance Retrieval over real HTTPS, against answers in every shape the service may give.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createGraphClient } from '../../../../shared/adapters/graph/graph-client.ts';
import { createServiceDiscovery } from '../../../../shared/adapters/graph/service-discovery.ts';
import { createComplianceRetrieval } from '../../../../shared/adapters/intune/compliance-retrieval.ts';
import { aMac, DEVICE_ID } from '../../../support/a-device.ts';
import { type AdjustableClock, adjustableClock } from '../../../support/adjustable-clock.ts';
import {
  type ScriptedHttps,
  type ScriptedReply,
  startScriptedHttps,
  tokensWith,
} from '../../../support/scripted-https.ts';

const AUDIENCE = 'https://api.manage.microsoft.com/';
const ROOT = '/TrafficGateway/ComplianceRetrievalService';
const HOUR = 3_600_000;

let peer: ScriptedHttps;
let endpoints: (root: string) => unknown;
let service: (target: string) => ScriptedReply;
let clock: AdjustableClock;

beforeAll(async () => {
  peer = await startScriptedHttps();
});
afterAll(() => peer[Symbol.asyncDispose]());
beforeEach(() => {
  clock = adjustableClock();
  peer.requests.length = 0;
  endpoints = (root) => ({ value: [{ providerName: 'ComplianceRetrievalService', uri: root }] });
  service = () => ({ body: answer() });
  peer.reply = ({ target }) =>
    target.startsWith('/v1.0/servicePrincipals/')
      ? { body: endpoints(`${peer.url}${ROOT}`) }
      : service(target.slice(ROOT.length));
});

function retrieval(trustedHosts: readonly string[] = ['localhost']) {
  const tokens = tokensWith('get_device_compliance');
  const graph = createGraphClient(peer.url, tokens, peer.transport);
  const discovery = createServiceDiscovery(graph, {
    providerName: 'ComplianceRetrievalService',
    trustedHosts,
    now: () => clock.now(),
  });
  return createComplianceRetrieval({ discovery, tokens, transport: peer.transport, audience: AUDIENCE, clock });
}

interface XmlDevice {
  readonly id?: string;
  readonly mac?: string;
  readonly registered?: boolean;
  readonly status?: boolean;
}

function answer(devices: readonly XmlDevice[] = [], pagingInfo = '0'): string {
  const list = devices.map(
    ({ id, mac, registered = true, status }) =>
      `<device>${id ? `<guid>${id}</guid>` : ''}${mac ? `<macaddress>${mac}</macaddress>` : ''}<Attributes>
       <register_status>${registered}</register_status><Compliance>${status === undefined ? '' : `<status>${status}</status>`}</Compliance>
       </Attributes></device>`,
  );
  return `<ise_api><name>attributes</name><paging_info>${pagingInfo}</paging_info><deviceList>${list.join('')}</deviceList></ise_api>`;
}

const discoveries = (): number => peer.requests.filter(({ target }) => target.startsWith('/v1.0/')).length;

describe('a device by its id', () => {
  test('is asked for as the service expects it, with the token of its own audience', async () => {
    service = () => ({ body: answer([{ id: DEVICE_ID.toUpperCase(), status: true }]) });
    expect(await retrieval().readByDeviceId(DEVICE_ID)).toMatchObject({ device: { id: DEVICE_ID, compliant: true } });
    const request = peer.requests.at(-1);
    expect(request?.target).toBe(`${ROOT}/cisco/devices/?paging=0&querycriteria=guid&value=${DEVICE_ID}&filter=all`);
    const payload = Buffer.from(String(request?.authorization.split('.')[1]), 'base64url').toString();
    expect(JSON.parse(payload)).toMatchObject({ aud: AUDIENCE });
  });

  test.each<[string, ScriptedReply]>([
    ['404', { status: 404 }],
    ['an empty list', { body: answer() }],
    ['register_status false', { body: answer([{ id: DEVICE_ID, registered: false, status: true }]) }],
  ])('with %s is not managed', async (_, reply) => {
    service = () => reply;
    expect(await retrieval().readByDeviceId(DEVICE_ID)).not.toHaveProperty('device');
  });

  test('without verdict has none', async () => {
    service = () => ({ body: answer([{ id: DEVICE_ID }]) });
    expect((await retrieval().readByDeviceId(DEVICE_ID)).device).toEqual({ id: DEVICE_ID });
  });

  test.each<[string, readonly XmlDevice[]]>([
    ['another device', [{ id: DEVICE_ID.replace('7', '8'), status: true }]],
    ['a device without id', [{ mac: 'A0B1C2D3E4F5', status: true }]],
    [
      'the same device twice',
      [
        { id: DEVICE_ID, status: true },
        { id: DEVICE_ID, status: false },
      ],
    ],
  ])('gets no verdict from an answer about %s', async (_, devices) => {
    service = () => ({ body: answer(devices) });
    await expect(retrieval().readByDeviceId(DEVICE_ID)).rejects.toMatchObject({ code: 'NAC_SOURCE_RECORD' });
  });

  test.each([
    [401, 'NAC_SOURCE_UNAUTHORIZED'],
    [403, 'NAC_SOURCE_FORBIDDEN'],
    [429, 'NAC_SOURCE_THROTTLED'],
    [503, 'NAC_SOURCE_UNAVAILABLE'],
    [500, 'NAC_SOURCE_UNAVAILABLE'],
    [302, 'NAC_SOURCE_UNAVAILABLE'],
  ])('answered with %i is %s', async (status, code) => {
    service = () => ({ status, headers: { 'retry-after': '9' } });
    await expect(retrieval().readByDeviceId(DEVICE_ID)).rejects.toMatchObject({ code, retryAfterMs: 9000 });
  });

  test('that never comes ends with the caller’s patience', async () => {
    service = () => ({ hang: true });
    const patience = new AbortController();
    const reading = retrieval().readByDeviceId(DEVICE_ID, { signal: patience.signal });
    patience.abort();
    await expect(reading).rejects.toMatchObject({ code: 'NAC_SOURCE_UNREACHABLE' });
  });
});

describe('a device by its address', () => {
  const MAC = aMac('00:50:56:a4:89:5a');

  test('brings the id with it', async () => {
    service = () => ({ body: answer([{ id: DEVICE_ID, status: false }]) });
    expect((await retrieval().readByMac(MAC)).device).toEqual({ id: DEVICE_ID, mac: MAC, compliant: false });
    expect(peer.requests.at(-1)?.target).toContain('querycriteria=macaddress&value=005056A4895A&');
  });

  test.each<[string, readonly XmlDevice[]]>([
    ['another address', [{ id: DEVICE_ID, mac: '005056A4895B', status: true }]],
    [
      'several devices',
      [
        { id: DEVICE_ID, status: true },
        { id: DEVICE_ID.replace('7', '8'), status: false },
      ],
    ],
    ['an unreadable address', [{ id: DEVICE_ID, mac: 'n/a', status: true }]],
  ])('gets no verdict from an answer about %s', async (_, devices) => {
    service = () => ({ body: answer(devices) });
    await expect(retrieval().readByMac(MAC)).rejects.toMatchObject({ code: 'NAC_SOURCE_RECORD' });
  });
});

describe('the noncompliant list', () => {
  test('says on each page where the next one is, and nothing on the last', async () => {
    service = (target) => {
      const page = Number(/paging=(\d+)/.exec(target)?.[1]);
      return { body: answer([{ id: `d-${page}`, status: false }], page < 2 ? String(page + 1) : '0') };
    };
    const asked = retrieval();
    const first = await asked.listNoncompliant();
    const second = await asked.listNoncompliant(first.nextCursor);
    const last = await asked.listNoncompliant(second.nextCursor);
    expect([first, second, last].flatMap(({ devices }) => devices.map(({ id }) => id))).toEqual(['d-0', 'd-1', 'd-2']);
    expect(last).not.toHaveProperty('nextCursor');
    expect(peer.requests.at(-1)?.target).toContain('querycriteria=compliance&value=false');
  });

  test('whose page leads to itself is not followed', async () => {
    service = () => ({ body: answer([], '1') });
    await expect(retrieval().listNoncompliant('1')).rejects.toMatchObject({ code: 'NAC_SOURCE_PAGE_LOOP' });
  });

  test.each([
    ['14400', 4 * HOUR],
    [undefined, undefined],
  ])('asked too soon is throttled, Retry-After %s', async (retryAfter, retryAfterMs) => {
    service = () => ({ status: 503, headers: retryAfter ? { 'retry-after': retryAfter } : {} });
    await expect(retrieval().listNoncompliant()).rejects.toMatchObject({ code: 'NAC_SOURCE_THROTTLED', retryAfterMs });
  });

  test('is not empty because it is not there', async () => {
    service = () => ({ status: 404 });
    await expect(retrieval().listNoncompliant()).rejects.toMatchObject({ code: 'NAC_SOURCE_UNAVAILABLE' });
  });
});

describe('the discovery of the service', () => {
  test('is made once for many, also when they come together', async () => {
    const intune = retrieval();
    await Promise.all(Array.from({ length: 10 }, () => intune.readByDeviceId(DEVICE_ID)));
    await intune.readByDeviceId(DEVICE_ID);
    expect(discoveries()).toBe(1);
  });

  test('takes the name in any letter case, and a slash at the end', async () => {
    endpoints = (root) => ({ value: [{ providerName: 'complianceRETRIEVALservice', uri: `${root}/` }] });
    await retrieval().readByDeviceId(DEVICE_ID);
    expect(peer.requests.at(-1)?.target).toMatch(new RegExp(`^${ROOT}/cisco/devices/`));
  });

  test('is made again after a failure, but not more than once a minute', async () => {
    const intune = retrieval();
    service = () => ({ status: 500 });
    for (let attempt = 0; attempt < 5; attempt++) await intune.readByDeviceId(DEVICE_ID).catch(() => undefined);
    expect(discoveries()).toBe(1);
    clock.advance(61_000);
    for (let attempt = 0; attempt < 5; attempt++) await intune.readByDeviceId(DEVICE_ID).catch(() => undefined);
    expect(discoveries()).toBe(2);
  });

  test('that failed is not kept', async () => {
    const intune = retrieval();
    endpoints = () => 'not a list';
    await expect(intune.readByDeviceId(DEVICE_ID)).rejects.toMatchObject({ code: 'NAC_SOURCE_PAGE' });
    endpoints = (root) => ({ value: [{ providerName: 'ComplianceRetrievalService', uri: root }] });
    expect(await intune.readByDeviceId(DEVICE_ID)).not.toHaveProperty('device');
  });

  test.each([
    ['plain HTTP', 'http://fef.manage.microsoft.com/x'],
    ['another host', 'https://manage.microsoft.com.evil.example/x'],
    ['a host that only ends alike', 'https://evilmanage.microsoft.com/x'],
    ['user names', 'https://manage.microsoft.com@evil.example/x'],
    ['a query', 'https://fef.manage.microsoft.com/x?y=z'],
    ['no address', 'manage.microsoft.com'],
  ])('hands no token to %s', async (_, uri) => {
    endpoints = () => ({ value: [{ providerName: 'ComplianceRetrievalService', uri }] });
    await expect(retrieval(['manage.microsoft.com']).readByDeviceId(DEVICE_ID)).rejects.toMatchObject({
      code: 'NAC_SOURCE_DISCOVERY',
    });
    expect(peer.requests.every(({ target }) => target.startsWith('/v1.0/'))).toBe(true);
  });

  test('without such a service says so', async () => {
    endpoints = () => ({ value: [{ providerName: 'NACAPIService', uri: peer.url }, null, 7] });
    await expect(retrieval().readByDeviceId(DEVICE_ID)).rejects.toMatchObject({ code: 'NAC_SOURCE_DISCOVERY' });
  });
});
