// Signing in with MSAL against the simulated tenant, which checks assertions and secrets as Entra does.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ClientCertificate, createClientCertificate } from '../../../local/certificates/client-certificate.ts';
import {
  type IntuneTenant,
  type IntuneTenantOptions,
  startIntuneTenant,
} from '../../../local/intune-tenant/intune-tenant.ts';
import type { TokenSource } from '../../../shared/adapters/entra/token-source.ts';
import { openIntuneConnection } from '../../../shared/adapters/intune/open-intune-connection.ts';
import { SourceError } from '../../../shared/errors.ts';
import type { AppCredential } from '../../../shared/ports/app-credential.ts';
import { adjustableClock } from '../../support/adjustable-clock.ts';

const DAY_MS = 86_400_000;
const INTUNE = 'https://api.manage.microsoft.com/';

let folder: string;
let caFile: string;
let uploaded: ClientCertificate;
let tenant: IntuneTenant;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nac-sign-in-'));
  caFile = join(folder, 'ca.pem');
  uploaded = await createClientCertificate({ commonName: 'uploaded' });
  tenant = await startIntuneTenant({ fleetSize: 1, clientCertificatePem: uploaded.certificatePem });
  await writeFile(caFile, tenant.caPem);
});

afterEach(async () => {
  tenant.clearScripts();
  for (const close of closing.splice(0)) await close();
});

afterAll(async () => {
  await tenant.close();
  await rm(folder, { recursive: true });
});

function tokensWith(credential: AppCredential, over: { clientId?: string; tenantId?: string } = {}): TokenSource {
  const { tenantId, clientId, authorityHost } = tenant;
  const { tokens, close } = openIntuneConnection(
    {
      entra: { tenantId, clientId, authorityHost, credential, ...over },
      graphEndpoint: tenant.graphUrl,
      intuneAudience: INTUNE,
      network: { extraCaFile: caFile, connectTimeoutMs: 1000, readTimeoutMs: 2000 },
    },
    adjustableClock(),
  );
  closing.push(close);
  return tokens;
}

async function startShortLived(options: IntuneTenantOptions) {
  const entra = await startIntuneTenant(options);
  const ca = join(folder, 'short-lived-ca.pem');
  await writeFile(ca, entra.caPem);
  const clock = adjustableClock();
  const { tenantId, clientId, authorityHost, clientSecret } = entra;
  const { tokens, close } = openIntuneConnection(
    {
      entra: { tenantId, clientId, authorityHost, credential: { kind: 'secret', secret: clientSecret } },
      graphEndpoint: entra.graphUrl,
      intuneAudience: INTUNE,
      network: { extraCaFile: ca, connectTimeoutMs: 1000, readTimeoutMs: 2000 },
    },
    clock,
  );
  return {
    tokens,
    tenant: entra,
    clock,
    async [Symbol.asyncDispose]() {
      await close();
      await entra.close();
    },
  };
}

const secret = (): AppCredential => ({ kind: 'secret', secret: tenant.clientSecret });
const pemOf = ({ certificatePem, privateKeyPem }: ClientCertificate): string => `${certificatePem}\n${privateKeyPem}`;
const certificates = (...of: ClientCertificate[]): AppCredential => ({
  kind: 'certificates',
  certificates: of.map((one, index) => ({ setting: `CERTIFICATE_${index + 1}`, text: pemOf(one) })),
});

async function refusal(tokens: TokenSource, resource = tenant.graphUrl): Promise<SourceError> {
  const thrown = await tokens.getToken(resource).catch((error: unknown) => error);
  if (thrown instanceof SourceError) return thrown;
  throw new Error(`expected a SourceError, got ${String(thrown)}`);
}

const tokenRequests = (): number => tenant.stats().requests.token;

describe('two audiences get a token each', () => {
  test.each([
    ['a secret', secret, '1'],
    ['a certificate', () => certificates(uploaded), '2'],
  ])('with %s', async (_with, credential, appidacr) => {
    const tokens = tokensWith(credential());
    expect(decodeJwt(await tokens.getToken(tenant.graphUrl))).toMatchObject({ aud: tenant.graphUrl, appidacr });
    const { aud, roles } = decodeJwt(await tokens.getToken(INTUNE));
    expect({ aud, roles }).toEqual({ aud: INTUNE, roles: ['get_device_compliance'] });
  });

  test('those who ask at the same time, and later, share one request per audience', async () => {
    const tokens = tokensWith(secret());
    const before = tokenRequests();
    const ask = () => Promise.all([tokens.getToken(INTUNE), tokens.getToken(tenant.graphUrl), tokens.getToken(INTUNE)]);
    const [first, , third] = await ask();
    expect(third).toBe(first);
    await ask();
    expect(tokenRequests() - before).toBe(2);
  });
});

