// Wires what operators do with versions of sources.yaml.

import { TableClientStore } from '../adapters/table-storage/table-client-store.ts';
import { TableTaskStore } from '../adapters/table-storage/table-task-store.ts';
import { TableVersionStore } from '../adapters/table-storage/table-version-store.ts';
import { readSources, type SourceDefaults } from '../adapters/yaml/read-sources.ts';
import type { AuditEntry } from '../domain/audit-entry.ts';
import type { SourceDefinition } from '../domain/source/source-definition.ts';
import { isOfAnother } from '../domain/source/source-place.ts';
import { BUILT_IN } from '../domain/version-activation.ts';
import { RequestError, SourcesError } from '../errors.ts';
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
import { readRemembered } from './remembered-sources.ts';

export interface SourcesChange extends Pick<AuditEntry, 'target' | 'reason'> {
  /** Its name in the audit is that of its route. */
  readonly action: Extract<AuditEntry['action'], RouteName>;
}

export type SourcesAdmin = ReturnType<Awaited<ReturnType<typeof openSourcesAdmin>>>;

export interface SourcesAdminOptions extends Pick<Context, 'clock' | 'log' | 'openTables'> {
  readonly defaults: SourceDefaults;
  /** What the settings define; absent: they are not at hand, and neither is the home tenant. */
  readonly builtIn?: readonly SourceDefinition[];
}

const WORDS: DocumentWords = {
  events: { uploaded: 'sources.uploaded', inForce: 'sources.in-force' },
  document: 'sources',
  versionCode: 'NAC_SOURCES_VERSION',
  listed: 'GET /api/sources and `npm run sources -- list` show what there is.',
};

export async function openSourcesAdmin({ openTables, clock, log, defaults, builtIn }: SourcesAdminOptions) {
  const tables = await openTables('background');
  const clients = new TableClientStore(tables.clients);
  const store = new TableVersionStore(tables.policies, 'sources');
  const tasks = new TableTaskStore(tables.polling, log);
  /** Devices of a source stay stored under its name, also when it is defined no more. */
  async function takenNames(): Promise<(definition: SourceDefinition) => boolean> {
    const remembered = new Map((await readRemembered(tasks)).map((source) => [source.name, source]));
    return (definition) => {
      const before = remembered.get(definition.name);
      const { kind, connection } = definition;
      const isKnown = builtIn !== undefined || kind === 'cisco-mdm' || connection.signIn.kind !== 'settings';
      return before !== undefined && isKnown && isOfAnother(before, definition);
    };
  }
  async function definitionsOf(version: string): Promise<readonly SourceDefinition[]> {
    if (version === BUILT_IN) return builtIn ?? [];
    try {
      return readSources((await store.readVersion(version))?.text ?? '', { defaults });
    } catch (thrown) {
      // One that cannot be used gives way to the newest before it that can, which was in force.
      if (thrown instanceof SourcesError) return [];
      throw thrown;
    }
  }
  const deps: PublishDeps = {
    words: WORDS,
    store,
    async check(text) {
      const sites = new Set((await clients.list()).map(({ site }) => site));
      return readSources(text, { defaults, sites, isTaken: await takenNames() });
    },
    async mayTakeOver(version) {
      const isTaken = await takenNames();
      const taken = (await definitionsOf(version)).filter(isTaken).map(({ name }) => name);
      if (taken.length > 0) throw takenError(version, taken);
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

function takenError(version: string, names: readonly string[]): RequestError {
  const message = `In "${version}" ${names.join(', ')} asks another tenant or server than the one whose devices are stored under that name.`;
  return new RequestError(400, 'NAC_SOURCES_VERSION', message, {
    action: 'Upload and activate a version that gives the source a name of its own.',
    field: 'version',
  });
}

function because(reason: string | undefined): Pick<AuditEntry, 'reason'> {
  return reason === undefined ? {} : { reason };
}
