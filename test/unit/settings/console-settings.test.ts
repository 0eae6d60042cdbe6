// When the console is served, and what its page learns before a person signs in.

import { describe, expect, test } from 'vitest';
import { consoleConfig } from '../../../shared/http/console-config.ts';
import { readSettings } from '../../../shared/settings.ts';

const TENANT = '00000000-0000-4000-8000-00000000000a';
const CONSOLE = '00000000-0000-4000-8000-00000000000c';
const ENV = {
  ENTRA_TENANT_ID: TENANT,
  ENTRA_CLIENT_ID: '00000000-0000-4000-8000-00000000000b',
  ENTRA_CLIENT_SECRET: 'secret',
  StorageConnection: 'AccountName=memory;AccountKey=a2V5;TableEndpoint=http://memory',
};

describe('the console', () => {
  test('is off until a client id is set', () => {
    expect(readSettings(ENV).console).toBeUndefined();
    expect(readSettings({ ...ENV, CONSOLE_CLIENT_ID: CONSOLE }).console?.clientId).toBe(CONSOLE);
  });

  test('is off where CONSOLE says so, whatever else is set', () => {
    expect(readSettings({ ...ENV, CONSOLE: 'off', CONSOLE_CLIENT_ID: CONSOLE }).console).toBeUndefined();
    expect(readSettings({ ...ENV, CONSOLE: 'Off', CONSOLE_CLIENT_ID: 'no GUID' }).console).toBeUndefined();
  });

  test.each([
    ['on without a client id', { CONSOLE: 'on' }, /CONSOLE_CLIENT_ID is missing/],
    ['another word', { CONSOLE: 'maybe', CONSOLE_CLIENT_ID: CONSOLE }, /CONSOLE must be one of on, off/],
    ['a client id that is none', { CONSOLE_CLIENT_ID: 'console' }, /CONSOLE_CLIENT_ID is not a GUID/],
    ['the client id of the connector', { CONSOLE_CLIENT_ID: ENV.ENTRA_CLIENT_ID }, /registration of its own/],
  ])('is refused with %s', (_, env, problem) => {
    expect(() => readSettings({ ...ENV, ...env })).toThrow(problem);
  });
});

describe('the page', () => {
  const configOf = (env: Record<string, string>) => {
    const { console: people } = readSettings({ ...ENV, CONSOLE_CLIENT_ID: CONSOLE, ...env });
    if (people === undefined) throw new Error('The console is off.');
    return consoleConfig(people);
  };

  test.each([
    ['Public', 'https://login.microsoftonline.com'],
    ['USGov', 'https://login.microsoftonline.us'],
    ['USGovDoD', 'https://login.microsoftonline.us'],
    ['China', 'https://login.chinacloudapi.cn'],
  ])('of %s signs in at the authority of the cloud, which MSAL knows', (cloud, host) => {
    expect(configOf({ ENTRA_CLOUD: cloud })).toEqual({
      clientId: CONSOLE,
      authority: `${host}/${TENANT}`,
      knownAuthorities: [],
      scope: `${CONSOLE}/console`,
    });
  });

  test('gets the addresses of another authority, with its port', () => {
    const { authority, knownAuthorities, authorityMetadata } = configOf({
      ENTRA_AUTHORITY_HOST: 'https://localhost:8443',
    });
    expect(authority).toBe(`https://localhost:8443/${TENANT}`);
    expect(knownAuthorities).toEqual(['localhost:8443']);
    for (const address of Object.values(authorityMetadata ?? {})) expect(address).toContain(`${authority}/`);
    expect(Object.keys(authorityMetadata ?? {})).toHaveLength(5);
  });
});
