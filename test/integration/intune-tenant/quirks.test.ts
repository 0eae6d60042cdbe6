// The quirks that the control port of the simulated tenant switches on, as a client sees them over HTTPS.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  DEVICES_PATH,
  startTenantClient,
  type TenantAnswer,
  type TenantClient,
  type TenantClock,
  tenantClock,
} from '../../support/tenant-client.ts';

let client: TenantClient;
let clock: TenantClock;
let token: string;

beforeEach(async () => {
  clock = tenantClock();
  client = await startTenantClient({ fleetSize: 30, pageSize: 10, now: () => clock.now, tokenLifetimeSeconds: 86_400 });
  token = await client.token();
});
afterEach(() => client[Symbol.asyncDispose]());

function list(url = DEVICES_PATH): Promise<TenantAnswer> {
  return client.graph(url, { token });
}

function nextOf(answer: TenantAnswer): string {
  expect(answer.status).toBe(200);
  return answer.json['@odata.nextLink'];
}

async function names(query = ''): Promise<string[]> {
  const found: string[] = [];
  let url: string | undefined = `${DEVICES_PATH}?$select=deviceName${query}`;
  while (url !== undefined) {
    const answer: TenantAnswer = await list(url);
    expect(answer.status).toBe(200);
    found.push(...answer.json.value.map(({ deviceName }: { deviceName: string }) => deviceName));
    url = answer.json['@odata.nextLink'];
  }
  return found;
}

describe('paging', () => {
  test('a list ends early without a word', async () => {
    await client.control('PATCH', '/behaviour', { listEndsAfterPages: 2 });
    expect(await names()).toHaveLength(20);
    expect((await client.control('DELETE', '/behaviour')).status).toBe(204);
    expect(await names()).toHaveLength(30);
  });

  test('504 meets the same page as often as scripted, and no other', async () => {
    client.tenant.script({ target: 'page', page: 2, answer: 'gatewayTimeout', times: 2 });
    const second = nextOf(await list());
    expect((await list(second)).status).toBe(504);
    expect((await list()).status).toBe(200);
    const again = await list(second);
    expect([again.status, again.json.error.message]).toEqual([504, 'Gateway Timeout']);
    expect((await list(second)).json.value).toHaveLength(10);
  });

  test.each([1, 2])('the nextLink of page %i leads to that page again, for ever', async (page) => {
    client.tenant.behave({ repeatedNextLinkPage: page });
    let link = nextOf(await list());
    for (let read = 1; read < page; read += 1) {
      link = nextOf(await list(link));
    }
    const repeated = await list(link);
    clock.advance(60);
    expect(nextOf(repeated)).toBe(link);
    expect((await list(link)).json.value).toEqual(repeated.json.value);
  });

  test('a nextLink is refused once it has expired, and the list can be started again', async () => {
    client.tenant.behave({ nextLinkLifetimeSeconds: 600 });
    const second = nextOf(await list());
    clock.advance(599);
    const third = nextOf(await list(second));
    clock.advance(1);
    expect((await list(second)).status).toBe(400);
    expect((await list(third)).status).toBe(200);
    expect((await list()).status).toBe(200);
  });

  test('lists keep Ethernet MAC addresses back, selected or not, by default', async () => {
    const select = '?$select=ethernetMacAddress,udid,iccid&$top=1';
    const { ethernetMacAddress } = client.tenant.fleet.get('NAC-00001');
    expect((await list(DEVICES_PATH + select)).json.value[0]).toEqual({
      ethernetMacAddress: null,
      udid: '',
      iccid: '',
    });
    client.tenant.behave({ listsFillKeptBack: true });
    expect((await list(DEVICES_PATH + select)).json.value[0]).toMatchObject({ ethernetMacAddress });
    expect((await list(`${DEVICES_PATH}?$top=1`)).json.value[0]).toMatchObject({ ethernetMacAddress: null });
  });

  test('a page is never older than the last change', async () => {
    const state = async () =>
      (await list(`${DEVICES_PATH}?$top=1&$select=complianceState`)).json.value[0].complianceState;
    expect(await state()).toBe('compliant');
    client.tenant.fleet.patch('NAC-00001', { complianceState: 'conflict' });
    expect(await state()).toBe('conflict');
    client.tenant.fleet.hide('NAC-00001');
    expect(await state()).toBe('noncompliant');
    client.tenant.fleet.reseed({ size: 0 });
    expect((await list()).json.value).toEqual([]);
  });
});

