// Which tokens name a person who has signed in to the console: each claim wrong in turn, signed by the right key.

import { createHmac } from 'node:crypto';
import { exportSPKI, SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { createOperatorTokens } from '../../../../shared/adapters/entra/operator-tokens.ts';
import { SigningKeys } from '../../../../shared/adapters/entra/signing-keys.ts';
import { standingClock } from '../../../support/adjustable-clock.ts';
import { collectingLogger } from '../../../support/collecting-logger.ts';
import {
  AUTHORITY,
  type Claims,
  CONSOLE,
  EntraPeople,
  keyPair,
  OID,
  publicJwk,
  TENANT,
} from '../../../support/entra-people.ts';

const HOUR_MS = 3_600_000;
const OTHER = '00000000-0000-4000-8000-0000000000ff';

function start() {
  const clock = standingClock();
  const entra = new EntraPeople(() => clock.now().getTime());
  const registration = { clientId: CONSOLE, tenantId: TENANT, authorityHost: AUTHORITY };
  const { logger: log, entries } = collectingLogger();
  const keys = new SigningKeys({ transport: entra.transport, clock, log, ...registration });
  const tokens = createOperatorTokens(registration, keys, clock);
  return { clock, entra, entries, check: (bearer: string) => tokens.check({ bearer }, {}) };
}

const seconds = (clock: { now(): Date }, fromNow: number): number => Math.floor(clock.now().getTime() / 1000) + fromNow;
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a token of a person', () => {
  test('names the person by what never changes, with a name to be read and the roles', async () => {
    const { entra, check } = start();
    const roles = ['NAC.Auditor', 'NAC.Operator.hq', 7];
    expect(await check(await entra.token({ roles }))).toEqual({
      oid: OID,
      shownName: 'anna@example.com',
      roles: ['NAC.Auditor', 'NAC.Operator.hq'],
    });
  });

  test('may have no role, several scopes, and a clock that is a minute off', async () => {
    const { entra, check, clock } = start();
    const early = { nbf: seconds(clock, 59), iat: seconds(clock, 59) };
    expect(await check(await entra.token({ roles: undefined, scp: 'openid console', ...early }))).toMatchObject({
      roles: [],
    });
    await check(await entra.token({ exp: seconds(clock, -58) }));
  });

  test.each<[string, Claims, string]>([
    ['of another issuer', { iss: `${AUTHORITY}/${OTHER}/v2.0` }, 'iss'],
    ['of another issuer of the same tenant', { iss: `https://sts.windows.net/${TENANT}/` }, 'iss'],
    ['without an issuer', { iss: undefined }, 'iss'],
    ['for another app', { aud: OTHER }, 'aud'],
    ['for this app and another', { aud: [OTHER, `api://${CONSOLE}`] }, 'aud'],
    ['without an audience', { aud: undefined }, 'aud'],
    ['of another tenant', { tid: OTHER }, 'tid'],
    ['without a tenant', { tid: undefined }, 'tid'],
    ['of version 1', { ver: '1.0' }, 'ver'],
    ['of version 2 as a number', { ver: 2 }, 'ver'],
    ['brought by another app', { azp: OTHER }, 'azp'],
    ['with the id of its app where version 1 has it', { azp: undefined, appid: CONSOLE }, 'azp'],
    ['of an app by itself', { scp: undefined, idtyp: 'app', sub: OID }, 'scp'],
    ['of an app that claims the scope', { idtyp: 'app' }, 'idtyp'],
    ['that is the id token of the page', { scp: undefined, azp: undefined, nonce: 'one' }, 'azp'],
    ['of another scope', { scp: 'consoles User.Read' }, 'scp'],
    ['of a list of scopes', { scp: ['console'] }, 'scp'],
    ['whose person is its subject', { sub: OID }, 'oid'],
    ['without a person', { oid: undefined }, 'oid'],
    ['whose person is no GUID', { oid: 'anna' }, 'oid'],
    ['without an end', { exp: undefined }, 'exp'],
    ['without a beginning', { nbf: undefined }, 'nbf'],
    ['without a subject', { sub: undefined }, 'sub'],
  ])('%s is refused, by the claim %#', async (_, changed, claim) => {
    const { entra, check } = start();
    await expect(check(await entra.token(changed))).rejects.toMatchObject({
      status: 401,
      code: 'NAC_TOKEN',
      message: expect.stringContaining(`claim ${claim} `),
    });
  });

  test('that has ended, or has not begun, is refused in words that say so', async () => {
    const { entra, check, clock } = start();
    await expect(check(await entra.token({ exp: seconds(clock, -61) }))).rejects.toThrow('It has expired.');
    await expect(check(await entra.token({ nbf: seconds(clock, 62) }))).rejects.toThrow('clocks differ');
  });

  test('ends a minute after its time, whenever it was accepted before', async () => {
    const { entra, check, clock } = start();
    const token = await entra.token();
    await check(token);
    clock.advance(76 * 60_000 + 1_000);
    await expect(check(token)).rejects.toThrow('It has expired.');
  });
});

