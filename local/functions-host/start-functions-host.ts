// Starts a built Functions app in this process: loads it, checks all of its functions and runs those of one group.
//
// Not imitated of the .NET host: levels of lines guessed from their text, a listener that outlives the worker
// (lost-worker.ts), a minute's wait for the timers of a process that was killed, locks of timers in blobs (here files:
// timer-state.ts), 404 for an unknown HTTP method and the acceptance of lines that end with LF alone or of both
// Content-Length and chunks (Node's parser says 400 to all three), `%2F` for a `%252F` in request.url, a body that is
// lost when a function sets its length, 500 for a header that is not ASCII, pages at `/`, `/admin` and `/runtime` (here
// 404), the answer of a request that outlasts the stop, a schedule that cannot be read (Azure leaves out that one
// function, here the start ends with it).

import { StartError } from '../local-error.ts';
import { describeError } from './describe-error.ts';
import { createFunctionRunner } from './function-runner.ts';
import { type FunctionsCore, provideFunctionsCore } from './functions-core.ts';
import { createHostLog, type HostLog } from './host-log.ts';
import { loadEntryPoints, toStartError } from './load-entry-points.ts';
import { REPLACE_GRACE_MS } from './lost-worker.ts';
import { type App, readApp } from './read-app.ts';
import type { FunctionGroup, Listen, RunningTrigger, TriggeredFunction, TriggerHost } from './triggers/trigger-type.ts';
import { TRIGGER_TYPES } from './triggers/trigger-types.ts';

export interface FunctionsHostOptions {
  readonly appFolder: string;
  readonly functions: FunctionGroup | 'all';
  readonly listen: Listen;
  readonly timerFolder: string | undefined;
  /** Called when a function has run for too long, after the others had time to end: the process must be replaced. */
  readonly onLost: () => void;
}

export interface RunningFunctionsHost {
  /** null without an HTTP listener. */
  readonly port: number | null;
  readonly url: string | null;
  /** Names of the functions that run in this process. */
  readonly functions: readonly string[];
  /** Answers 500 to every request that is not answered yet. */
  abandon(): Promise<void>;
  /** Lets running invocations finish, for at most about `limitMs`, then runs the app's appTerminate hooks. */
  stop(limitMs: number): Promise<void>;
}

// What the host gives a worker between appTerminate and its end: WorkerTerminateGracePeriodInSeconds in
// https://github.com/Azure/azure-functions-host/blob/dev/src/WebJobs.Script/Workers/WorkerConstants.cs
const TERMINATE_HOOKS_LIMIT_MS = 5_000;

export async function startFunctionsHost(options: FunctionsHostOptions): Promise<RunningFunctionsHost> {
  const app = readApp(options.appFolder);
  const hostLog = createHostLog(app.logLevel);
  for (const [name, value] of Object.entries(app.settings)) process.env[name] ??= value;

  const core = provideFunctionsCore(hostLog);
  await loadApp(app, core);

  const runner = createFunctionRunner(core, app.functionTimeoutMs, (message) => {
    hostLog.write('critical', 'host', `${message} The process is replaced, as on Azure.`);
    void runner.drain(REPLACE_GRACE_MS).then(options.onLost);
  });
  const host: TriggerHost = {
    app,
    core,
    runner,
    env: process.env,
    listen: options.listen,
    timerFolder: options.timerFolder,
    log: (level, message, functionName) =>
      core.log(level, 'system', message, functionName === undefined ? undefined : { name: functionName }),
  };

  const functions = [...core.functions.values()].map(findTrigger);
  const selected = (group: FunctionGroup) => options.functions === 'all' || options.functions === group;
  const prepared = TRIGGER_TYPES
    // All functions are checked whatever runs here: on Azure one that cannot be indexed is an error everywhere.
    .map((type) => ({
      type,
      trigger: type.prepare(
        functions.filter((fn) => isOfType(fn, type.bindingType)),
        host,
      ),
    }))
    .filter(({ type }) => selected(type.group));
  const running: RunningTrigger[] = [];
  for (const { trigger } of prepared) running.push(await trigger.start());

  const address = running.find((trigger) => trigger.address)?.address;
  const names = functions
    .filter((fn) => prepared.some(({ type }) => isOfType(fn, type.bindingType)))
    .map((fn) => fn.name);
  if (names.length === 0) hostLog.write('warning', 'host', `The app has no ${options.functions} functions to run.`);

  return {
    port: address?.port ?? null,
    url: address?.url ?? null,
    functions: names,
    async abandon() {
      await Promise.all(running.map((trigger) => trigger.abandon?.()));
    },
    async stop(limitMs) {
      await Promise.all([...running.map((trigger) => trigger.stop(limitMs)), runner.drain(limitMs)]);
      const unfinished = runner.running();
      if (unfinished.length > 0) {
        hostLog.write('warning', 'host', `Stopping without waiting any longer for: ${unfinished.join(', ')}`);
      }
      await runTerminateHooks(core, hostLog);
    },
  };
}

async function loadApp(app: App, core: FunctionsCore): Promise<void> {
  await loadEntryPoints(app);
  if (core.functions.size === 0 || !core.getProgrammingModel()) {
    throw new StartError(`No functions found: ${app.entryFiles.join(', ')} registered none with @azure/functions.`);
  }
  try {
    await core.runHooks('appStart', {
      hookData: core.appLevelHookData,
      appHookData: core.appHookData,
      functionAppDirectory: app.folder,
    });
  } catch (error) {
    throw toStartError(error, 'An appStart hook failed');
  }
  core.finishStartup();
  // Asking for the capabilities also makes the library refuse app.setup() from now on.
  const capabilities = await core.getProgrammingModel()?.getCapabilities?.({});
  if (capabilities?.['HttpUri'] !== undefined) {
    throw new StartError('The app calls app.setup({ enableHttpStream: true }); this host runs buffered HTTP only.');
  }
}

function findTrigger(registered: TriggeredFunction['registered']): TriggeredFunction {
  const { name, bindings } = registered.metadata;
  const trigger = Object.values(bindings).find((binding) => /trigger$/i.test(binding.type));
  if (!trigger) throw new StartError(`Function "${name}" has no trigger.`);
  const fn = { name, trigger, registered };
  if (!TRIGGER_TYPES.some((type) => isOfType(fn, type.bindingType))) {
    throw new StartError(`Function "${name}" has the trigger type ${trigger.type}, which this host does not support.`);
  }
  return fn;
}

function isOfType(fn: TriggeredFunction, bindingType: string): boolean {
  return fn.trigger.type.toLowerCase() === bindingType;
}

async function runTerminateHooks(core: FunctionsCore, hostLog: HostLog): Promise<void> {
  const limit = Promise.withResolvers<'timed out'>();
  const timer = setTimeout(() => limit.resolve('timed out'), TERMINATE_HOOKS_LIMIT_MS);
  try {
    const context = { hookData: core.appLevelHookData, appHookData: core.appHookData };
    const outcome = await Promise.race([core.runHooks('appTerminate', context), limit.promise]);
    if (outcome === 'timed out') hostLog.write('warning', 'host', 'An appTerminate hook did not end in time.');
  } catch (error) {
    hostLog.write('error', 'host', `An appTerminate hook failed: ${describeError(error)}`);
  } finally {
    clearTimeout(timer);
  }
}
