// How the application proves itself to the simulated tenant: managed identity, certificates in rollover, secrets.

import { ConfidentialClientApplication, type INetworkModule, ManagedIdentityApplication } from '@azure/msal-node';
import { decodeJwt } from 'jose';
import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ClientCertificate, createClientCertificate } from '../../../local/certificates/client-certificate.ts';
import { CLOUD_AUDIENCES } from '../../../local/intune-tenant/token-audiences.ts';
import {
  DEVICES_PATH,
  JWT_BEARER,
  startTenantClient,
  type TenantAnswer,
  type TenantClient,
  type TenantClock,
  tenantClock,
} from '../../support/tenant-client.ts';

let client: TenantClient;
let clock: TenantClock;

beforeEach(async () => {
  clock = tenantClock(new Date().toISOString());
  client = await startTenantClient({ now: () => clock.now });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await client[Symbol.asyncDispose]();
});

function identityRequest(changes: Readonly<Record<string, string | undefined>> = {}): Promise<TenantAnswer> {
  const { header, ...query } = {
    'api-version': '2019-08-01',
    resource: 'api://AzureADTokenExchange',
    client_id: client.tenant.identity.clientId,
    header: client.tenant.identity.header,
    ...changes,
  };
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return client.ask(`${client.tenant.identityEndpoint}?${new URLSearchParams(given)}`, {
    headers: header === undefined ? {} : { 'x-identity-header': header },
  });
}

function askWith(assertion: string): Promise<TenantAnswer> {
  return client.askForToken({
    grant_type: 'client_credentials',
    client_id: client.tenant.clientId,
    client_assertion_type: JWT_BEARER,
    client_assertion: assertion,
    scope: 'https://graph.microsoft.com/.default',
  });
}

/** MSAL's own client knows only the system's certificate authorities. */
function networkClient(): INetworkModule {
  const send = async (url: string, options: Parameters<typeof request>[1]) => {
    const answer = await request(url, { dispatcher: client.agent, ...options });
    const headers = Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name, String(value)]));
    // biome-ignore lint/suspicious/noExplicitAny: MSAL names the shape of the body itself.
    return { status: answer.statusCode, headers, body: (await answer.body.json()) as any };
  };
  return {
    sendGetRequestAsync: (url, options) => send(url, { headers: options?.headers ?? {} }),
    sendPostRequestAsync: (url, options) =>
      send(url, { method: 'POST', headers: options?.headers ?? {}, body: options?.body ?? '' }),
  };
}

