// The simulated tenant takes what Entra and Graph take of clients other than ours, Cisco ISE among them.

import { importPKCS8, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientCertificate, createClientCertificate } from '../../../local/certificates/client-certificate.ts';
import { DEVICES_PATH, JWT_BEARER, startTenantClient, type TenantClient } from '../../support/tenant-client.ts';

const ALL_OF_GRAPH = 'https://graph.microsoft.com/.default';
let certificate: ClientCertificate;
let client: TenantClient;

beforeAll(async () => {
  certificate = await createClientCertificate();
  client = await startTenantClient({ clientCertificatePem: certificate.certificatePem });
});
afterAll(() => client[Symbol.asyncDispose]());

describe('scopes', () => {
  test.each([
    `openid profile offline_access ${ALL_OF_GRAPH}`,
    `${ALL_OF_GRAPH} openid`,
    `  ${ALL_OF_GRAPH}  email `,
    `${ALL_OF_GRAPH} ${ALL_OF_GRAPH}`,
    '00000003-0000-0000-c000-000000000000/.default',
  ])('"%s" is for Graph alone', async (scope) => {
    const { status, json } = await secretGrant({ scope });
    expect([status, json.token_type]).toEqual([200, 'Bearer']);
    expect((await client.graph(DEVICES_PATH, { token: json.access_token })).status).toBe(200);
  });

  test.each(['openid profile', `openid ${ALL_OF_GRAPH} https://api.manage.microsoft.com//.default`])(
    '"%s" is refused',
    async (scope) => expect((await secretGrant({ scope })).status).toBe(400),
  );
});

// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow: the secret may be sent by HTTP
// Basic.
describe('id and secret of the client by HTTP Basic', () => {
  test.each([
    ['are taken', '', 200],
    ['are refused with another secret', 'x', 401],
  ])('%s', async (_what, added, status) => {
    const { authorityHost, tenantId, clientId, clientSecret } = client.tenant;
    const credentials = [clientId, clientSecret + added].map(encodeURIComponent).join(':');
    const answer = await client.ask(`${authorityHost}/${tenantId}/oauth2/v2.0/token`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
      },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: ALL_OF_GRAPH }).toString(),
    });
    expect(answer.status).toBe(status);
  });
});

describe('an assertion', () => {
  const sha1 = () => Buffer.from(certificate.thumbprintSha1, 'hex');
  const audience = (path: string) => `${client.tenant.authorityHost}/${client.tenant.tenantId}${path}`;

  test.each([
    ['base64url', () => sha1().toString('base64url')],
    ['plain base64', () => sha1().toString('base64')],
  ])('names its certificate in %s', async (_form, x5t) => {
    expect((await assertionGrant(x5t(), audience('/oauth2/v2.0/token'))).status).toBe(200);
  });

  test.each(['/oauth2/v2.0/token', '/oauth2/token', '/v2.0'])('is made for %s', async (path) => {
    expect((await assertionGrant(sha1().toString('base64url'), audience(path))).status).toBe(200);
  });

  test.each(['/oauth2/v1.0/token', '', '/v2.0/token'])('is not taken for "%s"', async (path) => {
    const { status, json } = await assertionGrant(sha1().toString('base64url'), audience(path));
    expect([status, json.error]).toEqual([401, 'invalid_client']);
  });
});

describe('the token endpoint of v1', () => {
  test.each(['https://graph.microsoft.com', 'https://graph.microsoft.com/'])(
    'takes the resource %s',
    async (resource) => {
      const { status, json } = await secretGrant({ resource }, '/oauth2/token');
      expect(status).toBe(200);
      expect(json).toMatchObject({ expires_in: expect.stringMatching(/^\d+$/), resource });
      expect((await client.graph(DEVICES_PATH, { token: json.access_token })).status).toBe(200);
    },
  );

  test('takes the audience of the Intune API', async () => {
    const { status } = await secretGrant({ resource: 'https://api.manage.microsoft.com/' }, '/oauth2/token');
    expect(status).toBe(200);
  });

  test('misses the resource where only a scope is given', async () => {
    const { status, json } = await secretGrant({ scope: ALL_OF_GRAPH }, '/oauth2/token');
    expect([status, json.error]).toEqual([400, 'invalid_request']);
  });
});

describe('Graph', () => {
  test('takes a path that begins with two slashes', async () => {
    expect((await client.graph(`/${DEVICES_PATH}`)).status).toBe(200);
    expect((await client.graph(`/${DEVICES_PATH.replace('/deviceManagement', '//deviceManagement')}`)).status).toBe(
      404,
    );
  });

  test('gives in lists empty texts for udid and iccid, and nothing for the Ethernet address', async () => {
    const { json } = await client.graph(`${DEVICES_PATH}?$select=id,udid,iccid,ethernetMacAddress&$top=3`);
    expect(json.value.length).toBeGreaterThan(0);
    for (const { id, ...keptBack } of json.value) {
      expect(keptBack).toEqual({ udid: '', iccid: '', ethernetMacAddress: null });
    }
  });
});

