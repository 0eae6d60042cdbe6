// The Compliance Retrieval service of the simulated tenant: Cisco's XML over HTTPS with a token for the Intune API.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  startTenantClient,
  type TenantAnswer,
  type TenantClient,
  type TenantClock,
  tenantClock,
} from '../../support/tenant-client.ts';

const INTUNE_APP_ID = '0000000a-0000-0000-c000-000000000000';
const NAMESPACE =
  'http://schemas.datacontract.org/2004/07/Microsoft.Intune.ResourceAccess.ComplianceRetrievalService.Model';
let client: TenantClient;
let clock: TenantClock;
let service: string;
let token: string;

beforeEach(async () => {
  clock = tenantClock();
  client = await startTenantClient({ now: () => clock.now, tokenLifetimeSeconds: 86_400 });
  const { json } = await client.graph(`/v1.0/servicePrincipals/appId=${INTUNE_APP_ID}/endpoints`);
  const entry = json.value.find(
    ({ providerName }: { providerName: string }) => providerName === 'ComplianceRetrievalService',
  );
  service = entry.uri;
  token = await client.intuneToken();
});
afterEach(() => client[Symbol.asyncDispose]());

function ask(path: string, bearer = token): Promise<TenantAnswer> {
  return client.ask(`${service}${path}`, {
    headers: { authorization: `Bearer ${bearer}`, accept: 'application/xml' },
  });
}

function query(criteria: string, value: string, more = ''): Promise<TenantAnswer> {
  return ask(`/cisco/devices/?paging=0&querycriteria=${criteria}&value=${value}&filter=all${more}`);
}

function elements(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map((match) => match[1] ?? '');
}

describe('one device', () => {
  test('by Intune device ID, in the namespace and with the capitals of version 3', async () => {
    const { id } = client.tenant.fleet.get('NAC-00002');
    const answer = await query('guid', id);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toContain('application/xml');
    expect(answer.text).toBe(
      `<ise_api xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns="${NAMESPACE}">` +
        '<name>attributes</name><api_version>3</api_version>' +
        `<deviceList><device><guid>${id}</guid><Attributes><guid>${id}</guid><register_status>true</register_status>` +
        '<Compliance><status>false</status></Compliance></Attributes></device></deviceList></ise_api>',
    );
    const compliant = await query('guid', client.tenant.fleet.get('NAC-00001').id);
    expect(elements(compliant.text, 'status')).toEqual(['true']);
  });

  test('by Wi-Fi and by Ethernet MAC address', async () => {
    const { wiFiMacAddress, ethernetMacAddress } = client.tenant.fleet.get('NAC-00001');
    for (const mac of [wiFiMacAddress ?? '', ethernetMacAddress ?? '']) {
      const answer = await query('macaddress', mac);
      expect(elements(answer.text, 'macaddress')).toEqual([mac, mac]);
      expect(elements(answer.text, 'status')).toEqual(['true']);
      expect(answer.text).not.toContain('<guid>');
    }
    client.tenant.behave({ macAnswerIdentifiers: 'both' });
    const both = await query('macaddress', wiFiMacAddress ?? '');
    expect(elements(both.text, 'guid')).toHaveLength(2);
    client.tenant.behave({ macAnswerIdentifiers: 'guid' });
    expect(elements((await query('macaddress', wiFiMacAddress ?? '')).text, 'macaddress')).toEqual([]);
  });

  test('two devices with one MAC address are both listed', async () => {
    const answer = await query('macaddress', client.tenant.fleet.get('NAC-00003').wiFiMacAddress ?? '');
    expect(elements(answer.text, 'status')).toEqual(['true', 'false']);
  });

  test('a grace period counts as compliant by default', async () => {
    const { id } = client.tenant.fleet.patch('NAC-00001', { complianceState: 'inGracePeriod' });
    expect(elements((await query('guid', id)).text, 'status')).toEqual(['true']);
    client.tenant.behave({ compliantStates: ['compliant'] });
    expect(elements((await query('guid', id)).text, 'status')).toEqual(['false']);
  });

  test('names can be lower-case', async () => {
    client.tenant.behave({ complianceXmlNames: 'lowerCase' });
    const { text } = await query('guid', client.tenant.fleet.get('NAC-00001').id);
    expect(text).toContain('<attributes><guid>');
    expect(text).toContain('<compliance><status>true</status></compliance></attributes>');
    expect(text).not.toContain('Attributes');
  });

  test.each([
    ['emptyList', 200, '<deviceList></deviceList>'],
    ['notRegistered', 200, '<register_status>false</register_status>'],
    ['notFound', 404, ''],
  ] as const)('that is not enrolled: %s', async (unknownDevice, status, part) => {
    client.tenant.behave({ unknownDevice });
    for (const [criteria, value] of [
      ['guid', crypto.randomUUID()],
      ['macaddress', '0026B424FEB4'],
    ] as const) {
      const answer = await query(criteria, value);
      expect(answer.status).toBe(status);
      expect(answer.text).toContain(part);
      expect(answer.text).not.toContain('ompliance>');
    }
  });

  test.each([
    ['guid', 'no-guid'],
    ['macaddress', '00:26:B4:24:FE:B4'],
    ['macaddress', '0026b424feb4'],
  ])('%s=%s is unknown, or refused where the behaviour says so', async (criteria, value) => {
    expect((await query(criteria, value)).text).toContain('<deviceList></deviceList>');
    client.tenant.behave({ malformedValue: 'badRequest' });
    expect((await query(criteria, value)).status).toBe(400);
  });

  test.each(['serialnumber', ''])('cannot be asked for by "%s"', async (criteria) => {
    expect((await query(criteria, 'x')).status).toBe(400);
  });
});

