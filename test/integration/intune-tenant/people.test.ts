// People sign in at the simulated tenant as at Entra, over TLS: code and refresh grants, and tokens that the product's
// verifier accepts, or no longer.

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createOperatorTokens } from '../../../shared/adapters/entra/operator-tokens.ts';
import { SigningKeys } from '../../../shared/adapters/entra/signing-keys.ts';
import { createHttpsTransport, type HttpsTransport } from '../../../shared/adapters/https/https-transport.ts';
import { consoleConfig } from '../../../shared/http/console-config.ts';
import { type AdjustableClock, adjustableClock } from '../../support/adjustable-clock.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';
import { startTenantClient, type TenantClient } from '../../support/tenant-client.ts';

const PAGE = 'https://localhost:7071/console/';
const VERIFIER = 'a'.repeat(64);
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');
const ORIGIN = { origin: 'https://localhost:7071', 'content-type': 'application/x-www-form-urlencoded' };

let folder: string;
let client: TenantClient;
let clock: AdjustableClock;
let transport: HttpsTransport;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nac-people-'));
  clock = adjustableClock();
  client = await startTenantClient({ fleetSize: 1, now: () => clock.now() });
  const extraCaFile = join(folder, 'ca.pem');
  writeFileSync(extraCaFile, client.tenant.caPem);
  transport = createHttpsTransport({ extraCaFile });
});

