// What `npm run policy` and `npm run sources` do alike: print what came of a command, open the store that the
// environment names, note changes for the audit, and list versions.

import { systemClock } from '../shared/adapters/system/system-clock.ts';
import { systemRandom } from '../shared/adapters/system/system-random.ts';
import { signedInIdentity } from '../shared/adapters/table-storage/signed-in-identity.ts';
import { TableAuditStore } from '../shared/adapters/table-storage/table-audit-store.ts';
import { openTables, type Tables } from '../shared/adapters/table-storage/tables.ts';
import type { AuditEntry } from '../shared/domain/audit-entry.ts';
import { toInstant } from '../shared/domain/instant.ts';
import { ConnectorError } from '../shared/errors.ts';
import type { VersionOverview } from '../shared/versions/publish-version.ts';

export const SILENT_LOG = { info: () => {}, warn: () => {}, error: () => {} };

export interface OpenedStore {
  readonly tables: Tables;
  /** Whom Azure signed in at this command line. */
  readonly by: string;
  /** Writes to the audit what was changed from here. */
  note(change: Pick<AuditEntry, 'action' | 'target' | 'reason'>): Promise<void>;
}

/** Prints what the command came to; an error goes to stderr, and the process ends with 1. */
export async function printed(command: () => Promise<string>): Promise<void> {
  try {
    console.log(await command());
  } catch (thrown) {
    if (thrown instanceof ConnectorError) console.error(`${thrown.code}: ${thrown.message}\n${thrown.action}`);
    else console.error(thrown instanceof Error ? thrown.message : thrown);
    process.exitCode = 1;
  }
}

/** @throws Error with the usage where the environment names no store */
export async function openStore(usage: string): Promise<OpenedStore> {
  const { StorageConnection: connectionString, StorageConnection__tableServiceUri: tableServiceUri } = process.env;
  if (!tableServiceUri && !connectionString) throw new Error(usage);
  const storage = tableServiceUri
    ? ({ kind: 'azure-cli', tableServiceUri } as const)
    : ({ kind: 'connection-string', connectionString: connectionString ?? '' } as const);
  const tables = await openTables(storage, 'background');
  const audit = new TableAuditStore(tables.audit, systemRandom);
  const by = await signedInIdentity(storage);
  return {
    tables,
    by,
    async note(change) {
      await audit.append({ ...change, at: toInstant(systemClock.now()), by, from: 'command-line' });
    },
  };
}

/** One line for what is in force, and one for each version. */
export function versionLines({
  inForce,
  changedAt,
  rollbackTo,
  versions,
}: Pick<VersionOverview, 'inForce' | 'changedAt' | 'rollbackTo' | 'versions'>): string[] {
  const since = changedAt === undefined ? '' : ` since ${changedAt}`;
  const back = rollbackTo === undefined ? '' : `; a rollback brings back "${rollbackTo}"`;
  const rows = versions.map(({ version, createdAt, by }) => `  ${createdAt}  ${version}  (${by})`);
  return [`In force: "${inForce}"${since}${back}`, ...rows];
}
