// `npm run sources`: operators check a sources.yaml, bring it into the store, put it into force and take it back.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { systemClock } from '../shared/adapters/system/system-clock.ts';
import { readSources, type SourceDefaults } from '../shared/adapters/yaml/read-sources.ts';
import { openSourcesAdmin, type SourcesAdmin } from '../shared/app/open-sources-admin.ts';
import { checkedReason } from '../shared/http/read-reason.ts';
import type { VersionOverview } from '../shared/versions/publish-version.ts';
import { openStore, printed, SILENT_LOG, versionLines } from './versions.ts';

const USAGE = `Usage: npm run sources -- <command>

  check <file>             says whether the file is right; needs no store
  upload <version> <file>  brings the file into the store under a name; nothing changes yet
  activate <version>       puts a version into force ("built-in": what the settings make)
  rollback [--from <v>]    brings back the version before; with --from only if <v> is in force
  list                     what is in force, since when, and all versions
  show <version>           the file as it was uploaded

What changes something takes --reason <text>, which the audit keeps beside who and when.
Every process of the function app goes by the new version within a minute.

The store is taken from the environment, with the names of the application settings:
  StorageConnection__tableServiceUri   https://<account>.table.core.windows.net, as the user of \`az login\`
  StorageConnection                    or a connection string`;

/** The file is checked for itself: what it leaves out is as the settings of the function app have it. */
const ANY_SETTINGS: SourceDefaults = {
  home: { tenantId: 'of the settings', clientId: 'of the settings', cloud: 'Public' },
  permissions: 'full',
  deviceDelta: false,
  pollingIntervalMs: 7_200_000,
  massChange: { share: 0.1, least: 50 },
  mdmAddress: process.env['MDM_ADDRESS'] || 'unknown',
};

const WORDS = { check: 1, upload: 2, activate: 1, rollback: 0, list: 0, show: 1 };
const CHANGES: readonly (string | undefined)[] = ['upload', 'activate', 'rollback'];

await printed(async () => {
  const text = { type: 'string' } as const;
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { from: text, reason: text } });
  return run(positionals, values);
});

async function run(
  [command = '', ...words]: readonly string[],
  { from, reason: written }: { readonly from?: string | undefined; readonly reason?: string | undefined },
): Promise<string> {
  const [first = '', second = ''] = words;
  const expected = Object.entries(WORDS).find(([name]) => name === command)?.[1];
  if (expected !== words.length || (from !== undefined && command !== 'rollback')) throw new Error(USAGE);
  if (written !== undefined && !CHANGES.includes(command)) throw new Error(USAGE);
  const { reason } = checkedReason(written, '--reason');
  if (command === 'check') return checked(first);
  const admin = await openAdmin();
  if (command === 'upload') {
    const { created } = await admin.upload(first, readFileSync(second, 'utf8'), reason);
    return created ? `"${first}" is in the store. Next: npm run sources -- activate ${first}` : `"${first}" was there.`;
  }
  if (command === 'activate') return inForce(await admin.activate(first, reason));
  if (command === 'rollback') return inForce(await admin.rollBack(from, reason));
  if (command === 'show') return admin.text(first);
  return versionLines(await admin.overview()).join('\n');
}

function checked(file: string): string {
  const definitions = readSources(readFileSync(file, 'utf8'), { defaults: ANY_SETTINGS, file });
  return [
    `${file} is right: ${definitions.length} source${definitions.length === 1 ? '' : 's'}.`,
    ...definitions.map(({ name, kind, sites }) => `  ${name} (${kind}), ${sites?.join(', ') ?? 'every site'}`),
    'Whether each site has a client is checked at the upload.',
  ].join('\n');
}

function inForce({ inForce: version, settledAt }: VersionOverview): string {
  return `"${version}" is in force. Every process goes by it at ${settledAt ?? 'once'}.`;
}

async function openAdmin(): Promise<SourcesAdmin> {
  const { tables, by, note } = await openStore(USAGE);
  const admin = await openSourcesAdmin({
    openTables: async () => tables,
    clock: systemClock,
    log: SILENT_LOG,
    defaults: ANY_SETTINGS,
  });
  return admin(by, note);
}
