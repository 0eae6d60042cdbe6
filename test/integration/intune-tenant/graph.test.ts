// Graph of the simulated Intune tenant, asked over HTTPS as a connector asks Microsoft, and the fleet behind it.

import fc from 'fast-check';
import { decodeJwt } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Fleet } from '../../../local/intune-tenant/fleet.ts';
import { generatedDevice } from '../../../local/intune-tenant/generated-device.ts';
import { COMPLIANCE_STATES } from '../../../local/intune-tenant/managed-device.ts';
import {
  type Answer,
  ask,
  DEVICES_PATH,
  graph,
  INTUNE_APP_ID,
  INTUNE_SCOPE,
  PUBLIC_GRAPH_SCOPE,
  pageNames,
  start,
  stop,
  tenant,
  tokenFor,
  useCertificate,
} from './asked-tenant.ts';

useCertificate();

describe('Graph authorization', () => {
  let now: Date;
  beforeEach(async () => {
    now = new Date('2026-03-01T10:00:00Z');
    await start({ now: () => now });
  });
  afterEach(() => stop());

  function expectRefusedToken(answer: Answer, message: string): void {
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer /);
    expect(answer.json.error).toMatchObject({
      code: 'InvalidAuthenticationToken',
      message: expect.stringContaining(message),
      innerError: { date: '2026-03-01T10:00:00', 'request-id': answer.headers['request-id'] },
    });
  }

  test('refuses a missing, a foreign and a broken token', async () => {
    expectRefusedToken(await ask(`${tenant.graphUrl}${DEVICES_PATH}`), 'empty');
    expectRefusedToken(await graph(DEVICES_PATH, 'nonsense'), 'not well formed');
    const [head, body, signature] = (await tokenFor(PUBLIC_GRAPH_SCOPE)).split('.');
    const forged = `${head}.${body}.${(signature ?? '').split('').reverse().join('')}`;
    expectRefusedToken(await graph(DEVICES_PATH, forged), 'signature');
    expectRefusedToken(await graph(DEVICES_PATH, await tokenFor(INTUNE_SCOPE)), 'audience');
  });

  test('takes a token until the second it expires', async () => {
    const token = await tokenFor(PUBLIC_GRAPH_SCOPE);
    now = new Date('2026-03-01T10:09:59Z');
    expect((await graph(DEVICES_PATH, token)).status).toBe(200);
    now = new Date('2026-03-01T10:10:00Z');
    const answer = await graph(DEVICES_PATH, token);
    expect(answer.status).toBe(401);
    expect(answer.json.error.message).toContain('expired');
  });

  test('refuses what the application was not granted, in the words of each service', async () => {
    await stop();
    await start({ roles: { graph: ['Application.Read.All'], intune: [] } });
    const token = await tokenFor(PUBLIC_GRAPH_SCOPE);
    expect((await graph(`/v1.0/servicePrincipals/appId=${INTUNE_APP_ID}/endpoints`, token)).status).toBe(200);
    const list = await graph(DEVICES_PATH, token);
    expect(list.status).toBe(403);
    expect(list.json.error.code).toBe('Forbidden');
    expect(JSON.parse(list.json.error.message)).toMatchObject({
      _version: 3,
      Message: expect.stringContaining('DeviceManagementManagedDevices.Read.All'),
    });
    const single = await graph(`${DEVICES_PATH}/${tenant.fleet.get('NAC-00001').id}`, token);
    expect(single.status).toBe(403);

    await stop();
    await start({ roles: { graph: [], intune: [] } });
    const bare = await tokenFor(PUBLIC_GRAPH_SCOPE);
    expect(decodeJwt(bare)).not.toHaveProperty('roles');
    const endpoints = await graph(`/v1.0/servicePrincipals/appId=${INTUNE_APP_ID}/endpoints`, bare);
    expect(endpoints.status).toBe(403);
    expect(endpoints.json.error.code).toBe('Authorization_RequestDenied');
  });
});

