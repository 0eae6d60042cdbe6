// How a tenant is signed in to, by each way that a definition may name, and which settings leave the app as secrets.

import { expect, test } from 'vitest';
import { tenantConnection } from '../../../shared/app/microsoft-connection.ts';
import { secretsOf } from '../../../shared/app/source-secrets.ts';
import type { MicrosoftConnection } from '../../../shared/domain/source/source-definition.ts';
import { readSettings } from '../../../shared/settings.ts';

const HOME = '00000000-0000-4000-8000-00000000000a';
const OTHER = '00000000-0000-4000-8000-00000000000c';
const APP = '00000000-0000-4000-8000-00000000000b';
const MULTITENANT = '00000000-0000-4000-8000-00000000000d';
const IDENTITY = '00000000-0000-4000-8000-00000000000e';
const ENV = {
  ENTRA_TENANT_ID: HOME,
  ENTRA_CLIENT_ID: APP,
  StorageConnection__tableServiceUri: 'https://a.table.core.windows.net',
};
const WITH_IDENTITY = readSettings({ ...ENV, ENTRA_MANAGED_IDENTITY_CLIENT_ID: IDENTITY });
const WITH_SECRET = readSettings({ ...ENV, ENTRA_CLIENT_SECRET: 'home' });
const FEDERATED: MicrosoftConnection = {
  tenantId: OTHER,
  cloud: 'Public',
  signIn: { kind: 'federated', homeClientId: MULTITENANT },
};

test('a federated tenant gets its token from its own authority, for the registration of the home tenant', () => {
  const { entra } = tenantConnection(FEDERATED, WITH_IDENTITY, secretsOf({}, WITH_IDENTITY));
  expect(entra).toEqual({
    tenantId: OTHER,
    clientId: MULTITENANT,
    authorityHost: 'https://login.microsoftonline.com',
    credential: { kind: 'managed-identity', clientId: IDENTITY, audience: 'api://AzureADTokenExchange' },
  });
});

test('no identity, and no other cloud, is taken for one that may stand in', () => {
  const secretOf = secretsOf({}, WITH_SECRET);
  expect(() => tenantConnection(FEDERATED, WITH_SECRET, secretOf)).toThrow('No managed identity');
  const elsewhere = { ...FEDERATED, cloud: 'USGov' as const };
  expect(() => tenantConnection(elsewhere, WITH_IDENTITY, secretOf)).toThrow('its own cloud');
});

test('a tenant of another cloud is asked at that cloud, with the secret that its definition names', () => {
  const connection: MicrosoftConnection = {
    tenantId: OTHER,
    cloud: 'USGov',
    signIn: { kind: 'secret', secretSetting: 'SOURCE_GOV_SECRET' },
  };
  const found = tenantConnection(connection, WITH_IDENTITY, secretsOf({ SOURCE_GOV_SECRET: ' s ' }, WITH_IDENTITY));
  expect(found).toMatchObject({
    entra: { tenantId: OTHER, clientId: APP, authorityHost: 'https://login.microsoftonline.us' },
    graphEndpoint: 'https://graph.microsoft.us',
  });
  expect(found.entra.credential).toEqual({ kind: 'secret', secret: 's' });
});

test.each([
  ['StorageConnection', 'is no setting that a source may name'],
  ['LOG_IDENTITY_KEY', 'is no setting that a source may name'],
  ['SOURCE_A_SECRET', 'is not set'],
  ['SOURCE_B_SECRET', 'is a Key Vault reference that was not resolved'],
])('the value of %s is not given out', (setting, problem) => {
  const env = {
    StorageConnection: 'x',
    LOG_IDENTITY_KEY: 'x',
    SOURCE_B_SECRET: '@Microsoft.KeyVault(SecretUri=https://v)',
  };
  const secretOf = secretsOf(env, WITH_SECRET);
  expect(() => secretOf(setting)).toThrow(problem);
});
