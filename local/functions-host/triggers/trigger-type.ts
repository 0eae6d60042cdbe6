// What a trigger type has to offer to the host. To support another one (a Service Bus queue, say), write a file next to
// this one that exports a TriggerType and add it to trigger-types.ts.
import type { FunctionRunner } from '../function-runner.ts';
import type { FunctionsCore, RegisteredFunction } from '../functions-core.ts';
import type { App } from '../read-app.ts';
import type { Binding } from '../rpc-types.ts';

/** On Flex Consumption the HTTP functions share instances of their own, apart from all other functions. */
export type FunctionGroup = 'http' | 'background';

export interface TriggeredFunction {
  readonly name: string;
  readonly trigger: Binding;
  readonly registered: RegisteredFunction;
}

export interface Listen {
  readonly port: number;
  readonly host: string;
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
}

export interface TriggerHost {
  readonly app: App;
  readonly core: FunctionsCore;
  readonly runner: FunctionRunner;
  /** App settings. */
  readonly env: NodeJS.ProcessEnv;
  readonly listen: Listen;
  /** Where timers keep what outlives this process; absent where nothing does. */
  readonly timerFolder: string | undefined;
  /** Logs for the host itself, or for the named function. */
  log(level: 'warning' | 'error', message: string, functionName?: string): void;
}

export interface RunningTrigger {
  /** Where the trigger can be reached, if it listens. */
  readonly address?: { readonly port: number; readonly url: string };
  /** Fails what is not answered yet, because the process that would answer is lost. */
  abandon?(): Promise<void>;
  /** Starts no further invocation; resolves when nothing is left to answer, or after about `limitMs`. */
  stop(limitMs: number): Promise<void>;
}

/** Functions that were checked and can be started. */
export interface PreparedTrigger {
  start(): Promise<RunningTrigger>;
}

export interface TriggerType {
  /** The binding's `type`, in lower case. */
  readonly bindingType: string;
  readonly group: FunctionGroup;
  /** Checks everything that can be checked before anything runs; throws a StartError. */
  prepare(functions: readonly TriggeredFunction[], host: TriggerHost): PreparedTrigger;
}