describe('Graph', () => {
  let token: string;
  beforeEach(async () => {
    await start({ pageSize: 10 });
    token = await tokenFor(`${tenant.graphUrl}/.default`);
  });
  afterEach(() => stop());

  test('names the Intune services, on this server', async () => {
    const answer = await graph(`/v1.0/servicePrincipals/appId=${INTUNE_APP_ID}/endpoints`, token);
    expect(answer.status).toBe(200);
    const uris = Object.fromEntries(answer.json.value.map((entry) => [entry['providerName'], entry['uri']]));
    expect(uris).toEqual({
      ComplianceRetrievalService: expect.stringMatching(/\/ResourceAccess\/ComplianceRetrievalService$/),
      NACAPIService: `${tenant.baseUrl}/StatelessNACService`,
    });
    expect(uris['ComplianceRetrievalService']).toContain(tenant.baseUrl);
    const other = await graph(`/v1.0/servicePrincipals/appId=${crypto.randomUUID()}/endpoints`, token);
    expect(other.status).toBe(404);
    expect(other.json.error.code).toBe('Request_ResourceNotFound');
  });

  test('repeats client-request-id and adds request-id', async () => {
    const id = crypto.randomUUID();
    const answer = await graph(DEVICES_PATH, token, { 'client-request-id': id });
    expect(answer.headers['client-request-id']).toBe(id);
    expect(answer.headers['request-id']).toMatch(/^[0-9a-f-]{36}$/);
    const missing = await graph('/v1.0/deviceManagement/nothing', token, { 'client-request-id': id });
    expect(missing.status).toBe(404);
    expect(missing.json.error.innerError['client-request-id']).toBe(id);
  });

  test('lists the fleet over pages in the order of enrolment', async () => {
    const pages = await pageNames(token, '');
    expect(pages.map((page) => page.length)).toEqual([10, 10, 5]);
    expect(pages.flat()).toEqual(tenant.fleet.list({ limit: 1000 }).value.map(({ deviceName }) => deviceName));
  });

  test('ends without a nextLink when the last page is full', async () => {
    tenant.fleet.reseed({ size: 20 });
    expect((await pageNames(token, '')).map((page) => page.length)).toEqual([10, 10]);
    tenant.fleet.reseed({ size: 0 });
    expect(await pageNames(token, '')).toEqual([[]]);
  });

  test.each([
    ['?$top=4', 4],
    ['?%24top=4&%24select=deviceName', 4],
    ['?$top=5000', 10],
  ])('%s makes pages of %i', async (query, size) => {
    const pages = await pageNames(token, query);
    expect(pages[0]).toHaveLength(size);
    expect(pages[1]).toHaveLength(size);
    expect(pages.flat()).toHaveLength(25);
  });

  test('neither repeats nor loses devices that stay while others come and go between pages', async () => {
    const pages = await pageNames(token, '?$top=5&$select=deviceName', (page) => {
      if (page === 1) {
        // One already read, the very next one, and one far ahead.
        tenant.fleet.remove('NAC-00002');
        tenant.fleet.remove('NAC-00006');
        tenant.fleet.remove('NAC-00020');
        tenant.fleet.add({ deviceName: 'LATE' });
      }
    });
    const names = pages.flat();
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('LATE');
    expect(names).not.toContain('NAC-00006');
    expect(names).not.toContain('NAC-00020');
    const stayed = tenant.fleet.list({ limit: 1000 }).value.map(({ deviceName }) => deviceName);
    expect(names).toEqual(expect.arrayContaining(stayed));
  });

  test('any mixture of additions and removals leaves every device that stays on exactly one page', async () => {
    const step = fc.record({
      top: fc.integer({ min: 1, max: 12 }),
      remove: fc.uniqueArray(fc.nat(39)),
      add: fc.nat(3),
    });
    await fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        const fleet = new Fleet({ size: 40, seed: 7, now: () => new Date() });
        const initial = fleet.list({ limit: 100 }).value.map(({ id }) => id);
        const seen: string[] = [];
        let from: number | undefined = 0;
        for (const { top, remove, add } of [...steps, { top: 1000, remove: [], add: 0 }]) {
          if (from === undefined) {
            break;
          }
          const page = fleet.page(from, top);
          seen.push(...page.devices.map(({ id }) => id));
          from = page.next;
          for (const id of remove.map((index) => initial[index] ?? '').filter((known) => fleet.find(known))) {
            fleet.remove(id);
          }
          for (let count = 0; count < add; count += 1) {
            fleet.add();
          }
        }
        expect(new Set(seen).size).toBe(seen.length);
        expect(seen).toEqual(expect.arrayContaining(initial.filter((id) => fleet.find(id))));
      }),
    );
  });

  test('ignores a filter without a word', async () => {
    const filter = encodeURIComponent("wiFiMacAddress eq 'A0B1C2D3E4F5'");
    expect((await pageNames(token, `?$filter=${filter}`)).flat()).toHaveLength(25);
  });

  test('answers an empty page to $skip', async () => {
    const answer = await graph(`${DEVICES_PATH}?$skip=10`, token);
    expect(answer.json.value).toEqual([]);
    expect(answer.json).not.toHaveProperty('@odata.nextLink');
  });

  test.each(['?$top=0', '?$top=many', '?$skiptoken=invented', '?$select=macAddress'])('refuses %s', async (query) => {
    const answer = await graph(`${DEVICES_PATH}${query}`, token);
    expect(answer.status).toBe(400);
    expect(answer.json.error.code).toBe('BadRequest');
  });

  test('refuses to write', async () => {
    const answer = await ask(`${tenant.graphUrl}${DEVICES_PATH}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: '{}',
    });
    expect(answer.status).toBe(405);
  });

  test('gives the selected properties and no others', async () => {
    const answer = await graph(`${DEVICES_PATH}?$select=id,complianceState, wiFiMacAddress,notes&$top=1`, token);
    const { id, complianceState, wiFiMacAddress } = tenant.fleet.get('NAC-00001');
    expect(answer.json.value).toEqual([{ id, complianceState, wiFiMacAddress, notes: null }]);
    expect(answer.json['@odata.context']).toMatch(
      /\$metadata#deviceManagement\/managedDevices\(id,complianceState,wiFiMacAddress,notes\)$/,
    );
    expect(new URL(answer.json['@odata.nextLink']).searchParams.get('$select')).toContain('complianceState');
  });

  test('keeps Ethernet MAC, UDID and ICCID back except when one device is read with them selected', async () => {
    const set = { ethernetMacAddress: '00155D000001', udid: 'U-1', iccid: '8901' };
    const { id } = tenant.fleet.patch('NAC-00001', set);
    const nothing = { ethernetMacAddress: null, udid: '', iccid: '' };
    const select = '$select=ethernetMacAddress,udid,iccid';
    expect((await graph(`${DEVICES_PATH}?$top=1`, token)).json.value[0]).toMatchObject(nothing);
    expect((await graph(`${DEVICES_PATH}?${select}&$top=1`, token)).json.value[0]).toEqual(nothing);
    expect((await graph(`${DEVICES_PATH}/${id}`, token)).json).toMatchObject({ id, ...nothing });
    expect((await graph(`${DEVICES_PATH}/${id}?${select}`, token)).json).toMatchObject(set);
    expect((await graph(`${DEVICES_PATH}('${id.toUpperCase()}')?${select}`, token)).json).toMatchObject(set);
  });

  test('answers 404 with a Graph body once a device is gone', async () => {
    const { id } = tenant.fleet.get('NAC-00003');
    expect((await graph(`${DEVICES_PATH}/${id}`, token)).status).toBe(200);
    tenant.fleet.remove(id);
    const answer = await graph(`${DEVICES_PATH}/${id}`, token);
    expect(answer.status).toBe(404);
    expect(answer.json.error.code).toBe('ResourceNotFound');
    expect((await graph(`${DEVICES_PATH}/${id}?$select=nonsense`, token)).status).toBe(400);
  });
});

describe('fleet', () => {
  const day = new Date('2026-03-01T00:00:00Z');
  const fleetOf = (size: number, seed: number, now = day) => new Fleet({ size, seed, now: () => now });
  const all = (fleet: Fleet) => fleet.list({ limit: 1000 }).value;

  test('is the same for the same seed and size at any time of the day', () => {
    expect(all(fleetOf(300, 4, new Date('2026-03-01T23:59:59Z')))).toEqual(all(fleetOf(300, 4)));
    expect(all(fleetOf(300, 5))).not.toEqual(all(fleetOf(300, 4)));
  });

  test('a device does not depend on the size of its fleet', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: -5, max: 5 }), (size, seed) => {
        expect(all(fleetOf(size, seed))).toEqual(all(fleetOf(60, seed)).slice(0, size));
      }),
      { numRuns: 20 },
    );
  });

  test('has every compliance state and plausible identities', () => {
    const devices = all(fleetOf(1000, 1));
    expect(new Set(devices.map((device) => device.complianceState))).toEqual(new Set(COMPLIANCE_STATES));
    const compliant = devices.filter((device) => device.complianceState === 'compliant');
    expect(compliant.length).toBeGreaterThan(600);
    expect(new Set(devices.map((device) => device.id)).size).toBe(1000);
    for (const device of devices) {
      expect(device.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(device.deviceName).toMatch(/^NAC-\d{5}$/);
      expect(device.lastSyncDateTime).toMatch(/^2026-02-28T\d\d:\d\d:00Z$|^2026-03-01T00:00:00Z$/);
    }
    const ordinary = devices.slice(6).map((device) => device.wiFiMacAddress ?? '');
    expect(ordinary.every((mac) => /^[0-9A-F][048C][0-9A-F]{10}$/.test(mac))).toBe(true);
    expect(new Set(devices.map((device) => device.wiFiMacAddress)).size).toBe(999);
  });

  test.each([1, 2, 77])('begins with the six special devices for seed %i', (seed) => {
    const [first, second, third, fourth, fifth, sixth] = all(fleetOf(6, seed));
    expect(first).toMatchObject({ deviceName: 'NAC-00001', complianceState: 'compliant', managementState: 'managed' });
    expect(first?.wiFiMacAddress).toMatch(/^[0-9A-F][048C][0-9A-F]{10}$/);
    expect(second?.complianceState).toBe('noncompliant');
    expect(third?.wiFiMacAddress).toMatch(/^[0-9A-F]{12}$/);
    expect(fourth?.wiFiMacAddress).toBe(third?.wiFiMacAddress);
    expect(fourth?.ethernetMacAddress).not.toBe(third?.ethernetMacAddress);
    expect(fifth?.wiFiMacAddress).toBe('');
    expect(sixth?.wiFiMacAddress).toMatch(/^[0-9A-F][26AE][0-9A-F]{10}$/);
  });

  test('no two interfaces share an address by chance', () => {
    const addresses = new Set<string>();
    for (let index = 7; index <= 20_006; index += 1) {
      const { wiFiMacAddress, ethernetMacAddress } = generatedDevice({ seed: 3, index, reference: day });
      for (const mac of [wiFiMacAddress, ethernetMacAddress]) {
        if (mac !== null && mac !== '') {
          expect(addresses.has(mac)).toBe(false);
          addresses.add(mac);
        }
      }
    }
  });
});