afterAll(async () => {
  await transport?.close();
  await client?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

function configOf() {
  const { tenantId, authorityHost, console: people } = client.tenant;
  return consoleConfig({ clientId: people.clientId, tenantId, authorityHost, isMicrosofts: false });
}

async function authorize(changed: Record<string, string> = {}, headers: Record<string, string> = {}) {
  const { authorityMetadata, clientId, scope } = configOf();
  const query = new URLSearchParams({
    ...{ client_id: clientId, redirect_uri: PAGE, response_type: 'code', response_mode: 'fragment' },
    ...{ scope: `${scope} openid profile offline_access`, state: 'st+ate', nonce: 'nonce-1' },
    ...{ code_challenge: CHALLENGE, code_challenge_method: 'S256', client_info: '1' },
    ...changed,
  });
  const answer = await client.ask(`${authorityMetadata?.authorization_endpoint}?${query}`, { headers });
  const location = String(answer.headers['location'] ?? '');
  return { ...answer, location, fragment: new URLSearchParams(location.split('#')[1]) };
}

function redeem(form: Record<string, string>, headers: Record<string, string> = ORIGIN) {
  const { authorityMetadata, clientId } = configOf();
  const body = new URLSearchParams({ client_id: clientId, ...form }).toString();
  return client.ask(String(authorityMetadata?.token_endpoint), { method: 'POST', headers, body });
}

async function signIn(person: string) {
  const { fragment } = await authorize({ person });
  return redeem({
    ...{ grant_type: 'authorization_code', code: fragment.get('code') ?? '', redirect_uri: PAGE },
    ...{ code_verifier: VERIFIER, client_info: '1', 'x-client-SKU': 'msal.js.browser' },
  });
}

function renew(refreshToken: string, scope = configOf().scope) {
  return redeem({ grant_type: 'refresh_token', refresh_token: refreshToken, scope });
}

function verifier() {
  const { clientId } = configOf();
  const { tenantId, authorityHost } = client.tenant;
  const { logger: log } = collectingLogger();
  const keys = new SigningKeys({ transport, clock, log, authorityHost, tenantId });
  const tokens = createOperatorTokens({ clientId, tenantId }, keys, clock);
  return (bearer: string) => tokens.check({ bearer }, {});
}

describe('the page of the sign-in', () => {
  test('shows five people, isolated from windows that opened it, and runs nothing', async () => {
    const { status, text, headers } = await authorize();
    expect(status).toBe(200);
    for (const name of ['Anna Auditor', 'Olga Operator', 'Ada Administrator', 'Sam Siteoperator', 'Nora Norole']) {
      expect(text).toContain(`>${name}</a>`);
    }
    expect(headers['cross-origin-opener-policy']).toBe('same-origin');
    expect(String(headers['content-security-policy'])).toContain("default-src 'none'");
  });

  test.each<[string, Record<string, string>, string]>([
    ['another address', { redirect_uri: 'https://evil.example/console/' }, 'AADSTS50011'],
    ['another path', { redirect_uri: 'https://localhost:7071/console' }, 'AADSTS50011'],
    ['another app', { client_id: '00000000-0000-4000-8000-0000000000ff' }, 'AADSTS700016'],
    ['markup as its app', { client_id: '<script>' }, '&#60;script&#62;'],
  ])('sends nothing to %s', async (_, changed, said) => {
    const { status, text, location } = await authorize({ ...changed, person: 'ada' });
    expect({ status, location }).toEqual({ status: 400, location: '' });
    expect(text).toContain(said);
  });

  test.each<[string, Record<string, string>, string]>([
    ['no challenge', { code_challenge: '' }, 'invalid_request'],
    ['a plain challenge', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['an implicit grant', { response_type: 'token' }, 'unsupported_response_type'],
    ['another scope', { scope: 'User.Read' }, 'invalid_scope'],
    ['no person who is known', { prompt: 'none' }, 'login_required'],
  ])('leads back with an error for %s', async (_, changed, error) => {
    const { status, fragment } = await authorize(changed);
    expect({ status, error: fragment.get('error'), state: fragment.get('state') }).toEqual({
      status: 302,
      error,
      state: 'st+ate',
    });
  });

  test('knows who signed in, until the person signs out', async () => {
    const { headers } = await authorize({ person: 'sam' });
    const cookie = String(headers['set-cookie']).split(';')[0] ?? '';
    expect(String(headers['set-cookie'])).toContain(`Path=/${client.tenant.tenantId};`);
    const again = await authorize({ prompt: 'none' }, { cookie });
    expect(again.fragment.get('code')).toBeTruthy();
    expect((await authorize({ login_hint: 'sam@contoso.example' }, { cookie })).status).toBe(302);
    expect((await authorize({ login_hint: 'ada@contoso.example' }, { cookie })).status).toBe(200);
    const { authorityMetadata } = configOf();
    const out = await client.ask(`${authorityMetadata?.end_session_endpoint}?post_logout_redirect_uri=${PAGE}`);
    expect(out).toMatchObject({ status: 302, headers: { location: PAGE } });
    expect(String(out.headers['set-cookie'])).toContain('Max-Age=0');
  });
});

describe('a code', () => {
  test.each([
    ['anna', ['NAC.Auditor']],
    ['olga', ['NAC.Operator']],
    ['ada', ['NAC.Administrator']],
    ['sam', ['NAC.Operator.local']],
    ['nora', []],
  ])('of %s gives tokens that the verifier accepts', async (person, roles) => {
    const { status, json, headers } = await signIn(person);
    expect({ status, cors: headers['access-control-allow-origin'] }).toEqual({ status: 200, cors: '*' });
    expect(await verifier()(json.access_token)).toMatchObject({ shownName: `${person}@contoso.example`, roles });
    await expect(verifier()(json.id_token)).rejects.toMatchObject({ code: 'NAC_TOKEN' });
    const id = JSON.parse(Buffer.from(json.id_token.split('.')[1], 'base64url').toString());
    expect(id).toMatchObject({ nonce: 'nonce-1', preferred_username: `${person}@contoso.example` });
    expect(JSON.parse(Buffer.from(json.client_info, 'base64url').toString())).toMatchObject({ uid: id.oid });
  });

  test('is good once, with its verifier, at its address, and from a page', async () => {
    const form = (code: string, changed = {}) => ({
      ...{ grant_type: 'authorization_code', code, redirect_uri: PAGE, code_verifier: VERIFIER },
      ...changed,
    });
    const code = async () => String((await authorize({ person: 'ada' })).fragment.get('code'));
    const once = await code();
    expect((await redeem(form(once))).status).toBe(200);
    const refused = async (answer: ReturnType<typeof redeem>) => {
      const { status, json, headers } = await answer;
      expect({ status, cors: headers['access-control-allow-origin'] }).toEqual({ status: 400, cors: '*' });
      return json.error_codes[0];
    };
    expect(await refused(redeem(form(once)))).toBe(70008);
    expect(await refused(redeem(form(await code(), { code_verifier: 'b'.repeat(64) })))).toBe(501481);
    expect(await refused(redeem(form(await code(), { redirect_uri: 'https://localhost:1/console/' })))).toBe(50148);
    const { 'content-type': type } = ORIGIN;
    expect(await refused(redeem(form(await code()), { 'content-type': type }))).toBe(9002327);
  });
});

describe('a refresh token', () => {
  test('gives the roles of now, and asks for the API by the client id', async () => {
    const first = (await signIn('olga')).json;
    await client.control('PATCH', '/people', { person: 'olga', roles: ['NAC.Auditor'] });
    const { json } = await renew(first.refresh_token);
    expect(await verifier()(json.access_token)).toMatchObject({ roles: ['NAC.Auditor'] });
    expect(await verifier()(first.access_token)).toMatchObject({ roles: ['NAC.Operator'] });
    expect((await renew(json.refresh_token, `api://${configOf().clientId}/console`)).json.error_codes).toEqual([90009]);
    await client.control('PATCH', '/people', { person: 'olga', roles: ['NAC.Operator'] });
  });

  test('ends a day after the sign-in, however often it is renewed, and when it is revoked', async () => {
    const revoked = (await signIn('anna')).json.refresh_token;
    await client.control('POST', '/people/revoke', { person: 'anna' });
    expect((await renew(revoked)).json).toMatchObject({ error: 'invalid_grant', error_codes: [50173] });
    let token = (await signIn('ada')).json.refresh_token;
    clock.advance(23 * 3_600_000);
    token = (await renew(token)).json.refresh_token;
    clock.advance(3_600_000);
    const ended = { error: 'invalid_grant', suberror: 'bad_token', error_codes: [700084] };
    expect((await renew(token)).json).toMatchObject(ended);
  });
});

test('the key rolls: new tokens are right at once, those of a key that was withdrawn are not', async () => {
  const check = verifier();
  const before = (await signIn('ada')).json.access_token;
  await check(before);
  await client.control('POST', '/people/roll-key');
  clock.advance(5 * 60_000);
  await check((await signIn('ada')).json.access_token);
  await check(before);
  await client.control('POST', '/people/roll-key', { withdraw: true });
  clock.advance(5 * 60_000);
  await check((await signIn('ada')).json.access_token);
  await expect(check(before)).rejects.toMatchObject({ code: 'NAC_TOKEN' });
});

test('the control port says what is wrong', async () => {
  expect(await client.control('PATCH', '/people', { person: 'otto', roles: [] })).toMatchObject({ status: 400 });
  expect(await client.control('PATCH', '/people', { person: 'ada', roles: 'all' })).toMatchObject({ status: 400 });
  expect(await client.control('PATCH', '/sign-in', { seconds: 1 })).toMatchObject({ status: 400 });
  const times = { accessTokenSeconds: 60, refreshTokenSeconds: 120 };
  expect((await client.control('PATCH', '/sign-in', times)).json).toEqual(times);
  const { json } = await signIn('ada');
  expect(json.expires_in).toBe(60);
  expect([119, 120]).toContain(json.refresh_token_expires_in);
});
