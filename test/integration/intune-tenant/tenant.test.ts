// The simulated Intune tenant, asked over real connections the way a connector asks Microsoft.

import { execFile } from 'node:child_process';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import {
  ConfidentialClientApplication,
  type INetworkModule,
  type NetworkResponse,
  ServerError,
} from '@azure/msal-node';
import fc from 'fast-check';
import { createLocalJWKSet, decodeJwt, importPKCS8, type JWK, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { Agent, request } from 'undici';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ClientCertificate, createClientCertificate } from '../../../local/certificates/client-certificate.ts';
import { Fleet } from '../../../local/intune-tenant/fleet.ts';
import { generatedDevice } from '../../../local/intune-tenant/generated-device.ts';
import {
  type IntuneTenant,
  type IntuneTenantOptions,
  startIntuneTenant,
} from '../../../local/intune-tenant/intune-tenant.ts';
import { COMPLIANCE_STATES } from '../../../local/intune-tenant/managed-device.ts';

const INTUNE_SCOPE = 'https://api.manage.microsoft.com//.default';
const PUBLIC_GRAPH_SCOPE = 'https://graph.microsoft.com/.default';
const INTUNE_APP_ID = '0000000a-0000-0000-c000-000000000000';
const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

let certificate: ClientCertificate;
let tenant: IntuneTenant;
let agent: Agent;

beforeAll(async () => {
  certificate = await createClientCertificate();
});

async function start(options: IntuneTenantOptions = {}): Promise<void> {
  tenant = await startIntuneTenant({ clientCertificatePem: certificate.certificatePem, fleetSize: 25, ...options });
  agent = new Agent({ connect: { ca: tenant.caPem } });
}

async function stop(): Promise<void> {
  await agent.destroy();
  await tenant.close();
}

/** The members of all the answers that the tests look into; each answer has some of them. */
interface AnswerBody {
  readonly access_token: string;
  readonly token_endpoint: string;
  readonly issuer: string;
  readonly jwks_uri: string;
  readonly keys: JWK[];
  readonly error_codes: readonly number[];
  readonly error_description: string;
  /** Of Graph; the authority's is a word. */
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly innerError: Readonly<Record<string, string>>;
  };
  readonly '@odata.context': string;
  readonly '@odata.count': number;
  readonly '@odata.nextLink': string;
  readonly value: readonly Readonly<Record<string, string>>[];
  readonly total: number;
  readonly id: string;
  readonly deviceName: string;
  readonly ethernetMacAddress: string;
  readonly lastSyncDateTime: string;
  readonly managementState: string;
  readonly code: string;
  readonly message: string;
  readonly requests: Readonly<Record<string, number>>;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly json: AnswerBody;
}

async function ask(url: string, options: Parameters<typeof request>[1] = {}): Promise<Answer> {
  const answer = await request(url, { dispatcher: agent, ...options });
  const text = await answer.body.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: answer.statusCode, headers: answer.headers, text, json: json as AnswerBody };
}

