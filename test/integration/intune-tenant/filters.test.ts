// `$filter` of the simulated tenant's device list: what is documented works, everything else is ignored.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEVICES_PATH, startTenantClient, type TenantClient } from '../../support/tenant-client.ts';

let client: TenantClient;
let token: string;

beforeEach(async () => {
  client = await startTenantClient({ fleetSize: 30, pageSize: 10, now: () => new Date('2026-03-01T10:00:00Z') });
  token = await client.token();
});
afterEach(() => client[Symbol.asyncDispose]());

/** The names of the devices on all pages that the filter leaves. */
async function named(filter: string): Promise<string[]> {
  const names: string[] = [];
  let url: string | undefined = `${DEVICES_PATH}?$select=deviceName&$filter=${encodeURIComponent(filter)}`;
  while (url !== undefined) {
    const answer = await client.graph(url, { token });
    expect(answer.status).toBe(200);
    names.push(...answer.json.value.map(({ deviceName }: { deviceName: string }) => deviceName));
    url = answer.json['@odata.nextLink'];
  }
  return names;
}

describe('documented filters', () => {
  test('lastSyncDateTime gt and lt divide the fleet at an instant, over pages', async () => {
    const { fleet } = client.tenant;
    for (const [index, { id }] of fleet.list({ limit: 100 }).value.entries()) {
      fleet.patch(id, { lastSyncDateTime: index < 12 ? '2026-02-01T00:00:00Z' : '2026-02-20T00:00:00.5Z' });
    }
    const earlier = await named('lastSyncDateTime lt 2026-02-20T00:00:00Z');
    const later = await named('lastSyncDateTime gt 2026-02-20T00:00:00Z');
    expect(earlier).toHaveLength(12);
    expect(later).toHaveLength(18);
    expect(later[0]).toBe('NAC-00013');
    expect(
      await named('lastSyncDateTime gt 2026-02-01T00:00:00Z and lastSyncDateTime lt 2026-02-20T00:00:00Z'),
    ).toEqual([]);
  });

  test('enrolledDateTime gt finds the devices enrolled since', async () => {
    client.tenant.fleet.add({ deviceName: 'NEW' });
    expect(await named('enrolledDateTime gt 2026-02-28T00:00:00Z')).toEqual(['NEW']);
  });

  test('text is compared in any letter case, quotes are doubled', async () => {
    client.tenant.fleet.patch('NAC-00007', { deviceName: "Ann's laptop", serialNumber: 'AbC1' });
    expect(await named("deviceName eq 'ann''s laptop'")).toEqual(["Ann's laptop"]);
    expect(await named("serialNumber eq 'ABC1'")).toEqual(["Ann's laptop"]);
    expect(await named("contains(deviceName,'-0001')")).toHaveLength(10);
  });

  test('conditions joined by and all hold', async () => {
    const { azureADDeviceId } = client.tenant.fleet.get('NAC-00002');
    expect(await named(`azureADDeviceId eq '${azureADDeviceId}'`)).toEqual(['NAC-00002']);
    expect(await named(`azureADDeviceId eq '${azureADDeviceId}' and complianceState eq 'compliant'`)).toEqual([]);
    expect(await named(`azureADDeviceId eq '${azureADDeviceId}' and complianceState eq 'noncompliant'`)).toEqual([
      'NAC-00002',
    ]);
  });

  test('complianceState takes or', async () => {
    const states = new Map(
      client.tenant.fleet.list({ limit: 100 }).value.map((d) => [d.deviceName, d.complianceState]),
    );
    const found = await named("complianceState eq 'noncompliant' or complianceState eq 'unknown'");
    const expected = [...states].filter(([, state]) => state === 'noncompliant' || state === 'unknown');
    expect(found).toEqual(expected.map(([name]) => name));
  });

  test('of several azureADDeviceIds joined by or only the first is looked for', async () => {
    const { fleet } = client.tenant;
    const [second, third] = ['NAC-00002', 'NAC-00003'].map((name) => fleet.get(name).azureADDeviceId);
    expect(await named(`azureADDeviceId eq '${third}' or azureADDeviceId eq '${second}'`)).toEqual(['NAC-00003']);
  });
});

describe('other filters', () => {
  const unsupported = [
    "wiFiMacAddress eq 'A0B1C2D3E4F5'",
    'lastSyncDateTime ge 2026-03-01T00:00:00Z',
    'lastSyncDateTime le 2020-03-01T00:00:00Z',
    "complianceState ne 'compliant'",
    "deviceEnrollmentType eq 'userEnrollment'",
    "complianceState eq 'compliant' and wiFiMacAddress eq 'A0B1C2D3E4F5'",
    "complianceState eq 'compliant' or deviceName eq 'x'",
    "startswith(deviceName,'x')",
    "deviceName eq 'x",
    'lastSyncDateTime gt yesterday',
  ];

  test.each(unsupported)('%s is ignored and all devices come back', async (filter) => {
    expect(await named(filter)).toHaveLength(30);
  });

  test('are refused with 400 where the behaviour says so', async () => {
    expect((await client.control('PATCH', '/behaviour', { unsupportedFilter: 'refused' })).status).toBe(200);
    for (const filter of unsupported) {
      const answer = await client.graph(`${DEVICES_PATH}?$filter=${encodeURIComponent(filter)}`, { token });
      expect([filter, answer.status]).toEqual([filter, 400]);
      expect(JSON.parse(answer.json.error.message).Message).toContain('Invalid filter clause');
    }
    expect(await named("deviceName eq 'NAC-00004'")).toEqual(['NAC-00004']);
  });

  test('documented ones are ignored too where the behaviour says so', async () => {
    await client.control('PATCH', '/behaviour', { supportedFilter: 'ignored' });
    expect(await named("deviceName eq 'NAC-00004'")).toHaveLength(30);
  });
});
