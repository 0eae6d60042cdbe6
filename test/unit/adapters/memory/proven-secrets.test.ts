// The memory of secrets that were right: whose, how long, and what ends it.

import { describe, expect, test } from 'vitest';
import { createProvenSecrets } from '../../../../shared/adapters/memory/proven-secrets.ts';
import { systemRandom } from '../../../../shared/adapters/system/system-random.ts';
import { type Client, type ClientCredential, credentialFor } from '../../../../shared/domain/client.ts';

const NOW = '2026-11-20T10:00:00.000Z';
const [SECRET, OTHER] = [systemRandom.hex(32), systemRandom.hex(32)];

function aClient(...secrets: readonly string[]): Client {
  const credentials = secrets.map((secret): ClientCredential => credentialFor(secret, systemRandom.hex(16), NOW));
  return { name: 'radius-1', site: 'berlin', kind: 'radius', sessionKey: systemRandom.hex(32), credentials };
}

describe('a secret that was proven', () => {
  test('is right again, and no other one becomes right beside it', () => {
    const secrets = createProvenSecrets(systemRandom);
    const client = aClient(SECRET);
    const asked = [SECRET, SECRET, OTHER, SECRET, '', `${SECRET}0`, SECRET.slice(1)];
    expect(asked.map((secret) => secrets.matches(client, secret))).toEqual([
      true,
      true,
      false,
      true,
      false,
      false,
      false,
    ]);
  });

  test('is right of the client it was proven to alone, though another has the same name', () => {
    const secrets = createProvenSecrets(systemRandom);
    expect(secrets.matches(aClient(SECRET), SECRET)).toBe(true);
    expect(secrets.matches(aClient(OTHER), SECRET)).toBe(false);
  });

  test('counts no more once the client is read again without its credential', () => {
    const secrets = createProvenSecrets(systemRandom);
    const before = aClient(SECRET);
    expect(secrets.matches(before, SECRET)).toBe(true);
    expect(secrets.matches({ ...before, credentials: [] }, SECRET)).toBe(false);
  });

  test('leaves the other one right while a rotation lasts', () => {
    const secrets = createProvenSecrets(systemRandom);
    const client = aClient(OTHER, SECRET);
    expect([SECRET, OTHER, SECRET, OTHER].map((secret) => secrets.matches(client, secret))).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });
});

test('a secret is wrong before anybody has proven one', () => {
  expect(createProvenSecrets(systemRandom).matches(aClient(SECRET), OTHER)).toBe(false);
});