describe('a signature', () => {
  test('by another key under the name of a right one is refused', async () => {
    const { entra, check } = start();
    await expect(check(await entra.token({}, 'key-2', { kid: 'key-1' }))).rejects.toThrow('signature');
  });

  test('of none is refused, in each spelling', async () => {
    const { entra, check } = start();
    for (const alg of ['none', 'None', 'NONE', '']) {
      const bare = `${part({ alg, kid: 'key-1' })}.${part(entra.claims())}.`;
      await expect(check(bare)).rejects.toMatchObject({ code: 'NAC_TOKEN' });
    }
  });

  test('by HMAC with the public key as its secret is refused', async () => {
    const { entra, check } = start();
    const secret = Buffer.from(await exportSPKI((await keyPair('key-1')).publicKey));
    const content = `${part({ alg: 'HS256', kid: 'key-1' })}.${part(entra.claims())}`;
    const signature = createHmac('sha256', secret).update(content).digest('base64url');
    await expect(check(`${content}.${signature}`)).rejects.toThrow('RS256');
  });

  test.each(['RS384', 'RS512', 'PS256'])('by the right key with %s is refused', async (alg) => {
    const { entra, check } = start();
    const bare = `${part({ alg, kid: 'key-1' })}.${part(entra.claims())}.AAAA`;
    await expect(check(bare)).rejects.toThrow('RS256');
  });

  test('with a key that the token itself brings is refused', async () => {
    const { entra, check } = start();
    const jwk = await publicJwk('key-3');
    await expect(check(await entra.token({}, 'key-3', { kid: 'key-1', jwk }))).rejects.toThrow('signature');
    await expect(check(await entra.token({}, 'key-3', { jku: 'https://evil.example/keys' }))).rejects.toThrow('key');
    expect(entra.asked.some((url) => url.includes('evil'))).toBe(false);
  });

  test('with a header that must be understood is refused', async () => {
    const { entra, check } = start();
    const { privateKey } = await keyPair('key-1');
    const token = new SignJWT(entra.claims()).setProtectedHeader({ alg: 'RS256', kid: 'key-1', crit: ['exp'], exp: 1 });
    await expect(check(await token.sign(privateKey, { crit: { exp: true } }))).rejects.toMatchObject({
      code: 'NAC_TOKEN',
    });
  });

  test.each(['', '.', '..', 'a.b.c', `${part({ alg: 'RS256' })}.e30.AA`, `${part(null)}.e30.AA`, 'x'.repeat(100_000)])(
    'that is none (%#) is refused',
    async (text) => {
      const { check, entra } = start();
      await expect(check(text)).rejects.toMatchObject({ status: 401, code: 'NAC_TOKEN' });
      expect(entra.asked, 'nothing is fetched for it').toEqual([]);
    },
  );
});

describe('the name that is shown', () => {
  test.each<[string, Claims, string]>([
    ['is the sign-in name', {}, 'anna@example.com'],
    ['is the other where there is none', { preferred_username: ' ' }, 'Anna Example'],
    ['is a word where there is neither', { preferred_username: undefined, name: 7 }, 'a person without a name'],
    ['loses what turns and hides text', { preferred_username: 'a\u202Eb\u0000c\nd\u200B' }, 'a b c d'],
    ['is cut, and not within a character', { preferred_username: '😀'.repeat(300) }, '😀'.repeat(100)],
    ['keeps markup, which pages show as text', { preferred_username: '<img src=x>' }, '<img src=x>'],
  ])('%s', async (_, changed, shownName) => {
    const { entra, check } = start();
    expect(await check(await entra.token(changed))).toMatchObject({ shownName });
  });
});