function control(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<Answer> {
  const content = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
  return ask(`${tenant.controlUrl}${path}`, { method, ...content });
}

function askForToken(form: Readonly<Record<string, string>>, tenantId = tenant.tenantId): Promise<Answer> {
  return ask(`${tenant.authorityHost}/${tenantId}/oauth2/v2.0/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  });
}

function secretForm(changes: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    grant_type: 'client_credentials',
    client_id: tenant.clientId,
    client_secret: tenant.clientSecret,
    scope: `${tenant.graphUrl}/.default`,
    ...changes,
  };
}

function without(form: Readonly<Record<string, string>>, ...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(form).filter(([name]) => !names.includes(name)));
}

async function tokenFor(scope: string): Promise<string> {
  const answer = await askForToken(secretForm({ scope }));
  expect(answer.status).toBe(200);
  return answer.json.access_token;
}

function graph(path: string, token: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return ask(`${tenant.graphUrl}${path}`, { headers: { authorization: `Bearer ${token}`, ...headers } });
}

const tenantModule = new URL('../../../local/intune-tenant/intune-tenant.ts', import.meta.url).href;
const DEVICES_PATH = '/v1.0/deviceManagement/managedDevices';

/** All device names, page by page, with something done between the pages. */
async function pageNames(token: string, query: string, between?: (page: number) => void): Promise<string[][]> {
  const pages: string[][] = [];
  let url: string | undefined = `${tenant.graphUrl}${DEVICES_PATH}${query}`;
  while (url !== undefined) {
    const answer: Answer = await ask(url, { headers: { authorization: `Bearer ${token}` } });
    expect(answer.status).toBe(200);
    expect(answer.json['@odata.count']).toBe(answer.json.value.length);
    pages.push(answer.json.value.map((device) => device['deviceName'] ?? ''));
    url = answer.json['@odata.nextLink'];
    between?.(pages.length);
  }
  return pages;
}

describe('authority', () => {
  beforeAll(() => start());
  afterAll(() => stop());

  test('the OpenID configuration points at this authority and its keys verify the tokens', async () => {
    const configuration = await ask(`${tenant.authorityHost}/${tenant.tenantId}/v2.0/.well-known/openid-configuration`);
    expect(configuration.status).toBe(200);
    expect(configuration.json.token_endpoint).toBe(`${tenant.baseUrl}/${tenant.tenantId}/oauth2/v2.0/token`);
    expect(configuration.json.issuer).toBe(`${tenant.baseUrl}/${tenant.tenantId}/v2.0`);

    const keys = await ask(configuration.json.jwks_uri);
    const token = await tokenFor(`${tenant.graphUrl}/.default`);
    const verified = await jwtVerify(token, createLocalJWKSet(keys.json), {
      issuer: configuration.json.issuer,
      audience: tenant.graphUrl,
    });
    expect(verified.protectedHeader.alg).toBe('RS256');
    expect(verified.payload).toMatchObject({
      tid: tenant.tenantId,
      appid: tenant.clientId,
      roles: ['Application.Read.All', 'Device.Read.All', 'DeviceManagementManagedDevices.Read.All'],
    });
    expect((verified.payload.exp ?? 0) - (verified.payload.iat ?? 0)).toBe(600);
  });

  test('the configuration of another tenant is refused as an invalid tenant', async () => {
    const answer = await ask(`${tenant.authorityHost}/${crypto.randomUUID()}/v2.0/.well-known/openid-configuration`);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ error: 'invalid_tenant', error_codes: [90002] });
  });

  test('a token has one audience and only its roles', async () => {
    const graphToken = decodeJwt(await tokenFor(PUBLIC_GRAPH_SCOPE));
    const intuneToken = decodeJwt(await tokenFor(INTUNE_SCOPE));
    expect(graphToken.aud).toBe('https://graph.microsoft.com');
    expect(graphToken['roles']).not.toContain('get_device_compliance');
    expect(intuneToken.aud).toBe('https://api.manage.microsoft.com/');
    expect(intuneToken['roles']).toEqual(['get_device_compliance']);
  });

  const refusals: readonly [string, () => Record<string, string>, number, number, string][] = [
    ['no grant type', () => without(secretForm(), 'grant_type'), 400, 900144, 'invalid_request'],
    ['no client id', () => without(secretForm(), 'client_id'), 400, 900144, 'invalid_request'],
    ['no scope', () => without(secretForm(), 'scope'), 400, 900144, 'invalid_request'],
    ['another grant type', () => secretForm({ grant_type: 'password' }), 400, 70003, 'unsupported_grant_type'],
    ['unknown client', () => secretForm({ client_id: crypto.randomUUID() }), 400, 700016, 'unauthorized_client'],
    ['wrong secret', () => secretForm({ client_secret: 'no' }), 401, 7000215, 'invalid_client'],
    ['no credential', () => without(secretForm(), 'client_secret'), 401, 7000218, 'invalid_client'],
    ['a scope without /.default', () => secretForm({ scope: tenant.graphUrl }), 400, 70011, 'invalid_scope'],
    ['a second scope', () => secretForm({ scope: `${PUBLIC_GRAPH_SCOPE} User.Read` }), 400, 70011, 'invalid_scope'],
    [
      'two resources',
      () => secretForm({ scope: `${PUBLIC_GRAPH_SCOPE} ${INTUNE_SCOPE}` }),
      400,
      700022,
      'invalid_scope',
    ],
    [
      'the Intune API with one slash',
      () => secretForm({ scope: 'https://api.manage.microsoft.com/.default' }),
      400,
      500011,
      'invalid_resource',
    ],
  ];
  test.each(refusals)('refuses %s', async (_name, form, status, code, error) => {
    const answer = await askForToken(form());
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject({ error, error_codes: [code] });
  });

  test('a refusal names everything that Entra names', async () => {
    const correlation = crypto.randomUUID();
    const answer = await askForToken(secretForm({ client_secret: 'no', 'client-request-id': correlation }));
    expect(answer.json).toEqual({
      error: 'invalid_client',
      error_description: expect.stringMatching(/^AADSTS7000215: .+Trace ID: .+Correlation ID: .+Timestamp: /),
      error_codes: [7000215],
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/),
      trace_id: expect.any(String),
      correlation_id: correlation,
      error_uri: `${tenant.authorityHost}/error?code=7000215`,
    });
  });

  test('refuses an unknown tenant', async () => {
    const answer = await askForToken(secretForm(), crypto.randomUUID());
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ error: 'invalid_request', error_codes: [90002] });
  });

  test('refuses a GET for a token', async () => {
    const answer = await ask(`${tenant.authorityHost}/${tenant.tenantId}/oauth2/v2.0/token`);
    expect(answer.json).toMatchObject({ error: 'invalid_request', error_codes: [900561] });
  });
});

describe('client assertions', () => {
  beforeAll(() => start());
  afterAll(() => stop());

  interface Assertion {
    readonly claims?: JWTPayload;
    readonly header?: Readonly<Record<string, string>>;
    readonly algorithm?: 'PS256' | 'RS256';
    readonly signer?: ClientCertificate;
  }

  function base64url(hex: string): string {
    return Buffer.from(hex, 'hex').toString('base64url');
  }

  async function askWithAssertion(assertion: Assertion): Promise<Answer> {
    const algorithm = assertion.algorithm ?? 'PS256';
    const now = Math.floor(Date.now() / 1000);
    const thumbprint: Record<string, string> =
      algorithm === 'PS256'
        ? { 'x5t#S256': base64url(certificate.thumbprintSha256) }
        : { x5t: base64url(certificate.thumbprintSha1) };
    const jwt = await new SignJWT({
      aud: `${tenant.authorityHost}/${tenant.tenantId}/oauth2/v2.0/token`,
      iss: tenant.clientId,
      sub: tenant.clientId,
      nbf: now,
      exp: now + 600,
      ...assertion.claims,
    })
      .setProtectedHeader({ alg: algorithm, ...(assertion.header ?? thumbprint) })
      .sign(await importPKCS8((assertion.signer ?? certificate).privateKeyPem, algorithm));
    return askForToken({
      ...without(secretForm(), 'client_secret'),
      client_assertion_type: JWT_BEARER,
      client_assertion: jwt,
    });
  }

  test.each(['PS256', 'RS256'] as const)('takes %s from the registered certificate', async (algorithm) => {
    const answer = await askWithAssertion({ algorithm });
    expect(answer.status).toBe(200);
    expect(decodeJwt(answer.json.access_token)['appidacr']).toBe('2');
  });

  test("refuses another key under the registered certificate's thumbprint", async () => {
    const answer = await askWithAssertion({ signer: await createClientCertificate() });
    expect(answer.status).toBe(401);
    expect(answer.json).toMatchObject({ error: 'invalid_client', error_codes: [700027] });
  });

  test('refuses a certificate that is not registered', async () => {
    const stranger = await createClientCertificate();
    const answer = await askWithAssertion({
      signer: stranger,
      header: { 'x5t#S256': base64url(stranger.thumbprintSha256) },
    });
    expect(answer.status).toBe(401);
    expect(answer.json.error_codes).toEqual([700027]);
    expect(answer.json.error_description).toContain(stranger.thumbprintSha256);
  });

  test.each([
    ['no thumbprint', {}],
    ['the thumbprint in hexadecimal', { 'x5t#S256': 'ABCDEF' }],
  ])('refuses %s', async (_name, header) => {
    expect((await askWithAssertion({ header })).json.error_codes).toEqual([700027]);
  });

  test('refuses PS256 named by the SHA-1 thumbprint only', async () => {
    const answer = await askWithAssertion({ header: { x5t: base64url(certificate.thumbprintSha1) } });
    expect(answer.json.error_codes).toEqual([700027]);
  });

  const longAgo = Math.floor(Date.now() / 1000) - 7200;
  const farAhead = Math.floor(Date.now() / 1000) + 7200;
  test.each<[string, JWTPayload, number]>([
    ['an expired assertion', { nbf: longAgo, exp: longAgo + 600 }, 700024],
    ['an assertion from the future', { nbf: farAhead, exp: farAhead + 600 }, 700024],
    ['an assertion for another audience', { aud: 'https://login.microsoftonline.com/x/oauth2/v2.0/token' }, 700023],
    ['another issuer', { iss: 'someone' }, 700021],
    ['another subject', { sub: 'someone' }, 700021],
  ])('refuses %s', async (_name, claims, code) => {
    const answer = await askWithAssertion({ claims });
    expect(answer.status).toBe(401);
    expect(answer.json).toMatchObject({ error: 'invalid_client', error_codes: [code] });
  });

  test('refuses what is no JWT, and an assertion of another type', async () => {
    const form = without(secretForm(), 'client_secret');
    const garbage = await askForToken({ ...form, client_assertion_type: JWT_BEARER, client_assertion: 'a.b.c' });
    expect(garbage.json.error_codes).toEqual([50027]);
    const saml = await askForToken({ ...form, client_assertion_type: 'saml2', client_assertion: 'a.b.c' });
    expect(saml.json.error_codes).toEqual([50049]);
    const untyped = await askForToken({ ...form, client_assertion: 'a.b.c' });
    expect(untyped.json.error_codes).toEqual([900144]);
  });

  test('refuses a registered certificate that has run out', async () => {
    const expired = await createClientCertificate({
      notBefore: new Date('2020-01-01T00:00:00Z'),
      notAfter: new Date('2021-01-01T00:00:00Z'),
    });
    await stop();
    await start({ clientCertificatePem: expired.certificatePem });
    const answer = await askWithAssertion({
      signer: expired,
      header: { 'x5t#S256': base64url(expired.thumbprintSha256) },
    });
    expect(answer.json.error_codes).toEqual([700027]);
    expect(answer.json.error_description).toContain('expired');
  });
});

describe('MSAL', () => {
  beforeAll(() => start());
  afterAll(() => stop());

  /** MSAL's own client knows only the system's certificate authorities. */
  function networkClient(): INetworkModule {
    async function send<T>(url: string, options: Parameters<typeof request>[1]): Promise<NetworkResponse<T>> {
      const answer = await request(url, { dispatcher: agent, ...options });
      const headers = Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name, String(value)]));
      return { status: answer.statusCode, headers, body: (await answer.body.json()) as T };
    }
    return {
      sendGetRequestAsync: (url, options) => send(url, { headers: options?.headers ?? {} }),
      sendPostRequestAsync: (url, options) =>
        send(url, { method: 'POST', headers: options?.headers ?? {}, body: options?.body ?? '' }),
    };
  }

  function application(
    credential: { clientSecret: string } | { clientCertificate: { thumbprintSha256: string; privateKey: string } },
  ): ConfidentialClientApplication {
    return new ConfidentialClientApplication({
      auth: {
        clientId: tenant.clientId,
        authority: `${tenant.authorityHost}/${tenant.tenantId}`,
        knownAuthorities: [new URL(tenant.authorityHost).host],
        ...credential,
      },
      system: { networkClient: networkClient() },
    });
  }

  test('gets tokens with the certificate, one per resource, and keeps them', async () => {
    const client = application({
      clientCertificate: { thumbprintSha256: certificate.thumbprintSha256, privateKey: certificate.privateKeyPem },
    });
    const graphToken = await client.acquireTokenByClientCredential({ scopes: [`${tenant.graphUrl}/.default`] });
    const intuneToken = await client.acquireTokenByClientCredential({ scopes: [INTUNE_SCOPE] });
    expect(decodeJwt(graphToken?.accessToken ?? '')).toMatchObject({ aud: tenant.graphUrl, appidacr: '2' });
    expect(decodeJwt(intuneToken?.accessToken ?? '')).toMatchObject({ aud: 'https://api.manage.microsoft.com/' });
    const before = tenant.stats();
    const again = await client.acquireTokenByClientCredential({ scopes: [`${tenant.graphUrl}/.default`] });
    expect(again?.fromCache).toBe(true);
    expect(tenant.stats()).toEqual(before);
    const answer = await graph(DEVICES_PATH, graphToken?.accessToken ?? '');
    expect(answer.status).toBe(200);
  });

  test('gets a token with the secret', async () => {
    const client = application({ clientSecret: tenant.clientSecret });
    const token = await client.acquireTokenByClientCredential({ scopes: [PUBLIC_GRAPH_SCOPE] });
    expect(decodeJwt(token?.accessToken ?? '')).toMatchObject({ appidacr: '1', tid: tenant.tenantId });
  });

  test("passes on the authority's refusals", async () => {
    const stranger = await createClientCertificate();
    const wrongSecret = application({ clientSecret: 'wrong' });
    const wrongCertificate = application({
      clientCertificate: { thumbprintSha256: stranger.thumbprintSha256, privateKey: stranger.privateKeyPem },
    });
    for (const [client, code] of [
      [wrongSecret, 7000215],
      [wrongCertificate, 700027],
    ] as const) {
      const refusal = await client
        .acquireTokenByClientCredential({ scopes: [PUBLIC_GRAPH_SCOPE] })
        .catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(ServerError);
      expect(refusal).toMatchObject({ errorCode: 'invalid_client', errorNo: code, status: 401 });
    }
  });

  test('asks anew for every call when tokens live shorter than its renewal margin', async () => {
    await stop();
    await start({ tokenLifetimeSeconds: 299 });
    const client = application({ clientSecret: tenant.clientSecret });
    await client.acquireTokenByClientCredential({ scopes: [PUBLIC_GRAPH_SCOPE] });
    await client.acquireTokenByClientCredential({ scopes: [PUBLIC_GRAPH_SCOPE] });
    expect(tenant.stats().tokensIssued).toBe(2);
  });
});

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

describe('control port', () => {
  let now: Date;
  beforeEach(async () => {
    now = new Date('2026-03-01T10:00:00Z');
    await start({ now: () => now });
  });
  afterEach(() => stop());

  test('finds devices by part of the name and by MAC address in any notation', async () => {
    const { wiFiMacAddress } = tenant.fleet.get('NAC-00003');
    const mac = (wiFiMacAddress ?? '').toLowerCase().replaceAll(/(..)(?=.)/g, '$1:');
    const shared = await control('GET', `/devices?mac=${encodeURIComponent(mac)}`);
    expect(shared.json.value.map((device) => device['deviceName'] ?? '')).toEqual(['NAC-00003', 'NAC-00004']);
    const wired = tenant.fleet.get('NAC-00001').ethernetMacAddress ?? '';
    expect((await control('GET', `/devices?mac=${wired}`)).json.total).toBe(1);
    const named = await control('GET', '/devices?name=nac-0001&limit=3');
    expect(named.json.total).toBe(10);
    expect(named.json.value).toHaveLength(3);
  });

  test('shows one device by id and by name, with nothing kept back', async () => {
    const byName = await control('GET', '/devices/nac-00001');
    const byId = await control('GET', `/devices/${byName.json.id}`);
    expect(byId.json).toEqual(byName.json);
    expect(byName.json.ethernetMacAddress).toMatch(/^[0-9A-F]{12}$/);
  });

  test('a change of compliance moves lastSyncDateTime to now and shows in Graph', async () => {
    const before = tenant.fleet.get('NAC-00001');
    now = new Date('2026-03-01T11:22:33.456Z');
    const same = await control('PATCH', '/devices/NAC-00001', { complianceState: 'compliant' });
    expect(same.json.lastSyncDateTime).toBe(before.lastSyncDateTime);
    const changed = await control('PATCH', '/devices/NAC-00001', { complianceState: 'noncompliant' });
    expect(changed.status).toBe(200);
    expect(changed.json.lastSyncDateTime).toBe('2026-03-01T11:22:33Z');
    const token = await tokenFor(PUBLIC_GRAPH_SCOPE);
    const seen = await graph(`${DEVICES_PATH}/${before.id}?$select=complianceState,lastSyncDateTime`, token);
    expect(seen.json).toMatchObject({
      complianceState: 'noncompliant',
      lastSyncDateTime: '2026-03-01T11:22:33Z',
    });
    const told = { complianceState: 'compliant', lastSyncDateTime: '2026-01-01T00:00:00Z' };
    expect((await control('PATCH', '/devices/NAC-00001', told)).json).toMatchObject(told);
  });

  test('renames a device', async () => {
    const renamed = await control('PATCH', '/devices/NAC-00001', { deviceName: 'Büro 1' });
    expect(renamed.status).toBe(200);
    expect((await control('GET', `/devices/${encodeURIComponent('büro 1')}`)).json.id).toBe(renamed.json.id);
    expect((await control('GET', '/devices/NAC-00001')).status).toBe(404);
  });

  test.each<[string, unknown, string]>([
    ['an unknown property', { compliance: 'compliant' }, 'complianceState'],
    ['a value outside an enumeration', { complianceState: 'Compliant' }, 'inGracePeriod'],
    ['null for an enumeration', { managementState: null }, 'retirePending'],
    ['a number for text', { deviceName: 7 }, 'string'],
    ['text for a boolean', { isEncrypted: 'yes' }, 'true or false'],
    ['a date without a zone', { lastSyncDateTime: '2026-01-01' }, '2026-01-02T03:04:05Z'],
    ['a new id', { id: '00000000-0000-4000-8000-000000000000' }, 'never changes'],
    ['an inherited name', { constructor: 'x' }, 'no property'],
    ['a list', [], 'object'],
    ['no JSON', '{', 'JSON'],
  ])('refuses %s, says what to do and changes nothing', async (_name, body, hint) => {
    const before = tenant.fleet.get('NAC-00001');
    const answer = await control('PATCH', '/devices/NAC-00001', body);
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual({ code: expect.any(String), message: expect.stringContaining(hint) });
    expect(tenant.fleet.get('NAC-00001')).toBe(before);
  });

  test('adds a device with generated properties and refuses a second one with its id', async () => {
    const added = await control('POST', '/devices', { wiFiMacAddress: 'A0B1C2D3E4F5' });
    expect(added.status).toBe(201);
    expect(added.json).toMatchObject({
      deviceName: 'NAC-00026',
      wiFiMacAddress: 'A0B1C2D3E4F5',
      enrolledDateTime: '2026-03-01T10:00:00Z',
    });
    expect((await control('POST', '/devices')).json.deviceName).toBe('NAC-00027');
    const again = await control('POST', '/devices', { id: added.json.id.toUpperCase() });
    expect(again.status).toBe(409);
    expect(again.json.code).toBe('device_exists');
    expect(tenant.stats().devices).toBe(27);
  });

  test('asks for the id when two devices bear the name', async () => {
    await control('POST', '/devices', { deviceName: 'nac-00001' });
    const answer = await control('DELETE', '/devices/NAC-00001');
    expect(answer.status).toBe(409);
    expect(answer.json.message).toContain(tenant.fleet.list().value[0]?.id);
  });

  test('retires and removes', async () => {
    const retired = await control('POST', '/devices/NAC-00001/retire');
    expect(retired.json.managementState).toBe('retirePending');
    const removed = await control('DELETE', '/devices/NAC-00001');
    expect(removed.status).toBe(204);
    expect(removed.text).toBe('');
    expect((await control('DELETE', '/devices/NAC-00001')).status).toBe(404);
    expect((await control('POST', '/devices/NAC-00001/retire')).json.code).toBe('device_not_found');
  });

  test('reseeds the fleet', async () => {
    const first = tenant.fleet.get('NAC-00001').id;
    expect((await control('POST', '/fleet', { size: 7, seed: 2 })).json).toEqual({ size: 7, seed: 2 });
    expect(tenant.fleet.get('NAC-00001').id).not.toBe(first);
    expect((await control('POST', '/fleet', { seed: 1 })).json).toEqual({ size: 7, seed: 1 });
    expect(tenant.fleet.get('NAC-00001').id).toBe(first);
    for (const wrong of [{ size: -1 }, { size: 1.5 }, { size: '7' }, { count: 7 }]) {
      expect((await control('POST', '/fleet', wrong)).status).toBe(400);
    }
    expect(tenant.fleet.size).toBe(7);
  });

  test('counts requests per endpoint', async () => {
    const token = await tokenFor(PUBLIC_GRAPH_SCOPE);
    await graph(DEVICES_PATH, token);
    await graph(DEVICES_PATH, 'wrong');
    await graph('/favicon.ico', token);
    const { json } = await control('GET', '/stats');
    expect(json.requests).toMatchObject({ token: 1, page: 2, device: 0, unknown: 1 });
    expect(json).toEqual(tenant.stats());
  });

  test.each([
    ['GET', '/'],
    ['GET', '/fleet'],
    ['POST', '/devices/NAC-00001/reboot'],
    ['DELETE', '/devices'],
  ] as const)('points to what there is for %s %s', async (method, path) => {
    const answer = await control(method, path);
    expect(answer.status).toBe(404);
    expect(answer.json.message).toContain('/script');
  });

  test('refuses a body that is too large', async () => {
    const answer = await control('PATCH', '/devices/NAC-00001', { deviceName: 'x'.repeat(5_000_000) });
    expect(answer.status).toBe(413);
  });
});

describe('scripted answers', () => {
  beforeEach(() => start({ pageSize: 10 }));
  afterEach(() => stop());

  const portal = { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Sign in</html>' };

  test('replace the next answers of their target only, then the tenant answers again', async () => {
    const scripted = await control('POST', '/script', { target: 'token', ...portal, times: 2 });
    expect(scripted.status).toBe(201);
    expect(scripted.json).toEqual({ target: 'token', pending: 2 });
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const answer = await askForToken(secretForm());
      expect(answer.text).toBe(portal.body);
      expect(answer.headers['content-type']).toBe('text/html');
    }
    const token = await tokenFor(PUBLIC_GRAPH_SCOPE);
    expect((await graph(DEVICES_PATH, token)).status).toBe(200);
    expect(tenant.stats()).toMatchObject({ scripted: { token: 2, page: 0 }, pendingScripts: { token: 0 } });
  });

  test('cover every target', async () => {
    const token = await tokenFor(PUBLIC_GRAPH_SCOPE);
    for (const target of ['token', 'page', 'device', 'discovery', 'endpoints'] as const) {
      tenant.script({ target, status: 503, headers: { 'retry-after': '7' } });
    }
    const paths = [
      `/${tenant.tenantId}/oauth2/v2.0/token`,
      DEVICES_PATH,
      `${DEVICES_PATH}/x`,
      `/${tenant.tenantId}/v2.0/.well-known/openid-configuration`,
      `/v1.0/servicePrincipals/appId=${INTUNE_APP_ID}/endpoints`,
    ];
    for (const path of paths) {
      const answer = await graph(path, token);
      expect([path, answer.status, answer.headers['retry-after']]).toEqual([path, 503, '7']);
    }
  });

  test('can break a page in the middle of a list', async () => {
    const token = await tokenFor(PUBLIC_GRAPH_SCOPE);
    tenant.script({ target: 'page', status: 504, skip: 1 });
    const first = await graph(DEVICES_PATH, token);
    const next: string = first.json['@odata.nextLink'];
    const bearer = { headers: { authorization: `Bearer ${token}` } };
    expect((await ask(next, bearer)).status).toBe(504);
    expect((await ask(next, bearer)).json.value).toHaveLength(10);
  });

  test('play in order and can be cleared', async () => {
    const token = await tokenFor(PUBLIC_GRAPH_SCOPE);
    tenant.script({ target: 'page', status: 500 });
    tenant.script({ target: 'page', status: 502, times: 5 });
    expect((await graph(DEVICES_PATH, token)).status).toBe(500);
    expect((await graph(DEVICES_PATH, token)).status).toBe(502);
    expect((await control('DELETE', '/script')).status).toBe(204);
    expect((await graph(DEVICES_PATH, token)).status).toBe(200);
  });

  test('a delay alone lets the own answer follow', async () => {
    const token = await tokenFor(PUBLIC_GRAPH_SCOPE);
    tenant.script({ target: 'page', delayMs: 30 });
    const began = performance.now();
    expect((await graph(DEVICES_PATH, token)).json.value).toHaveLength(10);
    expect(performance.now() - began).toBeGreaterThan(25);
  });

  test('can leave a request without any answer', async () => {
    const token = await tokenFor(PUBLIC_GRAPH_SCOPE);
    tenant.script({ target: 'page', hang: true });
    const headers = { authorization: `Bearer ${token}` };
    await expect(ask(`${tenant.graphUrl}${DEVICES_PATH}`, { headers, headersTimeout: 50 })).rejects.toThrow(/Timeout/);
    expect((await graph(DEVICES_PATH, token)).status).toBe(200);
  });

  test.each<[unknown, string]>([
    [{ target: 'pages', status: 200 }, 'endpoints'],
    [{ target: 'page' }, 'what happens'],
    [{ target: 'page', status: 99 }, 'status'],
    [{ target: 'page', body: { value: [] } }, 'string'],
    [{ target: 'page', headers: { a: 1 } }, 'headers'],
    [{ target: 'page', headers: { 'two words': 'x' } }, 'headers'],
    [{ target: 'page', headers: { a: 'line\nbreak' } }, 'headers'],
    [{ target: 'page', status: 200, times: 0 }, 'times'],
    [{ target: 'page', status: 200, forever: true }, 'forever'],
  ])('refuse %j', async (script, hint) => {
    const answer = await control('POST', '/script', script);
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual({ code: 'invalid_script', message: expect.stringContaining(hint) });
  });
});

describe('start and close', () => {
  test('a client that does not trust the CA is kept out', async () => {
    await start();
    const stranger = new Agent();
    await expect(request(tenant.baseUrl, { dispatcher: stranger })).rejects.toThrow(/certificate/);
    await stranger.destroy();
    const byAddress = await ask(`${tenant.baseUrl.replace('localhost', '127.0.0.1')}/nothing`);
    expect(byAddress.status).toBe(404);
    await stop();
  });

  test('listens where it is told, with the identities it is given', async () => {
    await start();
    const { port } = new URL(tenant.baseUrl);
    const controlPort = new URL(tenant.controlUrl).port;
    await stop();
    const given = { tenantId: crypto.randomUUID(), clientId: crypto.randomUUID(), clientSecret: 'given' };
    await start({ port: Number(port), controlPort: Number(controlPort), ...given });
    expect(tenant).toMatchObject({ ...given, baseUrl: `https://localhost:${port}` });
    expect((await askForToken(secretForm())).status).toBe(200);
    await stop();
  });

  test('leaves nothing behind when a port is taken', async () => {
    await start();
    const taken = Number(new URL(tenant.controlUrl).port);
    // Its own and its control port's; those of the test before may be closing yet.
    const servers = 2;
    await expect.poll(listeningServers).toBe(servers);
    await expect(startIntuneTenant({ controlPort: taken })).rejects.toThrow(/EADDRINUSE/);
    await expect.poll(listeningServers).toBe(servers);
    await expect(startIntuneTenant({ port: Number(new URL(tenant.baseUrl).port) })).rejects.toThrow(/EADDRINUSE/);
    await expect.poll(listeningServers).toBe(servers);
    await stop();
  });

  test('closing breaks off hanging requests, delays and half-open connections', async () => {
    await start();
    const token = await tokenFor(PUBLIC_GRAPH_SCOPE);
    tenant.script({ target: 'page', hang: true });
    tenant.script({ target: 'page', status: 200, delayMs: 600_000 });
    const hanging = graph(DEVICES_PATH, token).catch((error: unknown) => error);
    const delayed = graph(DEVICES_PATH, token).catch((error: unknown) => error);
    const silent = connect(Number(new URL(tenant.baseUrl).port), '127.0.0.1');
    const silentClosed = new Promise((resolve) => silent.on('error', () => undefined).once('close', resolve));
    const unfinished = httpRequest(`${tenant.controlUrl}/devices`, { method: 'POST' });
    const unfinishedClosed = new Promise((resolve) => unfinished.once('error', resolve));
    unfinished.write('{');
    await expect.poll(() => tenant.stats().scripted.page).toBe(2);

    await tenant.close();
    expect(await hanging).toBeInstanceOf(Error);
    expect(await delayed).toBeInstanceOf(Error);
    await silentClosed;
    await unfinishedClosed;
    await agent.destroy();
    await tenant.close();
    await expect.poll(openSockets).toEqual([]);
  });

  test('a process ends by itself once its tenant is closed, whatever was under way', async () => {
    const source = `
      import { request } from 'node:https';
      import { startIntuneTenant } from ${JSON.stringify(tenantModule)};
      const tenant = await startIntuneTenant();
      tenant.script({ target: 'page', delayMs: 600_000 });
      tenant.script({ target: 'page', hang: true });
      for (let count = 0; count < 2; count += 1) {
        request(tenant.baseUrl + '${DEVICES_PATH}', { ca: tenant.caPem }).on('error', () => {}).end();
      }
      while (tenant.stats().scripted.page < 2) await new Promise(setImmediate);
      await tenant.close();
      console.log('closed');
    `;
    const arguments_ = ['--input-type=module', '--eval', source];
    const { stdout } = await promisify(execFile)(process.execPath, arguments_, { timeout: 30_000 });
    expect(stdout).toBe('closed\n');
  });

  /** The servers and connections of this process; the test runner has none of its own. */
  function openSockets(): string[] {
    return process
      .getActiveResourcesInfo()
      .filter((name) => /^(TCP|TLS)/.test(name))
      .sort();
  }

  function listeningServers(): number {
    return process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length;
  }
});
