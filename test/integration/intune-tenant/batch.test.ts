// `$batch` of the simulated tenant: up to twenty requests in one, each answered and throttled on its own.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTenantClient, type TenantAnswer, type TenantClient } from '../../support/tenant-client.ts';

let client: TenantClient;
let token: string;

beforeEach(async () => {
  client = await startTenantClient();
  token = await client.token();
});
afterEach(() => client[Symbol.asyncDispose]());

function batch(requests: unknown, bearer = token): Promise<TenantAnswer> {
  return client.graph('/v1.0/$batch', {
    token: bearer,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ requests }),
  });
}

function deviceReads(count: number): { id: string; method: string; url: string }[] {
  return client.tenant.fleet.list({ limit: count }).value.map(({ id }, index) => ({
    id: String(index + 1),
    method: 'GET',
    url: `/deviceManagement/managedDevices/${id}?$select=id,ethernetMacAddress,udid`,
  }));
}

test('twenty devices give up in one request what lists keep back', async () => {
  const answer = await batch(deviceReads(20));
  expect(answer.status).toBe(200);
  expect(answer.json.responses).toHaveLength(20);
  for (const [index, device] of client.tenant.fleet.list({ limit: 20 }).value.entries()) {
    expect(answer.json.responses[index]).toMatchObject({
      id: String(index + 1),
      status: 200,
      body: { id: device.id, ethernetMacAddress: device.ethernetMacAddress, udid: device.udid },
    });
  }
  expect(client.tenant.stats().requests).toMatchObject({ batch: 1, device: 20 });
});

test('twenty-one are refused', async () => {
  const answer = await batch(deviceReads(21));
  expect(answer.status).toBe(400);
  expect(answer.json.error.message).toContain('20');
  expect(client.tenant.stats().requests.device).toBe(0);
});

test('a device that is gone is 404 in its own answer', async () => {
  const reads = deviceReads(3);
  client.tenant.fleet.remove('NAC-00002');
  const answer = await batch(reads);
  expect(answer.status).toBe(200);
  expect(answer.json.responses.map(({ status }: { status: number }) => status)).toEqual([200, 404, 200]);
  expect(answer.json.responses[1].body.error.code).toBe('ResourceNotFound');
});

test('steps are throttled one by one, with a Retry-After of their own', async () => {
  client.tenant.script({ target: 'device', status: 429, headers: { 'retry-after': '7' }, body: '{}', skip: 1 });
  client.tenant.script({ target: 'device', status: 429, body: '{}' });
  const answer = await batch(deviceReads(4));
  expect(answer.status).toBe(200);
  const statuses = answer.json.responses.map(({ status }: { status: number }) => status);
  expect(statuses).toEqual([200, 429, 429, 200]);
  expect(answer.json.responses[1].headers['Retry-After']).toBe('7');
  expect(answer.json.responses[2].headers).not.toHaveProperty('Retry-After');
});

test('answers may come in another order', async () => {
  client.tenant.behave({ batchOrder: 'reversed' });
  const answer = await batch(deviceReads(3));
  expect(answer.json.responses.map(({ id }: { id: string }) => id)).toEqual(['3', '2', '1']);
});

test('every step is authorised by the token of the whole', async () => {
  const forbidden = await batch(deviceReads(1), await client.intuneToken());
  expect(forbidden.json.responses[0].status).toBe(401);
  client.tenant.register({ roles: { graph: [], intune: [] } });
  const revoked = await batch(deviceReads(1), await client.token());
  expect(revoked.json.responses[0].status).toBe(403);
});

test('other requests go by batch too, unknown ones are 404', async () => {
  const answer = await batch([
    { id: 'list', method: 'GET', url: '/deviceManagement/managedDevices?$top=2' },
    { id: 'nothing', method: 'GET', url: 'nothing' },
    { id: 'write', method: 'PATCH', url: '/deviceManagement/managedDevices', body: {} },
  ]);
  expect(answer.json.responses[0].body.value).toHaveLength(2);
  expect(answer.json.responses.map(({ status }: { status: number }) => status)).toEqual([200, 404, 405]);
});

test.each<[string, unknown]>([
  ['no list', undefined],
  ['an empty list', []],
  ['a step without an id', [{ method: 'GET', url: '/x' }]],
  [
    'two steps with one id',
    [
      { id: '1', method: 'GET', url: '/x' },
      { id: '1', method: 'GET', url: '/y' },
    ],
  ],
  ['an absolute address', [{ id: '1', method: 'GET', url: 'https://graph.microsoft.com/v1.0/devices' }]],
])('%s is refused', async (_name, requests) => {
  expect((await batch(requests)).status).toBe(400);
});

test('GET is refused', async () => {
  expect((await client.graph('/v1.0/$batch', { token })).status).toBe(405);
});
