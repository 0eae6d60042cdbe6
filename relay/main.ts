// Command line entry: `run` runs the relay until a signal stops it, `check` checks its relay.yaml.

import { createJsonLineLogger } from '../shared/adapters/system/json-line-logger.ts';
import { systemClock } from '../shared/adapters/system/system-clock.ts';
import { checkRelay } from './check-relay.ts';
import { parseRelayCommand, RELAY_USAGE } from './parse-relay-command.ts';
import { RelayConfigError, toRelayError } from './relay-error.ts';

const lines: string[] = [];
process.on('exit', writeLines);

// The reader of our output may end before us; the shutdown must happen all the same.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

try {
  const { command, file } = parseRelayCommand(process.argv.slice(2));
  if (command === 'help') print(RELAY_USAGE);
  else if (command === 'check') print(checkRelay(file, process.env).join('\n'));
  else await run(file);
  exit(0);
} catch (thrown) {
  const error = toRelayError(thrown);
  const head = error instanceof RelayConfigError ? error.message : `${error.code}: ${error.message}`;
  process.stderr.write(`${head}\n${error.action}\n`);
  exit(error.code === 'NAC_RELAY_USAGE' ? 2 : 1);
}

async function run(file: string): Promise<void> {
  const stopRequested = Promise.withResolvers<void>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stopRequested.resolve);
  // A parent that dies takes its relay along.
  if (process.send) process.on('disconnect', stopRequested.resolve);

  // Only here: nothing else needs the SDK of Service Bus, which takes most of the time of a start.
  const { startRelay } = await import('./start-relay.ts');
  const log = createJsonLineLogger(systemClock, (_, line) => print(line));
  const relay = await startRelay({ file, env: process.env, log });
  await stopRequested.promise;
  await relay.stop();
}

/** Lines of one turn leave together; those of the last turn do so even when the process dies of an error. */
function print(line: string): void {
  if (lines.push(line) === 1) setImmediate(writeLines);
}

function writeLines(): void {
  if (lines.length > 0) process.stdout.write(`${lines.splice(0).join('\n')}\n`);
}

function exit(code: number): void {
  process.exitCode = code;
  writeLines();
  // Timers of the SDK would keep the process for another minute.
  process.stdout.write('', () => process.stderr.write('', () => process.exit()));
}
