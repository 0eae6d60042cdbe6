// Tokens of the simulated Intune tenant, asked for over HTTPS, also by MSAL.

import {
  ConfidentialClientApplication,
  type INetworkModule,
  type NetworkResponse,
  ServerError,
} from '@azure/msal-node';
import { createLocalJWKSet, decodeJwt, importPKCS8, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientCertificate, createClientCertificate } from '../../../local/certificates/client-certificate.ts';
import {
  type Answer,
  agent,
  ask,
  askForToken,
  certificate,
  DEVICES_PATH,
  graph,
  INTUNE_SCOPE,
  JWT_BEARER,
  PUBLIC_GRAPH_SCOPE,
  secretForm,
  start,
  stop,
  tenant,
  tokenFor,
  useCertificate,
  without,
} from './asked-tenant.ts';

useCertificate();

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

  test('asks again for every call when tokens live shorter than its renewal margin', async () => {
    await stop();
    await start({ tokenLifetimeSeconds: 299 });
    const client = application({ clientSecret: tenant.clientSecret });
    await client.acquireTokenByClientCredential({ scopes: [PUBLIC_GRAPH_SCOPE] });
    await client.acquireTokenByClientCredential({ scopes: [PUBLIC_GRAPH_SCOPE] });
    expect(tenant.stats().tokensIssued).toBe(2);
  });
});
