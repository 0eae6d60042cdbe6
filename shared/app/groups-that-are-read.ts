// Which groups the sources in force are asked to read, as the store has them: for whom publishes a policy, with the
// settings of the app or without.

import { TableVersionStore } from '../adapters/table-storage/table-version-store.ts';
import type { Tables } from '../adapters/table-storage/tables.ts';
import { readSources, type SourceDefaults } from '../adapters/yaml/read-sources.ts';
import type { SourceDefinition } from '../domain/source/source-definition.ts';
import { BUILT_IN, versionInForce } from '../domain/version-activation.ts';
import { SourcesError } from '../errors.ts';

/** Groups do not depend on what an entry leaves out. */
const ANY_DEFAULTS: SourceDefaults = {
  home: { tenantId: 'of the settings', clientId: 'of the settings', cloud: 'Public' },
  permissions: 'full',
  deviceDelta: false,
  pollingIntervalMs: 7_200_000,
  massChange: { share: 0.1, least: 50 },
  mdmAddress: 'unknown',
};

/** @returns object ids in lower case; `unchecked` where the version in force cannot be read @throws StoreError */
export async function groupsThatAreRead({
  policies,
}: Pick<Tables, 'policies'>): Promise<ReadonlySet<string> | 'unchecked'> {
  const store = new TableVersionStore(policies, 'sources');
  const version = versionInForce((await store.readState()).state);
  // Settings define no directory.
  if (version === BUILT_IN) return new Set();
  const stored = await store.readVersion(version);
  if (stored === undefined) return 'unchecked';
  try {
    return groupsOf(readSources(stored.text, { defaults: ANY_DEFAULTS }));
  } catch (thrown) {
    if (thrown instanceof SourcesError) return 'unchecked';
    throw thrown;
  }
}

export function groupsOf(definitions: readonly SourceDefinition[]): ReadonlySet<string> {
  return new Set(definitions.flatMap((one) => (one.kind === 'entra' ? one.groups : [])));
}
