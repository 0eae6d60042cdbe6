// What entries of sources.yaml leave out, for tests of the reader.

import type { SourceDefaults } from '../../shared/adapters/yaml/read-sources.ts';

export const HOME_TENANT = 'aaaaaaaa-0000-4000-8000-000000000001';
export const HOME_CLIENT = 'aaaaaaaa-0000-4000-8000-000000000002';

export const SOURCE_DEFAULTS: SourceDefaults = {
  home: { tenantId: HOME_TENANT, clientId: HOME_CLIENT, cloud: 'Public' },
  permissions: 'full',
  deviceDelta: false,
  pollingIntervalMs: 2 * 3_600_000,
  massChange: { share: 0.1, least: 50 },
  mdmAddress: 'https://mdm.example',
};