describe('the keys of Entra', () => {
  test('are fetched once for all who ask at the same time, and then for an hour not again', async () => {
    const { entra, check, clock } = start();
    const token = await entra.token({ exp: seconds(clock, 100 * 3_600) });
    await Promise.all(Array.from({ length: 20 }, () => check(token)));
    clock.advance(HOUR_MS - 1_000);
    await check(token);
    expect(entra.asked).toHaveLength(2);
  });

  test('are looked at again after an hour, and no person waits for it', async () => {
    const { entra, check, clock } = start();
    const token = await entra.token({ exp: seconds(clock, 100 * 3_600) });
    await check(token);
    clock.advance(HOUR_MS + 1_000);
    entra.isAway = true;
    await check(token);
    expect(entra.asked).toHaveLength(3);
  });

  test('roll: a token of a new key is right at once, one of a key that is gone no longer', async () => {
    const { entra, check, clock } = start();
    const old = await entra.token({ exp: seconds(clock, 100 * 3_600) });
    await check(old);
    clock.advance(5 * 60_000);
    entra.published = ['key-2'];
    await check(await entra.token({}, 'key-2'));
    await expect(check(old)).rejects.toThrow('not one that Microsoft Entra publishes');
  });

  test('are asked for once in five minutes, whatever keys strangers name', async () => {
    const { entra, check, clock } = start();
    await check(await entra.token());
    for (let number = 0; number < 50; number++) {
      const token = await entra.token({}, 'key-9', { kid: `stranger-${number}` });
      await expect(check(token)).rejects.toMatchObject({ code: 'NAC_TOKEN' });
      clock.advance(1_000);
    }
    expect(entra.asked).toHaveLength(2);
    clock.advance(5 * 60_000);
    await expect(check(await entra.token({}, 'key-9'))).rejects.toMatchObject({ code: 'NAC_TOKEN' });
    expect(entra.asked).toHaveLength(4);
  });

  test('go on being used for a day while they cannot be fetched; then no token is right', async () => {
    const { entra, check, clock, entries } = start();
    const token = await entra.token({ exp: seconds(clock, 100 * 3_600) });
    await check(token);
    entra.isAway = true;
    for (let hour = 0; hour < 23; hour++) {
      clock.advance(HOUR_MS);
      await check(token);
    }
    clock.advance(HOUR_MS + 1_000);
    await expect(check(token)).rejects.toMatchObject({ status: 503, code: 'NAC_TOKEN_KEYS' });
    expect(entries.some(({ event }) => event === 'entra.keys-not-read')).toBe(true);
    entra.isAway = false;
    clock.advance(30_000);
    await check(token);
  });

  test('that never came are asked for every half minute, however many ask', async () => {
    const { entra, check, clock } = start();
    entra.isAway = true;
    const token = await entra.token();
    for (let number = 0; number < 20; number++) {
      await expect(check(token)).rejects.toMatchObject({ status: 503, code: 'NAC_TOKEN_KEYS' });
    }
    expect(entra.asked).toHaveLength(1);
    clock.advance(30_000);
    entra.isAway = false;
    await check(token);
  });

  test.each<[string, (entra: EntraPeople) => void]>([
    ['an issuer of any tenant', (entra) => Object.assign(entra, { issuer: `${AUTHORITY}/{tenantid}/v2.0` })],
    ['keys that come unencrypted', (entra) => Object.assign(entra, { keysAddress: 'http://login.example/keys' })],
    ['no keys', (entra) => Object.assign(entra, { published: [] })],
  ])('with %s are not believed', async (_, change) => {
    const { entra, check } = start();
    change(entra);
    await expect(check(await entra.token())).rejects.toMatchObject({ code: 'NAC_TOKEN_KEYS' });
  });

  test('may name another host as the issuer, as in China', async () => {
    const { entra, check } = start();
    entra.issuer = `https://login.partner.example/${TENANT}/v2.0`;
    await check(await entra.token({ iss: entra.issuer }));
    await expect(check(await entra.token())).rejects.toThrow('claim iss');
  });
});