describe('managed identity', () => {
  test('its assertion is taken in place of a secret', async () => {
    const identity = await identityRequest();
    expect(identity.status).toBe(200);
    expect(identity.json).toMatchObject({
      token_type: 'Bearer',
      resource: 'api://AzureADTokenExchange',
      client_id: client.tenant.identity.clientId,
      expires_on: String(Math.floor(clock.now.getTime() / 1000) + 600),
    });
    expect(decodeJwt(identity.json.access_token)).toMatchObject({
      iss: `${client.tenant.authorityHost}/${client.tenant.tenantId}/v2.0`,
      sub: client.tenant.identity.principalId,
      aud: 'api://AzureADTokenExchange',
    });
    const answer = await askWith(identity.json.access_token);
    expect(answer.status).toBe(200);
    expect((await client.graph(DEVICES_PATH, { token: answer.json.access_token })).status).toBe(200);
  });

  test('MSAL gets both tokens without a secret', async () => {
    const { tenant } = client;
    vi.stubEnv('IDENTITY_ENDPOINT', tenant.identityEndpoint);
    vi.stubEnv('IDENTITY_HEADER', tenant.identity.header);
    const identity = new ManagedIdentityApplication({
      managedIdentityIdParams: { userAssignedClientId: tenant.identity.clientId },
    });
    const application = new ConfidentialClientApplication({
      auth: {
        clientId: tenant.clientId,
        authority: `${tenant.authorityHost}/${tenant.tenantId}`,
        knownAuthorities: [new URL(tenant.authorityHost).host],
        clientAssertion: async () =>
          (await identity.acquireToken({ resource: 'api://AzureADTokenExchange' })).accessToken,
      },
      system: { networkClient: networkClient() },
    });
    for (const scope of ['https://graph.microsoft.com/.default', 'https://api.manage.microsoft.com//.default']) {
      const token = await application.acquireTokenByClientCredential({ scopes: [scope] });
      expect(decodeJwt(token?.accessToken ?? '').aud).toBe(scope.slice(0, -'/.default'.length));
    }
    expect(tenant.stats().requests).toMatchObject({ token: 2 });
  });

  test.each<[string, Record<string, string | undefined>, number]>([
    ['no header', { header: undefined }, 401],
    ['a wrong header', { header: 'guess' }, 401],
    ['another version', { 'api-version': '2017-09-01' }, 400],
    ['no client_id', { client_id: undefined }, 400],
    ['the client_id of another identity', { client_id: crypto.randomUUID() }, 400],
    ['an unknown resource', { resource: 'https://vault.azure.net' }, 400],
  ])('%s is refused', async (_name, changes, status) => {
    expect((await identityRequest(changes)).status).toBe(status);
  });

  test.each([
    ['issuer', 700211],
    ['subject', 700213],
    ['audience', 700212],
  ] as const)('a federated credential with another %s does not match', async (part, code) => {
    const { json } = await identityRequest();
    const [credential] = client.tenant.registration.federatedCredentials;
    const other = { issuer: '', subject: '', audience: '', ...credential };
    // Letter case counts.
    const changed = { ...other, [part]: other[part].toUpperCase() };
    const registered = await client.control('PATCH', '/registration', { federatedCredentials: [changed] });
    expect(registered.status).toBe(200);
    const refused = await askWith(json.access_token);
    expect(refused.status).toBe(401);
    expect(refused.json).toMatchObject({ error: 'invalid_client', error_codes: [code] });
    client.tenant.register({ federatedCredentials: [changed, other] });
    expect((await askWith(json.access_token)).status).toBe(200);
  });

  test('without a federated credential, with a token for something else and with an old one it is refused', async () => {
    const { json } = await identityRequest();
    const graphToken = await identityRequest({ resource: 'https://graph.microsoft.com' });
    expect((await askWith(graphToken.json.access_token)).json.error_codes).toEqual([700212]);
    const [head, , signature] = json.access_token.split('.');
    const claims = { ...decodeJwt(json.access_token), exp: 4_000_000_000 };
    const forged = [head, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
    expect((await askWith(forged)).json.error_codes).toEqual([700027]);
    clock.advance(601);
    expect((await askWith(json.access_token)).json.error_codes).toEqual([700024]);
    client.tenant.register({ federatedCredentials: [] });
    expect((await askWith(json.access_token)).json.error_codes).toEqual([70025]);
  });

  test('its endpoint can fail', async () => {
    client.tenant.script({ target: 'identity', status: 500, body: '{}' });
    expect((await identityRequest()).status).toBe(500);
    expect((await identityRequest()).status).toBe(200);
  });
});

describe('certificates and secrets', () => {
  async function tokenBy(certificate: ClientCertificate): Promise<unknown> {
    const application = new ConfidentialClientApplication({
      auth: {
        clientId: client.tenant.clientId,
        authority: `${client.tenant.authorityHost}/${client.tenant.tenantId}`,
        knownAuthorities: [new URL(client.tenant.authorityHost).host],
        clientCertificate: { thumbprintSha256: certificate.thumbprintSha256, privateKey: certificate.privateKeyPem },
      },
      system: { networkClient: networkClient() },
    });
    return application
      .acquireTokenByClientCredential({ scopes: ['https://graph.microsoft.com/.default'] })
      .then((token) => decodeJwt(token?.accessToken ?? '')['appidacr'])
      .catch((error: { errorNo?: unknown }) => error.errorNo);
  }

  test('during a rollover both certificates are good, afterwards one', async () => {
    const [old, fresh] = [await createClientCertificate(), await createClientCertificate()];
    client.tenant.register({ certificates: [old.certificatePem] });
    expect(await tokenBy(fresh)).toBe(700027);
    client.tenant.register({ certificates: [old.certificatePem, fresh.certificatePem] });
    expect([await tokenBy(old), await tokenBy(fresh)]).toEqual(['2', '2']);
    client.tenant.register({ certificates: [fresh.certificatePem] });
    expect([await tokenBy(old), await tokenBy(fresh)]).toEqual([700027, '2']);
  });

  test('a certificate is refused once it has run out', async () => {
    const certificate = await createClientCertificate({ notAfter: new Date(clock.now.getTime() + 60_000) });
    client.tenant.register({ certificates: [certificate.certificatePem] });
    expect(await tokenBy(certificate)).toBe('2');
    clock.advance(120);
    expect(await tokenBy(certificate)).toBe(700027);
  });

  test('a secret is refused once it has run out, another one is good', async () => {
    const secretForm = (secret: string) => ({
      grant_type: 'client_credentials',
      client_id: client.tenant.clientId,
      client_secret: secret,
      scope: 'https://graph.microsoft.com/.default',
    });
    const expires = new Date(clock.now.getTime() + 60_000).toISOString();
    client.tenant.register({ secrets: [{ value: 'old', expires }, { value: 'new' }] });
    expect((await client.askForToken(secretForm('old'))).status).toBe(200);
    clock.advance(60);
    const refused = await client.askForToken(secretForm('old'));
    expect(refused.status).toBe(401);
    expect(refused.json).toMatchObject({ error: 'invalid_client', error_codes: [7000222] });
    expect((await client.askForToken(secretForm('new'))).status).toBe(200);
    expect((await client.askForToken(secretForm(client.tenant.clientSecret))).json.error_codes).toEqual([7000215]);
  });

  test("an assertion is refused when the tenant's clock is off by more than five minutes", async () => {
    const certificate = await createClientCertificate({ notBefore: new Date(clock.now.getTime() - 86_400_000) });
    client.tenant.register({ certificates: [certificate.certificatePem] });
    client.tenant.behave({ clockSkewSeconds: -240 });
    expect(await tokenBy(certificate)).toBe('2');
    client.tenant.behave({ clockSkewSeconds: -3600 });
    expect(await tokenBy(certificate)).toBe(700024);
  });

  test.each([
    [{ certificates: ['no PEM'] }, 'PEM'],
    [{ secrets: ['plain'] }, 'value'],
    [{ roles: { graph: [] } }, 'intune'],
    [{ federatedCredentials: [{ issuer: 'x' }] }, 'subject'],
    [{ keys: [] }, 'certificates'],
  ])('the registration refuses %j', async (change, hint) => {
    const before = client.tenant.registration;
    const answer = await client.control('PATCH', '/registration', change);
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual({ code: 'invalid_registration', message: expect.stringContaining(hint) });
    expect(client.tenant.registration).toEqual(before);
  });
});

test('a tenant of the US Government cloud knows its own audiences only', async () => {
  await using government = await startTenantClient({ audiences: CLOUD_AUDIENCES.usGovernment });
  expect(decodeJwt(await government.token('https://graph.microsoft.us/.default')).aud).toBe(
    'https://graph.microsoft.us',
  );
  expect(decodeJwt(await government.token('https://api.manage.microsoft.us//.default')).aud).toBe(
    'https://api.manage.microsoft.us/',
  );
  expect((await government.graph(DEVICES_PATH)).status).toBe(200);
  await expect(government.token('https://graph.microsoft.com/.default')).rejects.toThrow('500011');
  await expect(government.token('https://api.manage.microsoft.com//.default')).rejects.toThrow('500011');
  const { identityEndpoint, identity } = government.tenant;
  const query = new URLSearchParams({
    'api-version': '2019-08-01',
    resource: 'api://AzureADTokenExchangeUSGov',
    client_id: identity.clientId,
  });
  const assertion = await government.ask(`${identityEndpoint}?${query}`, {
    headers: { 'x-identity-header': identity.header },
  });
  expect(assertion.status).toBe(200);
});
