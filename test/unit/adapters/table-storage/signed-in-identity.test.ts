// Who an access token is for.

import { expect, test } from 'vitest';
import { identityIn } from '../../../../shared/adapters/table-storage/signed-in-identity.ts';

function token(claims: object): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`;
}

test.each([
  [{ upn: 'ada@contoso.example', oid: 'o' }, 'ada@contoso.example'],
  [{ unique_name: 'ada@contoso.example' }, 'ada@contoso.example'],
  [{ appid: 'a-1', oid: 'o-1' }, 'application a-1, object o-1'],
  [{ azp: 'a-2', upn: '' }, 'application a-2, object unknown'],
  [{ upn: 7 }, 'application unknown, object unknown'],
])('%j is for %s', (claims, identity) => {
  expect(identityIn(token(claims))).toBe(identity);
});

test.each(['', 'no token', 'a.b.c', `a.${Buffer.from('null').toString('base64url')}.c`])(
  '%j is for no known one',
  (text) => {
    expect(identityIn(text)).toBe('application unknown, object unknown');
  },
);
