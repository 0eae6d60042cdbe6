// `devices/delta` of the simulated tenant: the Entra side of the fleet and its changes.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { entraObjectId } from '../../../local/intune-tenant/entra-device.ts';
import { startTenantClient, type TenantClient, type TenantClock, tenantClock } from '../../support/tenant-client.ts';

const DELTA_PATH = '/v1.0/devices/delta';
let client: TenantClient;
let clock: TenantClock;

beforeEach(async () => {
  clock = tenantClock();
  client = await startTenantClient({ now: () => clock.now, behaviour: { deltaPageSize: 10 } });
});
afterEach(() => client[Symbol.asyncDispose]());

interface Round {
  readonly objects: readonly Readonly<Record<string, unknown>>[];
  readonly pages: number;
  readonly deltaLink: string;
}

/** All pages of one round, with something done between them. */
async function round(start: string, between?: (page: number) => void): Promise<Round> {
  const objects: Record<string, unknown>[] = [];
  let url = start;
  for (let pages = 1; ; pages += 1) {
    const answer = await client.graph(url);
    expect(answer.status).toBe(200);
    objects.push(...answer.json.value);
    between?.(pages);
    const deltaLink = answer.json['@odata.deltaLink'];
    if (deltaLink !== undefined) {
      expect(answer.json).not.toHaveProperty('@odata.nextLink');
      return { objects, pages, deltaLink };
    }
    url = answer.json['@odata.nextLink'];
  }
}

function entraIds(name: string): { id: string; deviceId: string } {
  const deviceId = client.tenant.fleet.get(name).azureADDeviceId ?? '';
  return { id: entraObjectId(deviceId), deviceId };
}

describe('a full round', () => {
  test('gives every device object over pages, under an object id of its own', async () => {
    const { objects, pages } = await round(DELTA_PATH);
    expect(pages).toBe(3);
    expect(objects).toHaveLength(25);
    const device = client.tenant.fleet.get('NAC-00002');
    expect(objects.find(({ deviceId }) => deviceId === device.azureADDeviceId)).toMatchObject({
      id: entraIds('NAC-00002').id,
      displayName: 'NAC-00002',
      isCompliant: false,
      isManaged: true,
    });
    expect(objects.some(({ id, deviceId }) => id === deviceId)).toBe(false);
    expect(Object.keys(objects[0] ?? {}).some((name) => /mac/i.test(name))).toBe(false);
  });

  test('gives the selected properties and the id, also in the rounds that follow', async () => {
    const first = await round(`${DELTA_PATH}?$select=deviceId,isCompliant`);
    expect(Object.keys(first.objects[0] ?? {}).sort()).toEqual(['deviceId', 'id', 'isCompliant']);
    client.tenant.fleet.patch('NAC-00001', { complianceState: 'noncompliant' });
    client.tenant.fleet.patch('NAC-00003', { deviceName: 'RENAMED' });
    const second = await round(first.deltaLink);
    expect(second.objects).toEqual([{ ...entraIds('NAC-00001'), isCompliant: false }]);
  });

  test('leaves out devices that Entra does not know', async () => {
    client.tenant.fleet.patch('NAC-00001', { azureADDeviceId: '00000000-0000-0000-0000-000000000000' });
    client.tenant.fleet.patch('NAC-00002', { azureADDeviceId: null });
    const { objects } = await round(DELTA_PATH);
    // The objects of both stay, as of devices that Intune does not manage any more.
    expect(objects.filter(({ isManaged }) => isManaged === false)).toHaveLength(2);
    expect(objects.filter(({ isManaged }) => isManaged === true)).toHaveLength(23);
  });

  test('tells in the next round what changed while it was read', async () => {
    const { deltaLink } = await round(DELTA_PATH, (page) => {
      if (page === 1) {
        client.tenant.fleet.patch('NAC-00001', { complianceState: 'noncompliant' });
      }
    });
    const { objects } = await round(deltaLink);
    expect(objects.map(({ displayName }) => displayName)).toEqual(['NAC-00001']);
  });
});

