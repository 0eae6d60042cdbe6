// `npm run clients`: an operator lets a RADIUS proxy ask, and gets its API key.

import { parseArgs } from 'node:util';
import { openClientRegistry } from '../shared/client-registry.ts';
import { CLIENT_KINDS } from '../shared/domain/client.ts';
import { ConnectorError } from '../shared/errors.ts';

const USAGE = `Usage: npm run clients -- create <name> --site <site> [--kind radius-proxy|operator]

The store is taken from the environment, with the names of the application settings:
  StorageConnection__tableServiceUri   https://<account>.table.core.windows.net, as the user of \`az login\`
  StorageConnection                    or a connection string`;

try {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { site: { type: 'string' }, kind: { type: 'string', default: 'radius-proxy' } },
  });
  const [command, name, ...rest] = positionals;
  const kind = CLIENT_KINDS.find((known) => known === values.kind);
  if (command !== 'create' || !name || !values.site || !kind || rest.length > 0) throw new Error(USAGE);
  const registry = await openClientRegistry(storage());
  const apiKey = await registry.createClient(name, values.site, kind);
  console.log(`Client "${name}" of site "${values.site}" may ask now. Its API key, shown this once:\n\n  ${apiKey}\n`);
} catch (thrown) {
  if (thrown instanceof ConnectorError) console.error(`${thrown.code}: ${thrown.message} ${thrown.action}`);
  else console.error(thrown instanceof Error ? thrown.message : thrown);
  process.exitCode = 1;
}

function storage(): Parameters<typeof openClientRegistry>[0] {
  const { StorageConnection: connectionString, StorageConnection__tableServiceUri: tableServiceUri } = process.env;
  if (tableServiceUri) return { kind: 'azure-cli', tableServiceUri };
  if (connectionString) return { kind: 'connection-string', connectionString };
  throw new Error(USAGE);
}