describe('throttling', () => {
  test.each([
    ['none', {}, undefined],
    ['whole seconds', { retryAfterSeconds: 7 }, '7'],
    ['a fraction', { retryAfterSeconds: 2.128 }, '2.128'],
    ['a date', { retryAfterDate: 90 }, 'Sun, 01 Mar 2026 10:01:30 GMT'],
  ])('429 with Retry-After: %s', async (_name, when, expected) => {
    const scripted = await client.control('POST', '/script', { target: 'page', answer: 'tooManyRequests', ...when });
    expect(scripted.status).toBe(201);
    const answer = await list();
    expect(answer.status).toBe(429);
    expect(answer.headers['retry-after']).toBe(expected);
    expect(answer.json.error).toMatchObject({ code: 'TooManyRequests', innerError: { code: '429' } });
    expect((await list()).status).toBe(200);
  });

  test('503 CancelledOnServiceTimeout holds JSON inside JSON', async () => {
    client.tenant.script({ target: 'page', answer: 'cancelledOnServiceTimeout' });
    const answer = await list();
    expect(answer.status).toBe(503);
    expect(answer.json.error.code).toBe('CancelledOnServiceTimeout');
    expect(answer.json.error.innerError).toHaveProperty('client-request-id');
    expect(JSON.parse(answer.json.error.message)).toMatchObject({
      _version: 3,
      RetryAfter: null,
      CustomApiErrorPhrase: '',
      Message: expect.stringContaining('Activity ID'),
    });
  });

  test('a request limit counts lists, reads and the steps of a batch over twenty seconds', async () => {
    client.tenant.behave({ intuneRequestLimit: 3 });
    const { id } = client.tenant.fleet.get('NAC-00001');
    const batch = (count: number) =>
      client.graph('/v1.0/$batch', {
        token,
        method: 'POST',
        body: JSON.stringify({
          requests: Array.from({ length: count }, (_value, index) => ({
            id: String(index),
            method: 'GET',
            url: `/deviceManagement/managedDevices/${id}`,
          })),
        }),
      });
    expect((await list()).status).toBe(200);
    clock.advance(5);
    const statuses = (await batch(4)).json.responses.map(({ status }: { status: number }) => status);
    expect(statuses).toEqual([200, 200, 429, 429]);
    const answer = await list();
    expect([answer.status, answer.headers['retry-after']]).toEqual([429, '15']);
    clock.advance(15);
    expect((await list()).status).toBe(200);
  });

  test('the token endpoint can be short of breath as well', async () => {
    client.tenant.script({ target: 'token', answer: 'temporarilyUnavailable', retryAfterSeconds: 30 });
    await expect(client.token()).rejects.toThrow('temporarily_unavailable');
    expect(await client.token()).toMatch(/\./);
  });
});

describe('refusals that come and go', () => {
  test('403 with a good token for every third request', async () => {
    client.tenant.script({ target: 'page', answer: 'forbidden', skip: 1, every: 3, times: 2 });
    const statuses: number[] = [];
    for (let request = 0; request < 8; request += 1) {
      statuses.push((await list()).status);
    }
    expect(statuses).toEqual([200, 403, 200, 200, 403, 200, 200, 200]);
  });

  test('consent that is revoked shows in the next token, and when it is granted again', async () => {
    const { roles } = client.tenant.registration;
    const revoked = await client.control('PATCH', '/registration', { roles: { graph: [], intune: [] } });
    expect(revoked.status).toBe(200);
    expect((await list()).status).toBe(200);
    expect((await client.graph(DEVICES_PATH)).status).toBe(403);
    client.tenant.register({ roles });
    expect((await client.graph(DEVICES_PATH)).status).toBe(200);
  });
});

describe('clock', () => {
  test.each([-90, 90])("the tenant's clock is off by %i minutes: Date, tokens and devices", async (minutes) => {
    client.tenant.behave({ clockSkewSeconds: minutes * 60 });
    const skewed = new Date(clock.now.getTime() + minutes * 60_000);
    const answer = await client.graph(DEVICES_PATH);
    expect(answer.headers['date']).toBe(skewed.toUTCString());
    const claims = JSON.parse(Buffer.from((await client.token()).split('.')[1] ?? '', 'base64url').toString('utf8'));
    expect(claims.nbf).toBe(skewed.getTime() / 1000);
    const { lastSyncDateTime } = client.tenant.fleet.patch('NAC-00001', { complianceState: 'error' });
    expect(Date.parse(lastSyncDateTime)).toBe(skewed.getTime());
    // A token from before the clock was set back is not valid yet, one from before it was put forward still is.
    expect((await list()).status).toBe(minutes < 0 ? 401 : 200);
  });
});

