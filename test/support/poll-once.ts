// A process that works one tick of the poll and ends: the one that tests kill.
// node poll-once.ts <milliseconds its clock is ahead> <file that gets a line for each change handed on>

import { appendFileSync } from 'node:fs';
import { createApp } from '../../shared/app.ts';
import { readSettings } from '../../shared/settings.ts';
import { adjustableClock } from './adjustable-clock.ts';

const [ahead = '0', changesFile = ''] = process.argv.slice(2);
const clock = adjustableClock();
clock.advance(Number(ahead));
const app = createApp(readSettings(process.env), {
  clock,
  onChange: async ({ source, id, version }) => appendFileSync(changesFile, `${source}|${id}|${version}\n`),
});
const result = await app.poll(60_000);
await app.close();
process.exitCode = result.kind === 'complete' || result.kind === 'idle' ? 0 : 1;