describe('a token that Entra does not renew just now', () => {
  /** MSAL renews tokens five minutes before their end, which of these is at once. */
  const SHORT_LIVED = { fleetSize: 1, tokenLifetimeSeconds: 200 };

  test('is used as long as it holds, and Entra is left alone for half a minute', async () => {
    await using other = await startShortLived(SHORT_LIVED);
    const { tokens, tenant: entra, clock } = other;
    const first = await tokens.getToken(entra.graphUrl);
    entra.script({ target: 'token', status: 500, body: '{"error":"server_error"}', times: 50 });
    expect(await tokens.getToken(entra.graphUrl)).toBe(first);
    const asked = entra.stats().requests.token;
    expect(await tokens.getToken(entra.graphUrl)).toBe(first);
    expect(entra.stats().requests.token).toBe(asked);
    clock.advance(180_000);
    await expect(tokens.getToken(entra.graphUrl)).rejects.toMatchObject({ code: 'NAC_SOURCE_TOKEN' });
  });
});

describe('a token that a service refused', () => {
  test('is replaced, so that a permission granted just now counts; not again and again', async () => {
    const tokens = tokensWith(secret());
    const usual = tenant.registration.roles;
    tenant.register({ roles: { ...usual, graph: [] } });
    expect(decodeJwt(await tokens.getToken(tenant.graphUrl))['roles']).toBeUndefined();
    tenant.register({ roles: usual });
    tokens.refused(tenant.graphUrl);
    expect(decodeJwt(await tokens.getToken(tenant.graphUrl))['roles']).toEqual(usual.graph);
    const before = tokenRequests();
    tokens.refused(tenant.graphUrl);
    await tokens.getToken(tenant.graphUrl);
    expect(tokenRequests()).toBe(before);
  });
});

describe('during a rollover', () => {
  test('the newest certificate that Entra knows is used and remembered', async () => {
    const newer = await createClientCertificate({ commonName: 'not uploaded yet', notBefore: new Date() });
    const tokens = tokensWith(certificates(uploaded, newer));
    expect((await tokens.credentials()).map(({ subject }) => subject)).toEqual(['CN=not uploaded yet', 'CN=uploaded']);
    const before = tokenRequests();
    await tokens.getToken(tenant.graphUrl);
    expect(tokenRequests() - before).toBe(2);
    expect((await tokens.credentials())[0]).toMatchObject({
      subject: 'CN=uploaded',
      setting: 'CERTIFICATE_1',
      thumbprintSha256: uploaded.thumbprintSha256,
    });
    await tokens.getToken(INTUNE);
    expect(tokenRequests() - before).toBe(3);
  });

  test('an expired one is tried last', async () => {
    const notAfter = new Date(Date.now() - DAY_MS);
    const expired = await createClientCertificate({
      commonName: 'expired',
      notBefore: new Date(Date.now() - 9 * DAY_MS),
      notAfter,
    });
    const tokens = tokensWith(certificates(expired, uploaded));
    const before = tokenRequests();
    await tokens.getToken(tenant.graphUrl);
    expect(tokenRequests() - before).toBe(1);
  });

  test('a failure that is not the certificate’s fault does not waste the others', async () => {
    const other = await createClientCertificate();
    tenant.script({
      target: 'token',
      status: 503,
      headers: { 'Retry-After': '7' },
      body: '{"error":"temporarily_unavailable","error_description":"AADSTS90033: busy"}',
      times: 10,
    });
    const tokens = tokensWith(certificates(other, uploaded));
    const before = tokenRequests();
    const error = await refusal(tokens);
    expect(error).toMatchObject({ code: 'NAC_SOURCE_TOKEN', field: 'AADSTS90033', retryAfterMs: 7000 });
    expect(tokenRequests() - before).toBeLessThanOrEqual(2);
  });
});