describe('the noncompliant list', () => {
  const list = '/cisco/devices/?querycriteria=compliance&value=false&deviceidentifier=macaddress&filter=all';

  test('comes over pages, whole, and only once in four hours', async () => {
    client.tenant.behave({ complianceQueryMaxSize: 3 });
    const { fleet } = client.tenant;
    for (const name of ['NAC-00001', 'NAC-00011', 'NAC-00021', 'NAC-00025']) {
      fleet.patch(name, { complianceState: 'conflict' });
    }
    const expected = fleet
      .list({ limit: 100 })
      .value.filter(
        ({ complianceState }) => !['compliant', 'inGracePeriod', 'configManager'].includes(complianceState),
      );
    expect(expected.length).toBeGreaterThan(3);
    let paging = '0';
    const macs: string[] = [];
    do {
      const page = await ask(`${list}&paging=${paging}`);
      expect(page.status).toBe(200);
      // Each address stands beside the attributes and in them.
      const found = elements(page.text, 'macaddress').filter((_mac, index) => index % 2 === 0);
      expect(found.length).toBeLessThanOrEqual(3);
      macs.push(...found);
      [paging = ''] = elements(page.text, 'paging_info');
    } while (paging !== '0');
    expect(macs).toEqual(expected.map(({ wiFiMacAddress }) => wiFiMacAddress));

    clock.advance(4 * 3600 - 1);
    const early = await ask(`${list}&paging=0`);
    expect(early.status).toBe(503);
    expect(early.headers).not.toHaveProperty('retry-after');
    clock.advance(1);
    expect((await ask(`${list}&paging=0`)).status).toBe(200);
  });

  test('an early request does not put the wall off', async () => {
    await ask(`${list}&paging=0`);
    clock.advance(3 * 3600);
    expect((await ask(`${list}&paging=0`)).status).toBe(503);
    clock.advance(3600);
    expect((await ask(`${list}&paging=0`)).status).toBe(200);
  });

  test('the wall may say when to come back, and can be lowered', async () => {
    await ask(`${list}&paging=0`);
    clock.advance(600);
    client.tenant.behave({ complianceWallRetryAfter: 'seconds' });
    expect((await ask(`${list}&paging=0`)).headers['retry-after']).toBe(String(4 * 3600 - 600));
    client.tenant.behave({ complianceWallRetryAfter: 'date' });
    expect((await ask(`${list}&paging=0`)).headers['retry-after']).toBe('Sun, 01 Mar 2026 14:00:00 GMT');
    expect((await client.control('DELETE', '/compliance-wall')).status).toBe(204);
    expect((await ask(`${list}&paging=0`)).status).toBe(200);
  });

  test('gives ids without deviceidentifier, and an empty address where there is none', async () => {
    client.tenant.fleet.reseed({ size: 0 });
    const { id } = client.tenant.fleet.add({
      complianceState: 'noncompliant',
      wiFiMacAddress: '',
      ethernetMacAddress: null,
    });
    const byMac = await ask(`${list}&paging=0`);
    expect(byMac.text).toContain('<device><macaddress /><Attributes>');
    client.tenant.lowerComplianceWall();
    const byId = await ask('/cisco/devices/?paging=0&querycriteria=compliance&value=false&filter=all');
    expect(elements(byId.text, 'guid')).toEqual([id, id]);
  });

  test('one device may be asked for behind the wall', async () => {
    await ask(`${list}&paging=0`);
    expect((await query('guid', client.tenant.fleet.get('NAC-00001').id)).status).toBe(200);
  });
});

test('says what it is', async () => {
  const answer = await ask('/ciscoise/mdminfo/?ise_api_version=3');
  expect(answer.status).toBe(200);
  expect(elements(answer.text, 'name')).toEqual(['mdminfo']);
  expect(elements(answer.text, 'query_max_size')).toEqual(['100']);
  const [apiPath] = elements(answer.text, 'api_path');
  expect(service.endsWith(String(apiPath).replace(/\/cisco$/, ''))).toBe(true);
});

test('takes only tokens for the Intune API that carry get_device_compliance', async () => {
  const { id } = client.tenant.fleet.get('NAC-00001');
  const path = `/cisco/devices/?paging=0&querycriteria=guid&value=${id}&filter=all`;
  expect((await ask(path, await client.token())).status).toBe(401);
  expect((await client.ask(`${service}${path}`)).status).toBe(401);
  const kept = token;
  client.tenant.register({ roles: { graph: ['Application.Read.All'], intune: [] } });
  expect((await ask(path, await client.intuneToken())).status).toBe(403);
  // Consent that is revoked shows in new tokens, not in those that are out.
  expect((await ask(path, kept)).status).toBe(200);
});

test('with the least permissions discovery and compliance work, and the device list does not', async () => {
  client.tenant.register({ roles: { graph: ['Application.Read.All'], intune: ['get_device_compliance'] } });
  expect((await client.graph(`/v1.0/servicePrincipals/appId=${INTUNE_APP_ID}/endpoints`)).status).toBe(200);
  expect((await client.graph('/v1.0/deviceManagement/managedDevices')).status).toBe(403);
  expect((await client.graph('/v1.0/devices/delta')).status).toBe(403);
  const { id } = client.tenant.fleet.get('NAC-00001');
  expect((await query('guid', id)).status).toBe(200);
});