describe('the two services for network access control', () => {
  const CURRENT = '/TrafficGateway/TrafficRoutingService/ResourceAccess/ComplianceRetrievalService';
  const OLDER = '/StatelessNACService';
  const nac = async (path: string) => {
    const headers = { authorization: `Bearer ${await client.intuneToken()}`, accept: 'application/xml' };
    return client.ask(`${client.tenant.graphUrl}${path}`, { headers });
  };

  test('are both listed by Graph', async () => {
    const { json } = await client.graph('/v1.0/servicePrincipals/appId=0000000a-0000-0000-c000-000000000000/endpoints');
    const uris = json.value.map(({ providerName, uri }: Record<string, string>) => [providerName, uri]);
    expect(uris).toEqual([
      ['ComplianceRetrievalService', `${client.tenant.graphUrl}${CURRENT}`],
      ['NACAPIService', `${client.tenant.graphUrl}${OLDER}`],
    ]);
  });

  test.each([
    [`${CURRENT}/ciscoise/mdminfo/?ise_api_version=3`, '3', `${CURRENT}/cisco`],
    [`${CURRENT}/ciscoise/mdminfo?ise_api_version=2`, '3', `${CURRENT}/cisco`],
    [`${OLDER}/ciscoise/mdminfo/?ise_api_version=2`, '2', '/StatelessNacService/ciscodeviceinfo/mdm/api'],
    [`/${OLDER}/ciscoise/mdminfo?ise_api_version=3`, '2', '/StatelessNacService/ciscodeviceinfo/mdm/api'],
  ])('%s says version and path', async (path, version, apiPath) => {
    const { status, text } = await nac(path);
    expect(status).toBe(200);
    expect(text).toContain(`<api_version>${version}</api_version><api_path>${apiPath}</api_path>`);
    expect(text).toContain('<query_max_size>100</query_max_size>');
  });

  test('the older one is asked in any capitals, by address, and names it in lower case', async () => {
    const { mac, isCompliant } = aListedDevice();
    for (const base of [OLDER, '/StatelessNacService']) {
      const { text } = await nac(
        `${base}/ciscodeviceinfo/mdm/api/devices/?paging=0&querycriteria=macaddress&value=${mac}&filter=all`,
      );
      expect(text).toContain(
        `<device><macaddress>${mac}</macaddress><attributes><register_status>true</register_status>`,
      );
      expect(text).toContain(`<compliance><status>${isCompliant}</status></compliance>`);
      expect(text).toContain('<udid />');
    }
    const { text } = await nac(
      `${OLDER}/ciscodeviceinfo/mdm/api/devices/?paging=0&querycriteria=macaddress&value=0200000000AA&filter=all`,
    );
    expect(text).toContain('<deviceList></deviceList>');
  });

  test('the older one has an object of JSON for each address, known or not', async () => {
    const { mac, isCompliant } = aListedDevice();
    const known = await nac(`${OLDER}/devices/?querycriteria=macaddress&value=${mac}&api-version=1.1`);
    expect(known.json).toMatchObject({ isManaged: true, complianceState: isCompliant, macAddress: mac, udid: '' });
    const unknown = await nac(`${OLDER}/devices/?querycriteria=macaddress&value=0200000000AA&api-version=1.1`);
    expect(unknown.json).toMatchObject({ isManaged: false, complianceState: false, serialNumber: '' });
    expect((await nac(`${OLDER}/devices/?querycriteria=macaddress&value=${mac}`)).status).toBe(400);
  });

  test.each(['guid', 'macaddress'])('the list names devices by %s, a hundred a page', async (identifier) => {
    await using large = await startTenantClient({ fleetSize: 700 });
    const seen: string[] = [];
    let paging = '0';
    do {
      const path = `${CURRENT}/cisco/devices/?paging=${paging}&querycriteria=compliance&value=false&deviceidentifier=${identifier}&filter=all`;
      const headers = { authorization: `Bearer ${await large.intuneToken()}` };
      const { status, text } = await large.ask(`${large.tenant.graphUrl}${path}`, { headers });
      expect(status).toBe(200);
      const page = [...text.matchAll(/<device><(\w+)/g)].map(([, name = '']) => name);
      expect(page.length).toBeLessThanOrEqual(100);
      seen.push(...page);
      paging = /<paging_info>(\d+)<\/paging_info>/.exec(text)?.[1] ?? '0';
      if (paging !== '0') expect(page).toHaveLength(100);
    } while (paging !== '0');
    const listed = large.tenant.fleet
      .list({ limit: 700 })
      .value.filter(
        ({ complianceState }) => !['compliant', 'inGracePeriod', 'configManager'].includes(complianceState),
      );
    expect(seen).toEqual(listed.map(() => identifier));
    expect(seen.length).toBeGreaterThan(100);
  });

  function aListedDevice(): { mac: string; isCompliant: boolean } {
    const device = client.tenant.fleet.list({ limit: 25 }).value.find(({ wiFiMacAddress }) => wiFiMacAddress);
    const mac = String(device?.wiFiMacAddress)
      .replaceAll(/[^0-9A-Fa-f]/g, '')
      .toUpperCase();
    return {
      mac,
      isCompliant: ['compliant', 'inGracePeriod', 'configManager'].includes(String(device?.complianceState)),
    };
  }
});

function secretGrant(fields: Readonly<Record<string, string>>, path = '/oauth2/v2.0/token') {
  return grant({ client_secret: client.tenant.clientSecret, ...fields }, path);
}

async function assertionGrant(x5t: string, audience: string) {
  const key = await importPKCS8(certificate.privateKeyPem, 'RS256');
  const now = Math.floor(Date.now() / 1000);
  const assertion = await new SignJWT({ jti: 'one' })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', x5t })
    .setIssuer(client.tenant.clientId)
    .setSubject(client.tenant.clientId)
    .setAudience(audience)
    .setNotBefore(now)
    .setExpirationTime(now + 600)
    .sign(key);
  return grant(
    { client_assertion_type: JWT_BEARER, client_assertion: assertion, scope: ALL_OF_GRAPH },
    '/oauth2/v2.0/token',
  );
}

function grant(fields: Readonly<Record<string, string>>, path: string) {
  const { authorityHost, tenantId, clientId } = client.tenant;
  return client.ask(`${authorityHost}/${tenantId}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId, ...fields }).toString(),
  });
}
