// Command line entry: runs a built Azure Functions app on this machine, as its own process, until a signal stops it.

import { StartError } from '../local-error.ts';
import { describeError } from './describe-error.ts';
import { LOST_WORKER } from './lost-worker.ts';
import { parseCommandLine } from './parse-command-line.ts';
import { formatReadyLine } from './ready-line.ts';
import { type RunningFunctionsHost, startFunctionsHost } from './start-functions-host.ts';

const STOP_LIMIT_MS = 10_000;

// The reader of our output may be gone before us; that is no reason to skip the shutdown.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

let running: RunningFunctionsHost | undefined;

// State after an uncaught error, or a rejection that nothing handles, cannot be trusted: on Azure the worker is
// replaced.
process.on('uncaughtException', (error) => {
  process.stderr.write(`[critical] host: Uncaught error: ${describeError(error)}\n`);
  if (running === undefined) exit(1);
  else lose(running);
});

try {
  await run();
} catch (error) {
  process.stderr.write(`${error instanceof StartError ? error.message : describeError(error)}\n`);
  exit(1);
}

async function run(): Promise<void> {
  let host: RunningFunctionsHost | undefined;
  const stopRequested = Promise.withResolvers<void>();
  const requestStop = () => {
    // Nothing runs yet that would have to finish.
    if (host) stopRequested.resolve();
    else exit(0);
  };
  process.on('SIGTERM', requestStop);
  process.on('SIGINT', requestStop);
  // A parent that dies takes its host along.
  if (process.send) process.on('disconnect', requestStop);

  host = await startFunctionsHost({
    ...parseCommandLine(process.argv.slice(2)),
    onLost: () => void (host && lose(host)),
  });
  running = host;
  // A process without timers and listener would otherwise end by itself.
  const keepAlive = setInterval(() => undefined, 2 ** 31 - 1);
  announce(host);

  await stopRequested.promise;
  await host.stop(STOP_LIMIT_MS);
  clearInterval(keepAlive);
  exit(0);
}

/** A client that waits for an answer gets 500; the process that started this one starts another. */
function lose(host: RunningFunctionsHost): void {
  void host.abandon().finally(() => exit(LOST_WORKER));
}

function announce({ port, url, functions }: RunningFunctionsHost): void {
  process.stdout.write(`${formatReadyLine({ port, url, functions })}\n`);
  // The parent may have closed the channel already; "disconnect" deals with that.
  process.send?.({ type: 'ready', port, url, functions }, undefined, undefined, () => undefined);
}

// The app may hold handles of its own (clients, sockets), so the end is explicit, after what was written is out.
function exit(code: number): void {
  process.exitCode = code;
  process.stdout.write('', () => process.stderr.write('', () => process.exit()));
}
