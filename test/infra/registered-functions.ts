// Command line: loads a function app as the Functions worker does, and prints what it registers. In a process of its
// own, since a process can load an app once, and what it needs must come from the app's folder alone.

import { provideFunctionsCore } from '../../local/functions-host/functions-core.ts';
import { createHostLog } from '../../local/functions-host/host-log.ts';
import { loadEntryPoints } from '../../local/functions-host/load-entry-points.ts';
import { readApp } from '../../local/functions-host/read-app.ts';

const app = readApp(process.argv[2] ?? '');
const core = provideFunctionsCore(createHostLog(app.logLevel));
const startedAt = performance.now();
await loadEntryPoints(app);
const milliseconds = performance.now() - startedAt;
const functions = [...core.functions.values()].map(({ metadata: { name, bindings } }) => ({ name, bindings }));
process.stdout.write(JSON.stringify({ milliseconds, functions }));