describe('a refusal says what to do', () => {
  test('when none of the certificates is uploaded', async () => {
    const error = await refusal(tokensWith(certificates(await createClientCertificate())));
    expect(error).toMatchObject({ code: 'NAC_SOURCE_TOKEN', field: 'AADSTS700027' });
    expect(error.action).toMatch(/thumbprint.*Certificates & secrets/);
  });

  test('when secret, application or audience are wrong', async () => {
    const wrongSecret = await refusal(tokensWith({ kind: 'secret', secret: 'the-id-of-the-secret' }));
    expect(wrongSecret).toMatchObject({ field: 'AADSTS7000215', action: expect.stringContaining('not its id') });
    const wrongApp = await refusal(tokensWith(secret(), { clientId: crypto.randomUUID() }));
    expect(wrongApp).toMatchObject({ field: 'AADSTS700016', action: expect.stringContaining('ENTRA_CLIENT_ID') });
    const wrongAudience = await refusal(tokensWith(secret()), 'https://api.manage.microsoft.us/');
    expect(wrongAudience).toMatchObject({ field: 'AADSTS500011', action: expect.stringContaining('INTUNE_AUDIENCE') });
  });

  test('when the tenant is another', async () => {
    const error = await refusal(tokensWith(secret(), { tenantId: crypto.randomUUID() }));
    expect(error.message).toContain('AADSTS90002');
    expect(error.action).toContain('ENTRA_TENANT_ID');
  });

  test('and holds no secret', async () => {
    const error = await refusal(tokensWith({ kind: 'secret', secret: 'V3ry-s3cret-value' }));
    expect(`${error.message} ${error.action} ${JSON.stringify(error)}`).not.toContain('V3ry-s3cret-value');
  });
});

describe('a token endpoint that says nothing', () => {
  test('ends the waiting of one who has less time, not the request', async () => {
    const tokens = tokensWith(secret());
    tenant.script({ target: 'token', delayMs: 300 });
    const retried = tokens.getToken(tenant.graphUrl, { signal: AbortSignal.timeout(50) });
    const patient = tokens.getToken(tenant.graphUrl);
    await expect(retried).rejects.toMatchObject({ code: 'NAC_SOURCE_UNREACHABLE' });
    await expect(patient).resolves.toMatch(/^ey/);
  });

  test('is given up by itself', async () => {
    tenant.script({ target: 'token', hang: true, times: 9 });
    expect((await refusal(tokensWith(secret()))).code).toBe('NAC_SOURCE_UNREACHABLE');
  });
});

describe('without any secret, a managed identity stands in', () => {
  beforeEach(() => {
    vi.stubEnv('IDENTITY_ENDPOINT', tenant.identityEndpoint);
    vi.stubEnv('IDENTITY_HEADER', tenant.identity.header);
  });

  const identity = (clientId = tenant.identity.clientId): AppCredential => ({
    kind: 'managed-identity',
    clientId,
    audience: tenant.audiences.tokenExchange,
  });

  test('for both audiences, and nothing of it expires', async () => {
    const tokens = tokensWith(identity());
    expect(decodeJwt(await tokens.getToken(tenant.graphUrl))).toMatchObject({ appid: tenant.clientId });
    expect(decodeJwt(await tokens.getToken(INTUNE))).toMatchObject({ roles: ['get_device_compliance'] });
    expect(await tokens.credentials()).toEqual([{ kind: 'managed-identity' }]);
  });

  test('an identity that the function app has not is named', async () => {
    const error = await refusal(tokensWith(identity(crypto.randomUUID())));
    expect(error).toMatchObject({ code: 'NAC_SOURCE_TOKEN', field: 'ENTRA_MANAGED_IDENTITY_CLIENT_ID' });
    expect(error.action).toMatch(/Assign the user-assigned managed identity/);
  });

  test.each([
    ['the client id instead of the object id', () => ({ subject: tenant.identity.clientId })],
    ['another tenant’s issuer', () => ({ issuer: 'https://login.microsoftonline.com/other/v2.0' })],
    ['another audience', () => ({ audience: 'api://AzureADTokenExchangeChina' })],
  ])('a federated credential with %s says what it must be', async (_what, change) => {
    const usual = tenant.registration.federatedCredentials;
    const [credential] = usual;
    if (credential === undefined) throw new Error('the tenant has no federated credential');
    tenant.register({ federatedCredentials: [{ ...credential, ...change() }] });
    try {
      const error = await refusal(tokensWith(identity()));
      expect(error.field).toMatch(/^AADSTS7002/);
      expect(error.action).toMatch(/federated credential/);
    } finally {
      tenant.register({ federatedCredentials: usual });
    }
  });
});
