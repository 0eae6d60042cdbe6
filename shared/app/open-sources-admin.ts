// Wires what operators do with versions of sources.yaml.

import { TableClientStore } from '../adapters/table-storage/table-client-store.ts';
import { TableVersionStore } from '../adapters/table-storage/table-version-store.ts';
import { readSources, type SourceDefaults } from '../adapters/yaml/read-sources.ts';
import type { AuditEntry } from '../domain/audit-entry.ts';
import type { RouteName } from '../http/routes.ts';
import {
  activateVersion,
  type DocumentWords,
  type PublishDeps,
  readVersionText,
  rollBackVersion,
  uploadVersion,
  type VersionOverview,
  versionOverview,
} from '../versions/publish-version.ts';
import type { Context } from './context.ts';

export interface SourcesChange extends Pick<AuditEntry, 'target' | 'reason'> {
  /** Its name in the audit is that of its route. */
  readonly action: Extract<AuditEntry['action'], RouteName>;
}

export type SourcesAdmin = ReturnType<Awaited<ReturnType<typeof openSourcesAdmin>>>;

export interface SourcesAdminOptions extends Pick<Context, 'clock' | 'log' | 'openTables'> {
  readonly defaults: SourceDefaults;
}

const WORDS: DocumentWords = {
  events: { uploaded: 'sources.uploaded', inForce: 'sources.in-force' },
  document: 'sources',
  versionCode: 'NAC_SOURCES_VERSION',
  listed: 'GET /api/sources and `npm run sources -- list` show what there is.',
};

export async function openSourcesAdmin({ openTables, clock, log, defaults }: SourcesAdminOptions) {
  const tables = await openTables('background');
  const clients = new TableClientStore(tables.clients);
  const deps: PublishDeps = {
    words: WORDS,
    store: new TableVersionStore(tables.policies, 'sources'),
    async check(text) {
      const sites = new Set((await clients.list()).map(({ site }) => site));
      return readSources(text, { defaults, sites });
    },
    clock,
    log,
  };
  /**
   * @param by who does it: the name of a client, or of an operator's login
   * @param beforeChange refuses a change, or keeps it in the audit, before it is made
   */
  return (by: string, beforeChange: (change: SourcesChange) => Promise<void>) => ({
    overview: (): Promise<VersionOverview> => versionOverview(deps),
    text: (version: string): Promise<string> => readVersionText(deps, version),
    async upload(version: string, text: string, reason?: string): Promise<{ readonly created: boolean }> {
      await beforeChange({ action: 'upload-sources', target: version.slice(0, 80), ...because(reason) });
      return { created: await uploadVersion(deps, version, text, by) };
    },
    async activate(version: string, reason?: string): Promise<VersionOverview> {
      await beforeChange({ action: 'activate-sources', target: version.slice(0, 80), ...because(reason) });
      await activateVersion(deps, version, by);
      return versionOverview(deps);
    },
    async rollBack(from?: string, reason?: string): Promise<VersionOverview> {
      const target = (from ?? 'version in force').slice(0, 80);
      await beforeChange({ action: 'roll-back-sources', target, ...because(reason) });
      await rollBackVersion(deps, by, from);
      return versionOverview(deps);
    },
  });
}

function because(reason: string | undefined): Pick<AuditEntry, 'reason'> {
  return reason === undefined ? {} : { reason };
}
