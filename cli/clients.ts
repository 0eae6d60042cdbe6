// `npm run clients`: operators let RADIUS proxies and each other ask, rotate their keys and end them.

import { parseArgs } from 'node:util';
import { type ClientRegistry, openClientRegistry } from '../shared/app/client-registry.ts';
import { CLIENT_KINDS, type ClientKind } from '../shared/domain/client.ts';
import { ConnectorError } from '../shared/errors.ts';
import { checkedReason } from '../shared/http/read-reason.ts';

const USAGE = `Usage: npm run clients -- <command>

  create <name> --site <site> [--kind ${CLIENT_KINDS.join('|')}] [--every-site]
                        makes a client and shows its API key, this once
  rotate <name>         shows a new key; the one before stays valid
  retire-older <name>   ends the key before, once the new one is in use
  revoke <name>         the client may ask no more
  list                  every client, with the age of its keys

What changes something takes --reason <text>, which the audit keeps beside who and when.

Instances remember clients for a minute: a new key works at once, an ended one up to a minute longer.

The store is taken from the environment, with the names of the application settings:
  StorageConnection__tableServiceUri   https://<account>.table.core.windows.net, as the user of \`az login\`
  StorageConnection                    or a connection string`;

interface Options {
  readonly site?: string | undefined;
  readonly kind?: string | undefined;
  readonly 'every-site'?: boolean | undefined;
  readonly reason?: string | undefined;
}

try {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      site: { type: 'string' },
      kind: { type: 'string' },
      'every-site': { type: 'boolean' },
      reason: { type: 'string' },
    },
  });
  console.log(await run(positionals, values));
} catch (thrown) {
  if (thrown instanceof ConnectorError) console.error(`${thrown.code}: ${thrown.message} ${thrown.action}`);
  else console.error(thrown instanceof Error ? thrown.message : thrown);
  process.exitCode = 1;
}

async function run(
  [command, name, ...rest]: readonly string[],
  { site, kind, 'every-site': everySite, reason: written }: Options,
): Promise<string> {
  const isCreate = command === 'create';
  const extra = rest.length > 0 || (!isCreate && [site, kind, everySite].some((option) => option !== undefined));
  if (extra || (command === 'list') !== (name === undefined)) throw new Error(USAGE);
  if (command === 'list' && written !== undefined) throw new Error(USAGE);
  const { reason } = checkedReason(written, '--reason');
  if (isCreate) return create(name ?? '', site, kind, everySite, reason);
  if (command === 'list') return listing(await (await registry()).listClients());
  if (command === 'rotate') {
    const apiKey = await (await registry()).rotateKey(name ?? '', reason);
    return `${shown(apiKey)}\nThe key before stays valid. When the new one is in use: npm run clients -- retire-older ${name}\n`;
  }
  if (command === 'retire-older') {
    await (await registry()).retireOlderKey(name ?? '', reason);
    return `Only the newest key of "${name}" is valid, within a minute.`;
  }
  if (command === 'revoke') {
    await (await registry()).revokeClient(name ?? '', reason);
    return `"${name}" may ask no more, within a minute.`;
  }
  throw new Error(USAGE);
}

async function create(
  name: string,
  site: string | undefined,
  kindText = 'radius',
  everySite = false,
  reason: string | undefined,
): Promise<string> {
  const kind: ClientKind | undefined = CLIENT_KINDS.find((known) => known === kindText);
  if (site === undefined || kind === undefined) throw new Error(USAGE);
  if (everySite && kind !== 'auditor' && kind !== 'operator') throw new Error(USAGE);
  const apiKey = await (await registry()).createClient(name, site, kind, everySite, reason);
  return `Client "${name}" of site "${site}" may ask now.\n${shown(apiKey)}`;
}

function shown(apiKey: string): string {
  const [name, secret] = apiKey.split('.');
  return `\nIts API key for the header X-API-Key, shown this once:\n\n  ${apiKey}\n\nA RADIUS server may use HTTP Basic: user ${name}, password ${secret}\n`;
}

function listing(clients: Awaited<ReturnType<ClientRegistry['listClients']>>): string {
  if (clients.length === 0) return 'There are no clients yet.';
  const rows = clients.map(({ name, site, everySite, kind, credentials }) => [
    name,
    everySite || kind === 'administrator' ? 'every site' : site,
    kind,
    credentials.map(({ createdAt }) => createdAt.slice(0, 10)).join(', '),
  ]);
  const table = [['NAME', 'SITE', 'KIND', 'KEYS FROM'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

async function registry(): Promise<ClientRegistry> {
  const { StorageConnection: connectionString, StorageConnection__tableServiceUri: tableServiceUri } = process.env;
  if (tableServiceUri) return openClientRegistry({ kind: 'azure-cli', tableServiceUri });
  if (connectionString) return openClientRegistry({ kind: 'connection-string', connectionString });
  throw new Error(USAGE);
}
