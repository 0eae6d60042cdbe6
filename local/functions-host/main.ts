// Command line entry: runs a built Azure Functions app on this machine, as its own process, until a signal stops it.

import { endProcess, outliveReaders } from '../end-process.ts';
import { StartError } from '../local-error.ts';
import { HOST_READY } from '../ready-line.ts';
import { describeError } from './describe-error.ts';
import { LOST_WORKER } from './lost-worker.ts';
import { parseCommandLine } from './parse-command-line.ts';
import { type RunningFunctionsHost, startFunctionsHost } from './start-functions-host.ts';

const STOP_LIMIT_MS = 10_000;

outliveReaders();

let running: RunningFunctionsHost | undefined;

// State after an uncaught error, or a rejection that nothing handles, cannot be trusted: on Azure the worker is
// replaced.
process.on('uncaughtException', (error) => {
  process.stderr.write(`[critical] host: Uncaught error: ${describeError(error)}\n`);
  if (running === undefined) endProcess(1);
  else lose(running);
});

try {
  await run();
} catch (error) {
  process.stderr.write(`${error instanceof StartError ? error.message : describeError(error)}\n`);
  endProcess(1);
}

async function run(): Promise<void> {
  let host: RunningFunctionsHost | undefined;
  const stopRequested = Promise.withResolvers<void>();
  const requestStop = () => {
    // Nothing runs yet that would have to finish.
    if (host) stopRequested.resolve();
    else endProcess(0);
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
  endProcess(0);
}

/** A client that waits for an answer gets 500; the process that started this one starts another. */
function lose(host: RunningFunctionsHost): void {
  void host.abandon().finally(() => endProcess(LOST_WORKER));
}

function announce({ port, url, functions }: RunningFunctionsHost): void {
  process.stdout.write(`${HOST_READY.format({ port, url, functions })}\n`);
  // The parent may have closed the channel already; "disconnect" deals with that.
  process.send?.({ type: 'ready', port, url, functions }, undefined, undefined, () => undefined);
}
