// Provides the module `@azure/functions-core`, which on Azure the Node worker injects: it is where the library
// registers functions and hooks. Must be called before the app's entry point is loaded, once per process.
import { registerHooks } from 'node:module';
import { StartError } from '../local-error.ts';
import { describeError } from './describe-error.ts';
import type { HostLog } from './host-log.ts';
import type { FunctionCallback, FunctionMetadata, LogCategory, LogLevel, ProgrammingModel } from './rpc-types.ts';

const SPECIFIER = '@azure/functions-core';
const MODULE_URL = 'functions-host:functions-core';
const GLOBAL_KEY = Symbol.for('functions-host.functions-core');

// The library asks for these to decide what it may use; they are the lowest ones with every feature served here.
const WORKER_VERSION = '3.13.0';
const HOST_VERSION = '4.1040.0';

// The Functions host refuses other names when it indexes the app.
const FUNCTION_NAME = /^[A-Za-z][\w-]{0,127}$/;

const HOOK_NAMES = ['appStart', 'appTerminate', 'preInvocation', 'postInvocation', 'log'] as const;
export type HookName = (typeof HOOK_NAMES)[number];
type Hook = (context: object) => unknown;

export interface RegisteredFunction {
  readonly metadata: FunctionMetadata;
  readonly callback: FunctionCallback;
}

export interface FunctionsCore {
  readonly functions: ReadonlyMap<string, RegisteredFunction>;
  /** Shared by all hooks of the app. */
  readonly appHookData: Record<string, unknown>;
  /** Shared by appStart and appTerminate only. */
  readonly appLevelHookData: Record<string, unknown>;
  getProgrammingModel(): ProgrammingModel | undefined;
  /** Hooks run in the order of registration, each awaited; the first that throws ends the row. */
  runHooks(name: Exclude<HookName, 'log'>, context: object): Promise<void>;
  /** Logs for a function, through the app's log hooks. */
  log(level: LogLevel, category: LogCategory, message: string, from?: { name: string; context?: unknown }): void;
  /** From here on registration throws, as it does on Azure. */
  finishStartup(): void;
}

class Disposable {
  #callOnDispose: (() => unknown) | undefined;

  static from(...disposables: readonly { dispose?(): unknown }[]): Disposable {
    return new Disposable(() => {
      for (const disposable of disposables) disposable?.dispose?.();
    });
  }

  constructor(callOnDispose: () => unknown) {
    this.#callOnDispose = callOnDispose;
  }

  dispose(): void {
    const call = this.#callOnDispose;
    this.#callOnDispose = undefined;
    call?.();
  }
}

export function provideFunctionsCore(hostLog: HostLog): FunctionsCore {
  const functions = new Map<string, RegisteredFunction>();
  const hooks = new Map<HookName, Hook[]>(HOOK_NAMES.map((name) => [name, []]));
  const appHookData: Record<string, unknown> = {};
  const appLevelHookData: Record<string, unknown> = {};
  let model: ProgrammingModel | undefined;
  let started = false;

  const log: FunctionsCore['log'] = (level, category, message, from) => {
    const entry = { level, message, category, invocationContext: from?.context, hookData: {}, appHookData };
    for (const hook of hooks.get('log') ?? []) {
      // A log hook must not be able to fail the invocation that logs; it runs synchronously, as in the worker.
      try {
        hook(entry);
      } catch (error) {
        hostLog.write('error', 'host', `A log hook failed: ${describeError(error)}`);
      }
    }
    // The library's own debug chatter (categories other than "user") is only of interest when something is wrong.
    const quiet = category !== 'user' && !['warning', 'error', 'critical'].includes(entry.level);
    if (!quiet) hostLog.write(entry.level, from?.name ?? 'host', entry.message);
  };

  const core = {
    version: WORKER_VERSION,
    hostVersion: HOST_VERSION,
    Disposable,
    registerFunction(metadata: FunctionMetadata, callback: FunctionCallback): Disposable {
      if (started) throw new StartError('A function can only be registered during app startup.');
      const { name } = metadata;
      if (!FUNCTION_NAME.test(name)) {
        throw new StartError(
          `"${name}" is not a valid function name: it must start with a letter, followed by letters, digits, "_" or "-".`,
        );
      }
      // The Functions host compares names without case.
      const key = name.toLowerCase();
      if (functions.has(key)) {
        throw new StartError(`A function named "${name}" has already been registered; names must be unique.`);
      }
      functions.set(key, { metadata, callback });
      return new Disposable(() => functions.delete(key));
    },
    registerHook(name: string, hook: Hook): Disposable {
      const list = hooks.get(name as HookName);
      if (!list) {
        // The library turns exactly this kind of error into "needs a newer host".
        throw Object.assign(new RangeError(`Unrecognized hook "${name}"`), { isAzureFunctionsSystemError: true });
      }
      list.push(hook);
      return new Disposable(() => {
        const index = list.indexOf(hook);
        if (index >= 0) list.splice(index, 1);
      });
    },
    setProgrammingModel(programmingModel: ProgrammingModel): void {
      model = programmingModel;
    },
    getProgrammingModel: () => model,
    log: (level: LogLevel, category: LogCategory, message: string) => log(level, category, message),
  };

  // The library loads the module with require() from CommonJS, whose source must be text: hence the detour by a global.
  Object.defineProperty(globalThis, GLOBAL_KEY, { value: core, configurable: true });
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === SPECIFIER ? { url: MODULE_URL, format: 'commonjs', shortCircuit: true } : next(specifier, context),
    load: (url, context, next) =>
      url === MODULE_URL
        ? {
            format: 'commonjs',
            source: `module.exports = globalThis[Symbol.for(${JSON.stringify(GLOBAL_KEY.description)})];`,
            shortCircuit: true,
          }
        : next(url, context),
  });

  return {
    functions,
    appHookData,
    appLevelHookData,
    getProgrammingModel: () => model,
    async runHooks(name, context) {
      // A copy, because a hook may register or dispose others.
      for (const hook of [...(hooks.get(name) ?? [])]) await hook(context);
    },
    log,
    finishStartup() {
      started = true;
    },
  };
}
