// Computer accounts: every way to write one gives its name, and a domain that is not the organisation's, wherever it
// stands, none.

import { describe, expect, test } from 'vitest';
import { computerAccountNames } from '../../../../shared/domain/identity/computer-name.ts';

const DOMAINS = ['contoso', 'contoso.com'];

describe('an account of a declared domain', () => {
  test.each([
    ['CONTOSO\\LT-0042$'],
    ['LT-0042$@contoso.com'],
    ['LT-0042$@CONTOSO'],
    ['host/lt-0042.contoso.com'],
    ['host/LT-0042.Contoso.COM.'],
    ['host/lt-0042.contoso.com@CONTOSO.COM'],
    ['host/lt-0042@CONTOSO.COM'],
    ['host/CONTOSO\\LT-0042$'],
    ['CONTOSO\\LT-0042$@contoso.com'],
  ])('%s names its computer', (account) => {
    expect(computerAccountNames(account, DOMAINS)).toContain('lt-0042');
    expect(computerAccountNames(account)).toContain('lt-0042');
  });
});

describe('where domains are declared, an account of none of them', () => {
  test.each([
    ['LT-0042$'],
    ['\\LT-0042$'],
    ['OTHER\\LT-0042$'],
    ['LT-0042$@'],
    ['LT-0042$@evil.example'],
    // The server may have asked the realm, whatever stands before.
    ['CONTOSO\\LT-0042$@evil.example'],
    ['EVIL\\LT-0042$@contoso.com'],
    ['EVIL\\LT-0042.contoso.com$'],
    ['host/lt-0042.contoso.com@EVIL.EXAMPLE'],
    ['host/lt-0042.evil.contoso.com'],
    ['host/lt-0042.evilcontoso.com'],
    ['host/lt-0042'],
    ['host/EVIL\\lt-0042.contoso.com'],
    ['CONTOSO\\EVIL\\LT-0042$'],
    ['LT-0042$@contoso.com@evil.example'],
    ['host/lt-0042.contoso.com@contoso.com@evil.example'],
    ['CONTOSO\0\\LT-0042$'],
  ])('%s names no computer', (account) => {
    expect(computerAccountNames(account, DOMAINS)).toEqual([]);
  });
});

test.each([['alice'], ['alice@contoso.com'], ['CONTOSO\\alice'], ['$@'], ['host/'], ['host/@contoso.com'], ['$']])(
  '%s is no computer',
  (name) => {
    expect(computerAccountNames(name)).toEqual([]);
  },
);
