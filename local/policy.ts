// `npm run policy`: operators check a policy.yaml, bring it into the store, put it into force and take it back.

import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import { systemClock } from '../shared/adapters/system/system-clock.ts';
import { readPolicy } from '../shared/adapters/yaml/read-policy.ts';
import { openPolicy, type PolicyDesk } from '../shared/app/open-policy.ts';
import { ConnectorError } from '../shared/errors.ts';
import type { PolicyOverview } from '../shared/policy/publish-policy.ts';

const USAGE = `Usage: npm run policy -- <command>

  check <file>             says whether the file is right; needs no store
  upload <version> <file>  brings the file into the store under a name; nothing changes yet
  activate <version>       puts a version into force ("built-in": the policy of the settings)
  rollback [--from <v>]    brings back the version before; with --from only if <v> is in force
  list                     what is in force, since when, and all versions
  show <version>           the file as it was uploaded

Instances remember the policy for a minute; CoAs for what a change made different begin half a minute later.

The store is taken from the environment, with the names of the application settings:
  StorageConnection__tableServiceUri   https://<account>.table.core.windows.net, as the user of \`az login\`
  StorageConnection                    or a connection string`;

try {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { from: { type: 'string' } } });
  console.log(await run(positionals, values.from));
} catch (thrown) {
  if (thrown instanceof ConnectorError) console.error(`${thrown.code}: ${thrown.message}\n${thrown.action}`);
  else console.error(thrown instanceof Error ? thrown.message : thrown);
  process.exitCode = 1;
}

async function run([command, ...words]: readonly string[], from: string | undefined): Promise<string> {
  const [first = '', second = ''] = words;
  const expected = { check: 1, upload: 2, activate: 1, rollback: 0, list: 0, show: 1 }[command ?? ''];
  if (expected !== words.length || (from !== undefined && command !== 'rollback')) throw new Error(USAGE);
  if (command === 'check') return checked(first);
  const desk = await openDesk();
  if (command === 'upload') {
    const { created } = await desk.upload(first, readFileSync(second, 'utf8'));
    return created ? `"${first}" is in the store. Next: npm run policy -- activate ${first}` : `"${first}" was there.`;
  }
  if (command === 'activate') return inForce(await desk.activate(first));
  if (command === 'rollback') return inForce(await desk.rollBack(from));
  if (command === 'show') return desk.text(first);
  return listing(await desk.overview());
}

function checked(file: string): string {
  const { rules } = readPolicy(readFileSync(file, 'utf8'), { version: 'draft', file });
  return `${file} is right: ${rules.length} rules.`;
}

function inForce({ inForce: version, settledAt }: PolicyOverview): string {
  return `"${version}" is in force. Every instance answers by it, and CoAs begin, at ${settledAt ?? 'once'}.`;
}

function listing({ inForce: version, changedAt, rollbackTo, versions }: PolicyOverview): string {
  const since = changedAt === undefined ? '' : ` since ${changedAt}`;
  const back = rollbackTo === undefined ? '' : `; a rollback brings back "${rollbackTo}"`;
  const rows = versions.map(({ version: name, createdAt, by }) => `  ${createdAt}  ${name}  (${by})`);
  return [`In force: "${version}"${since}${back}`, ...rows].join('\n');
}

async function openDesk(): Promise<PolicyDesk> {
  const { StorageConnection: connectionString, StorageConnection__tableServiceUri: tableServiceUri } = process.env;
  if (!tableServiceUri && !connectionString) throw new Error(USAGE);
  const storage = tableServiceUri
    ? ({ kind: 'azure-cli', tableServiceUri } as const)
    : ({ kind: 'connection-string', connectionString: connectionString ?? '' } as const);
  const silent = { info: () => {}, warn: () => {}, error: () => {} };
  return (await openPolicy({ storage, clock: systemClock, log: silent }))(userInfo().username);
}
