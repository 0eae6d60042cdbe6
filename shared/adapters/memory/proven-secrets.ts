// Which secret a client has proven to know: one hash a request then, instead of an HMAC for each of its credentials.

import { hash, timingSafeEqual } from 'node:crypto';
import { type Client, secretMatches } from '../../domain/client.ts';
import type { Random } from '../../ports/random.ts';
import type { SecretCheck } from '../../ports/secret-check.ts';

/**
 * Keeps a digest of the secret under a key of this process, never the secret. What is kept goes with the client it was
 * proven to: as soon as that is read from the store again, the secret must be proven again, to the credentials it has
 * then.
 */
export function createProvenSecrets(random: Random): SecretCheck {
  const key = random.hex(32);
  const proven = new WeakMap<Client, Buffer>();
  return {
    matches(client, secret) {
      const digest = hash('sha256', `${key}${secret}`, 'buffer');
      const before = proven.get(client);
      if (before !== undefined && timingSafeEqual(before, digest)) return true;
      if (!secretMatches(client, secret)) return false;
      proven.set(client, digest);
      return true;
    },
  };
}
