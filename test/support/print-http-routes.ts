// Prints every HTTP route a built function app registers, as one line of JSON. Arguments: the app's folder.

import { provideFunctionsCore } from '../../local/functions-host/functions-core.ts';
import { createHostLog } from '../../local/functions-host/host-log.ts';
import { loadEntryPoints } from '../../local/functions-host/load-entry-points.ts';
import { readApp } from '../../local/functions-host/read-app.ts';

const app = readApp(process.argv[2] ?? '');
const core = provideFunctionsCore(createHostLog('none'));
await loadEntryPoints(app);
const routes = [...core.functions.values()].flatMap(({ metadata: { name, bindings } }) =>
  Object.values(bindings)
    .filter(({ type }) => type.toLowerCase() === 'httptrigger')
    .flatMap(({ route, methods }) =>
      (methods as string[]).map((method) => ({ name, method: method.toUpperCase(), route: `/${String(route)}` })),
    ),
);
process.stdout.write(`${JSON.stringify(routes)}\n`);
