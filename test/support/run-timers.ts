// Runs every timer that a built function app registers once, whatever its schedule, and prints how each ended, as one
// line of JSON. Arguments: the app's folder. In a process of its own, since a process can load an app once.

import { provideFunctionsCore } from '../../local/functions-host/functions-core.ts';
import { createHostLog } from '../../local/functions-host/host-log.ts';
import { invokeFunction } from '../../local/functions-host/invoke-function.ts';
import { loadEntryPoints } from '../../local/functions-host/load-entry-points.ts';
import { readApp } from '../../local/functions-host/read-app.ts';

const app = readApp(process.argv[2] ?? '');
const core = provideFunctionsCore(createHostLog('none'));
await loadEntryPoints(app);
core.finishStartup();
const ended: { readonly name: string; readonly code: unknown }[] = [];
for (const registered of core.functions.values()) {
  const { name, bindings } = registered.metadata;
  if (!Object.values(bindings).some(({ type }) => type.toLowerCase() === 'timertrigger')) continue;
  const data = { json: JSON.stringify({ Schedule: {}, ScheduleStatus: null, IsPastDue: false }) };
  const code = await invokeFunction(core, registered, { data }).then(
    () => 'well',
    (error: { code?: unknown }) => error.code ?? String(error),
  );
  ended.push({ name, code });
}
process.stdout.write(`${JSON.stringify(ended)}\n`);
// Clients of the app would keep the process.
process.exit();
