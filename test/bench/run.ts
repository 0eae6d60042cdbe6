// Command line entry: runs one bench by its name.

import { benchConsole } from './console.ts';
import { benchEnforce } from './enforce.ts';
import { benchFind } from './find.ts';
import { benchIse } from './ise.ts';
import { benchLookup } from './lookup.ts';
import { benchPolicy } from './policy.ts';
import { benchPoll } from './poll.ts';
import { benchRefusal } from './refusal.ts';
import { benchScale } from './scale.ts';
import { benchTelemetry } from './telemetry.ts';

const BENCHES: Readonly<Record<string, (options: readonly string[]) => Promise<void>>> = {
  console: benchConsole,
  enforce: benchEnforce,
  find: benchFind,
  ise: benchIse,
  lookup: benchLookup,
  policy: benchPolicy,
  poll: benchPoll,
  refusal: benchRefusal,
  scale: benchScale,
  telemetry: benchTelemetry,
};

const [name = '', ...options] = process.argv.slice(2);
const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
if (bench === undefined) {
  process.stderr.write(`Usage: npm run bench -- <name>, where <name> is one of: ${Object.keys(BENCHES).join(', ')}\n`);
  process.exitCode = 2;
} else {
  await bench(options);
  // Timers of the SDK would keep the process for another minute.
  process.exit();
}