describe('broken answers', () => {
  const timeouts = { headersTimeout: 300, bodyTimeout: 300 };

  test('HTML from a captive portal in place of JSON', async () => {
    client.tenant.script({ target: 'page', answer: 'captivePortal' });
    const answer = await list();
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toContain('text/html');
    expect(answer.json).toBeUndefined();
  });

  test('truncated JSON is a whole HTTP message around half a document', async () => {
    const whole = await list();
    client.tenant.script({ target: 'page', damage: 'truncated' });
    const half = await list();
    expect(half.status).toBe(200);
    expect(half.json).toBeUndefined();
    expect(half.text.length).toBe(Math.floor(whole.text.length / 2));
    expect(whole.text.startsWith(half.text)).toBe(true);
  });

  test('truncated XML', async () => {
    const endpoints = await client.graph(
      '/v1.0/servicePrincipals/appId=0000000a-0000-0000-c000-000000000000/endpoints',
      { token },
    );
    client.tenant.script({ target: 'complianceDevice', damage: 'truncated' });
    const { id } = client.tenant.fleet.get('NAC-00001');
    const query = `/cisco/devices/?paging=0&querycriteria=guid&value=${id}&filter=all`;
    const answer = await client.ask(`${endpoints.json.value[0].uri}${query}`, {
      headers: { authorization: `Bearer ${await client.intuneToken()}` },
    });
    expect(answer.status).toBe(200);
    expect(answer.text).toMatch(/^<ise_api /);
    expect(answer.text).not.toContain('</ise_api>');
  });

  test('a connection that ends in the middle of the body, or before the headers', async () => {
    client.tenant.script({ target: 'page', damage: 'cut' });
    await expect(list()).rejects.toThrow();
    client.tenant.script({ target: 'page', damage: 'reset' });
    await expect(list()).rejects.toThrow();
    expect((await list()).status).toBe(200);
  });

  test('a body that stalls in the middle, and headers that never come', async () => {
    client.tenant.script({ target: 'page', damage: 'stalled' });
    await expect(client.graph(DEVICES_PATH, { token, ...timeouts })).rejects.toThrow(/Body Timeout/);
    client.tenant.script({ target: 'page', hang: true });
    await expect(client.graph(DEVICES_PATH, { token, ...timeouts })).rejects.toThrow(/Headers Timeout/);
    expect((await list()).status).toBe(200);
  });

  test('a scripted body can be spoilt too, and a step of a batch', async () => {
    client.tenant.script({ target: 'page', status: 200, body: '{"value":[]}', damage: 'truncated' });
    expect((await list()).text).toBe('{"valu');
    client.tenant.script({ target: 'device', damage: 'truncated' });
    const { id } = client.tenant.fleet.get('NAC-00001');
    const batch = await client.graph('/v1.0/$batch', {
      token,
      method: 'POST',
      body: JSON.stringify({
        requests: [{ id: '1', method: 'GET', url: `/deviceManagement/managedDevices/${id}` }],
      }),
    });
    expect(batch.json.responses[0]).toMatchObject({ id: '1', status: 200, body: expect.stringMatching(/^{"@odata/) });
  });
});

describe('devices', () => {
  test('vanish and come back as they were', async () => {
    const before = client.tenant.fleet.get('NAC-00002');
    expect((await client.control('POST', '/devices/NAC-00002/hide')).json.id).toBe(before.id);
    expect(await names()).not.toContain('NAC-00002');
    expect((await list(`${DEVICES_PATH}/${before.id}`)).status).toBe(404);
    const shown = await client.control('POST', '/devices/NAC-00002/show');
    expect(shown.json).toEqual(before);
    expect(await names()).toContain('NAC-00002');
    expect((await client.control('POST', '/devices/NAC-00002/show')).status).toBe(404);
  });

  test('are enrolled twice: another id, the same hardware', async () => {
    const first = client.tenant.fleet.get('NAC-00002');
    const again = await client.control('POST', '/devices/NAC-00002/enrol-again', { complianceState: 'compliant' });
    expect(again.status).toBe(201);
    expect(again.json).toMatchObject({
      deviceName: first.deviceName,
      azureADDeviceId: first.azureADDeviceId,
      wiFiMacAddress: first.wiFiMacAddress,
      serialNumber: first.serialNumber,
      complianceState: 'compliant',
      lastSyncDateTime: '2026-03-01T10:00:00Z',
    });
    expect(again.json.id).not.toBe(first.id);
    expect(client.tenant.fleet.get(first.id).complianceState).toBe('noncompliant');
  });

  test('share one MAC address', async () => {
    const { wiFiMacAddress } = client.tenant.fleet.get('NAC-00003');
    const found = await client.control('GET', `/devices?mac=${wiFiMacAddress}`);
    expect(found.json.total).toBe(2);
  });

  test('are marked for retirement and wipe', async () => {
    expect((await client.control('POST', '/devices/NAC-00001/retire')).json.managementState).toBe('retirePending');
    expect((await client.control('POST', '/devices/NAC-00001/wipe')).json.managementState).toBe('wipePending');
    const { id } = client.tenant.fleet.get('NAC-00001');
    expect((await list(`${DEVICES_PATH}/${id}`)).json.managementState).toBe('wipePending');
  });

  test('flip in large numbers: the first of the fleet, or those in one state', async () => {
    const flipped = await client.control('POST', '/fleet/change', {
      share: 0.2,
      skip: 4,
      set: { complianceState: 'noncompliant' },
    });
    expect(flipped.json).toEqual({ devices: 6 });
    const states = client.tenant.fleet.list({ limit: 100 }).value.map(({ complianceState }) => complianceState);
    expect(states.slice(4, 10)).toEqual(Array(6).fill('noncompliant'));
    const healed = await client.control('POST', '/fleet/change', {
      share: 1,
      complianceState: 'noncompliant',
      set: { complianceState: 'compliant' },
    });
    expect(healed.json.devices).toBe(states.filter((state) => state === 'noncompliant').length);
    expect((await client.control('GET', '/devices?limit=100')).text).not.toContain('"noncompliant"');
  });

  test('vanish in large numbers and return', async () => {
    expect((await client.control('POST', '/fleet/hide', { count: 12 })).json).toEqual({ devices: 12 });
    const left = await names();
    expect(left).toHaveLength(18);
    expect(left).not.toContain('NAC-00012');
    expect((await client.control('POST', '/fleet/show')).json).toEqual({ devices: 12 });
    expect(new Set(await names()).size).toBe(30);
  });

  test.each([
    ['/fleet/hide', {}],
    ['/fleet/hide', { share: 0.5, count: 3 }],
    ['/fleet/hide', { share: 1.5 }],
    ['/fleet/hide', { count: -1 }],
    ['/fleet/hide', { count: 1, skip: 0.5 }],
    ['/fleet/hide', { count: 1, state: 'compliant' }],
    ['/fleet/hide', { count: 1, complianceState: 'broken' }],
    ['/fleet/change', { count: 1 }],
    ['/fleet/change', { count: 1, set: { complianceState: 'broken' } }],
  ])('%s refuses %j and changes nothing', async (path, body) => {
    const before = client.tenant.fleet.version;
    const answer = await client.control('POST', path, body);
    expect(answer.status).toBe(400);
    expect(answer.json.code).toBe('invalid_property');
    expect(client.tenant.fleet.version).toBe(before);
  });

  test('that have been silent for long are hidden until they synchronise', async () => {
    client.tenant.fleet.patch('NAC-00001', { lastSyncDateTime: '2026-01-01T00:00:00Z' });
    const { id } = client.tenant.fleet.get('NAC-00001');
    expect(await names()).toContain('NAC-00001');
    client.tenant.behave({ hiddenAfterInactiveDays: 30 });
    expect(await names()).not.toContain('NAC-00001');
    expect((await list(`${DEVICES_PATH}/${id}`)).status).toBe(404);
    client.tenant.fleet.patch('NAC-00001', { lastSyncDateTime: '2026-02-28T00:00:00Z' });
    expect(await names()).toContain('NAC-00001');
  });
});

describe('switches', () => {
  test('are shown, and one that does not fit changes none', async () => {
    const { json } = await client.control('GET', '/behaviour');
    expect(json).toEqual(client.tenant.behaviour);
    for (const wrong of [
      { entraLagSeconds: -1 },
      { entraLagSeconds: '60' },
      { deltaDuplicates: 1 },
      { unknownDevice: 'silence' },
      { compliantStates: ['Compliant'] },
      { listEndsAfterPages: 0 },
      { speed: 1 },
    ]) {
      const answer = await client.control('PATCH', '/behaviour', { deltaReplays: 5, ...wrong });
      expect([answer.status, answer.json.code]).toEqual([400, 'invalid_behaviour']);
    }
    expect(client.tenant.behaviour).toEqual(json);
  });

  test.each([
    [{ target: 'page', answer: 'teapot' }, 'captivePortal'],
    [{ target: 'page', damage: 'bent' }, 'stalled'],
    [{ target: 'device', page: 1, status: 500 }, 'target page'],
    [{ target: 'page', retryAfterSeconds: 'soon' }, '2.128'],
    [{ target: 'page', status: 500, every: 0 }, 'every'],
  ])('a script such as %j is refused', async (script, hint) => {
    const answer = await client.control('POST', '/script', script);
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual({ code: 'invalid_script', message: expect.stringContaining(hint) });
  });
});
