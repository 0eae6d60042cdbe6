// API keys, secrets and names of clients.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Client,
  credentialFor,
  formatApiKey,
  isClientOrSiteName,
  parseApiKey,
  secretMatches,
  withNewCredential,
  withoutOlderCredentials,
} from '../../../shared/domain/client.ts';

const NOW = '2026-11-20T10:00:00.000Z';
const SECRET = '5f'.repeat(32);
const NEW_SECRET = 'c3'.repeat(32);
const SALT = '01'.repeat(16);
const NEW_SALT = '02'.repeat(16);

function aClient(...credentials: Client['credentials']): Client {
  return { name: 'radius-berlin-1', site: 'berlin', kind: 'radius', sessionKey: 'f'.repeat(64), credentials };
}

describe('an API key', () => {
  test('is read back as client name and secret', () => {
    const hex = fc.stringMatching(/^[0-9a-f]{64}$/);
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,39}$/), hex, (clientName, secret) => {
        expect(isClientOrSiteName(clientName)).toBe(true);
        expect(parseApiKey(formatApiKey(clientName, secret))).toEqual({ clientName, secret });
      }),
    );
  });

  test.each([
    ['nothing', ''],
    ['a secret without name', SECRET],
    ['an empty name', `.${SECRET}`],
    ['a secret that is cut', `radius-1.${SECRET.slice(1)}`],
    ['a secret with a digit too many', `radius-1.${SECRET}0`],
    ['a name with capitals', `Radius-1.${SECRET}`],
    ['a name that would leave its row', `../sweep.${SECRET}`],
    ['a name that is too long', `${'a'.repeat(41)}.${SECRET}`],
    ['a line end behind', `radius-1.${SECRET}\n`],
    ['a scheme in front', `Bearer radius-1.${SECRET}`],
  ])('%s is none', (_what, text) => {
    expect(parseApiKey(text)).toBeUndefined();
  });
});

describe('the secret of a client', () => {
  test('is recognised', () => {
    expect(secretMatches(aClient(credentialFor(SECRET, SALT, NOW)), SECRET)).toBe(true);
  });

  test('is recognised in either of two credentials, while the key is being changed', () => {
    const client = aClient(credentialFor(SECRET, SALT, NOW), credentialFor(NEW_SECRET, NEW_SALT, NOW));
    expect(secretMatches(client, SECRET)).toBe(true);
    expect(secretMatches(client, NEW_SECRET)).toBe(true);
  });

  test('is wrong when a single digit differs, and always without credentials', () => {
    const client = aClient(credentialFor(SECRET, SALT, NOW), credentialFor(NEW_SECRET, NEW_SALT, NOW));
    for (const wrong of [`${SECRET.slice(0, -1)}e`, '', 'f5'.repeat(32), SALT, client.credentials[0]?.hmac ?? '']) {
      expect(secretMatches(client, wrong)).toBe(false);
    }
    expect(secretMatches(aClient(), SECRET)).toBe(false);
  });

  test.each(['', 'zz', 'ab'])('is never taken for right by a damaged credential ("%s")', (hmac) => {
    expect(secretMatches(aClient({ salt: SALT, hmac, createdAt: NOW }), SECRET)).toBe(false);
  });

  test('is not to be found in what is stored, and looks different for every salt', () => {
    const stored = credentialFor(SECRET, SALT, NOW);
    expect(JSON.stringify(stored)).not.toContain(SECRET.slice(0, 12));
    expect(stored.hmac).toMatch(/^[0-9a-f]{64}$/);
    expect(credentialFor(SECRET, NEW_SALT, NOW).hmac).not.toBe(stored.hmac);
  });
});

test.each(['', '-berlin', 'Berlin', 'ber lin', 'ber/lin', 'ber.lin', 'a'.repeat(41), 'zürich'])(
  '"%s" cannot be the name of a client or site',
  (name) => {
    expect(isClientOrSiteName(name)).toBe(false);
  },
);

describe('a rotation', () => {
  const before = credentialFor(SECRET, SALT, '2026-11-20T10:00:00.000Z');
  const added = credentialFor(NEW_SECRET, NEW_SALT, '2026-11-21T10:00:00.000Z');
  const third = credentialFor('7e'.repeat(32), '03'.repeat(16), '2026-11-22T10:00:00.000Z');

  test('leaves the key before valid until the older one is retired', () => {
    const both = aClient(...withNewCredential([before], added));
    expect([secretMatches(both, SECRET), secretMatches(both, NEW_SECRET)]).toEqual([true, true]);
    const one = aClient(...withoutOlderCredentials(both.credentials));
    expect([secretMatches(one, SECRET), secretMatches(one, NEW_SECRET)]).toEqual([false, true]);
  });

  test('never leaves three keys: the oldest ends', () => {
    expect(withNewCredential(withNewCredential([before], added), third)).toEqual([third, added]);
    expect(withNewCredential([before, added], third)).toEqual([third, added]);
  });

  test('of a client with one key can be ended without harm', () => {
    expect(withoutOlderCredentials([before])).toEqual([before]);
  });
});