describe('changes', () => {
  test('after "latest" only what happens from now on is reported, each object once, as it is now', async () => {
    client.tenant.fleet.patch('NAC-00005', { complianceState: 'noncompliant' });
    const { objects, deltaLink } = await round(`${DELTA_PATH}?$deltaToken=latest&$select=deviceId,isCompliant`);
    expect(objects).toEqual([]);
    client.tenant.fleet.patch('NAC-00001', { complianceState: 'noncompliant' });
    client.tenant.fleet.patch('NAC-00002', { complianceState: 'compliant' });
    client.tenant.fleet.patch('NAC-00001', { complianceState: 'error' });
    client.tenant.fleet.patch('NAC-00001', { complianceState: 'compliant' });
    const next = await round(deltaLink);
    expect(next.objects).toEqual([
      { ...entraIds('NAC-00001'), isCompliant: true },
      { ...entraIds('NAC-00002'), isCompliant: true },
    ]);
    expect((await round(next.deltaLink)).objects).toEqual([]);
  });

  test('a device taken out of Intune stays in Entra unmanaged until it is deleted there', async () => {
    const ids = entraIds('NAC-00002');
    const start = await round(`${DELTA_PATH}?$deltatoken=latest&$select=isCompliant,isManaged`);
    client.tenant.fleet.remove('NAC-00002');
    const removed = await round(start.deltaLink);
    expect(removed.objects).toEqual([{ id: ids.id, isCompliant: null, isManaged: false }]);
    expect((await client.control('DELETE', `/entra-devices/${ids.deviceId}`)).status).toBe(204);
    const deleted = await round(removed.deltaLink);
    expect(deleted.objects).toEqual([{ id: ids.id, '@removed': { reason: 'changed' } }]);
    client.tenant.behave({ removedReason: 'deleted' });
    const forGood = await round(removed.deltaLink);
    expect(forGood.objects).toEqual([{ id: ids.id, '@removed': { reason: 'deleted' } }]);
    expect((await round(DELTA_PATH)).objects).toHaveLength(24);
    expect((await client.control('DELETE', `/entra-devices/${ids.deviceId}`)).status).toBe(404);
  });

  test('a device enrolled twice has one object, which follows the enrolment that synchronised last', async () => {
    const start = await round(`${DELTA_PATH}?$deltatoken=latest&$select=isCompliant`);
    const { id } = entraIds('NAC-00002');
    clock.advance(60);
    client.tenant.fleet.enrollAgain('NAC-00002', { complianceState: 'compliant' });
    const second = await round(start.deltaLink);
    expect(second.objects).toEqual([{ id, isCompliant: true }]);
    const all = await round(DELTA_PATH);
    expect(all.objects).toHaveLength(25);
  });

  test('a change in Intune shows in Entra after the lag', async () => {
    client.tenant.behave({ entraLagSeconds: 300 });
    const start = await round(`${DELTA_PATH}?$deltatoken=latest&$select=isCompliant`);
    client.tenant.fleet.patch('NAC-00001', { complianceState: 'noncompliant' });
    const { id } = entraIds('NAC-00001');
    clock.advance(299);
    const early = await round(start.deltaLink);
    expect(early.objects).toEqual([]);
    const stale = await round(`${DELTA_PATH}?$select=isCompliant`);
    expect(stale.objects).toContainEqual({ id, isCompliant: true });
    clock.advance(1);
    expect((await round(early.deltaLink)).objects).toEqual([{ id, isCompliant: false }]);
    expect((await round(stale.deltaLink)).objects).toEqual([{ id, isCompliant: false }]);
  });

  test('come over pages', async () => {
    const start = await round(`${DELTA_PATH}?$deltatoken=latest`);
    for (const { id } of client.tenant.fleet.list({ limit: 100 }).value) {
      client.tenant.fleet.patch(id, { deviceName: `renamed ${id}` });
    }
    const { objects, pages } = await round(start.deltaLink);
    expect(pages).toBe(3);
    expect(new Set(objects.map(({ id }) => id)).size).toBe(25);
  });

  test('can be limited to some objects', async () => {
    const wanted = entraIds('NAC-00001').id;
    const filter = encodeURIComponent(`id eq '${wanted}' or id eq '${entraIds('NAC-00003').id}'`);
    const full = await round(`${DELTA_PATH}?$filter=${filter}`);
    expect(full.objects).toHaveLength(2);
    client.tenant.fleet.patch('NAC-00001', { complianceState: 'noncompliant' });
    client.tenant.fleet.patch('NAC-00002', { complianceState: 'compliant' });
    expect((await round(full.deltaLink)).objects.map(({ id }) => id)).toEqual([wanted]);
    const other = await client.graph(`${DELTA_PATH}?$filter=isCompliant%20eq%20true`);
    expect(other.status).toBe(400);
  });

  test('objects come twice and changes are reported again where the behaviour says so', async () => {
    const start = await round(`${DELTA_PATH}?$deltatoken=latest&$select=isCompliant`);
    client.tenant.fleet.patch('NAC-00001', { complianceState: 'noncompliant' });
    const change = { id: entraIds('NAC-00001').id, isCompliant: false };
    client.tenant.behave({ deltaDuplicates: true });
    const twice = await round(start.deltaLink);
    expect(twice.objects).toEqual([change, change]);
    client.tenant.behave({ deltaDuplicates: false, deltaReplays: 1 });
    expect((await round(twice.deltaLink)).objects).toEqual([change]);
  });
});

describe('tokens', () => {
  test('410 with Location asks for a full round once a resync is demanded', async () => {
    const start = await round(`${DELTA_PATH}?$deltatoken=latest&$select=isCompliant`);
    expect((await client.control('POST', '/resync')).status).toBe(204);
    const gone = await client.graph(start.deltaLink);
    expect(gone.status).toBe(410);
    expect(gone.json.error.code).toBe('resyncRequired');
    const again = await round(String(gone.headers['location']));
    expect(again.objects).toHaveLength(25);
    expect(Object.keys(again.objects[0] ?? {}).sort()).toEqual(['id', 'isCompliant']);
    expect((await client.graph(again.deltaLink)).status).toBe(200);
  });

  test('another fleet demands it too', async () => {
    const start = await round(`${DELTA_PATH}?$deltatoken=latest`);
    client.tenant.fleet.reseed({ size: 5 });
    expect((await client.graph(start.deltaLink)).status).toBe(410);
  });

  test('are forgotten after seven days', async () => {
    const start = await round(`${DELTA_PATH}?$deltatoken=latest`);
    clock.advance(7 * 24 * 3600);
    expect((await client.graph(start.deltaLink)).status).toBe(200);
    clock.advance(1);
    const expired = await client.graph(start.deltaLink);
    expect(expired.status).toBe(400);
    expect(expired.json.error.code).toBe('syncStateNotFound');
  });

  test.each(['$deltatoken=invented', '$skiptoken=invented', '$select=wiFiMacAddress'])(
    '%s is refused',
    async (query) => {
      const answer = await client.graph(`${DELTA_PATH}?${query}`);
      expect(answer.status).toBe(400);
    },
  );

  test('Device.Read.All is needed', async () => {
    client.tenant.register({ roles: { graph: ['DeviceManagementManagedDevices.Read.All'], intune: [] } });
    const answer = await client.graph(DELTA_PATH);
    expect(answer.status).toBe(403);
    expect(answer.json.error.code).toBe('Authorization_RequestDenied');
  });
});
