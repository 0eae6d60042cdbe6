/** The simulated tenant takes what Entra and Graph take of clients other than ours, Cisco ISE among them. */
import { importPKCS8, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientCertificate, createClientCertificate } from '../../local/certificates/client-certificate.ts';
import { devicesPath, jwtBearer, startTenantClient, type TenantClient } from '../support/tenant-client.ts';

const ALL_OF_GRAPH = 'https://graph.microsoft.com/.default';
let certificate: ClientCertificate;
let client: TenantClient;

beforeAll(async () => {
  certificate = await createClientCertificate();
  client = await startTenantClient({ clientCertificatePem: certificate.certificatePem });
});
afterAll(() => client[Symbol.asyncDispose]());

describe('scopes', () => {
  test.each([`openid profile offline_access ${ALL_OF_GRAPH}`, `${ALL_OF_GRAPH} openid`, `  ${ALL_OF_GRAPH}  email `])(
    '"%s" is for Graph alone',
    async (scope) => {
      const { status, json } = await secretGrant({ scope });
      expect([status, json.token_type]).toEqual([200, 'Bearer']);
    },
  );

  test.each(['openid profile', `openid ${ALL_OF_GRAPH} https://api.manage.microsoft.com//.default`])(
    '"%s" is refused',
    async (scope) => expect((await secretGrant({ scope })).status).toBe(400),
  );
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
      expect((await client.graph(devicesPath, { token: json.access_token })).status).toBe(200);
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
    expect((await client.graph(`/${devicesPath}`)).status).toBe(200);
    expect((await client.graph(`/${devicesPath.replace('/deviceManagement', '//deviceManagement')}`)).status).toBe(404);
  });

  test('gives in lists empty texts for udid and iccid, and nothing for the Ethernet address', async () => {
    const { json } = await client.graph(`${devicesPath}?$select=id,udid,iccid,ethernetMacAddress&$top=3`);
    expect(json.value.length).toBeGreaterThan(0);
    for (const { id, ...keptBack } of json.value) {
      expect(keptBack).toEqual({ udid: '', iccid: '', ethernetMacAddress: null });
    }
  });
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
    { client_assertion_type: jwtBearer, client_assertion: assertion, scope: ALL_OF_GRAPH },
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
