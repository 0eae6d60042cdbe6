// Runs invocations for all triggers of the process: keeps count of the running ones, so that shutdown can wait for
// them, and enforces host.json's functionTimeout.
import { randomUUID } from 'node:crypto';
import type { FunctionsCore, RegisteredFunction } from './functions-core.ts';
import { type Invocation, invokeFunction } from './invoke-function.ts';
import type { InvocationResponse } from './rpc-types.ts';

const MAX_TIMER_MS = 2 ** 31 - 1;

export interface FunctionRunner {
  run(fn: RegisteredFunction, invocation: Invocation): Promise<InvocationResponse>;
  /** Names of the functions running now, one entry per invocation. */
  running(): string[];
  /** Resolves when nothing runs any more, or with false after `limitMs`. */
  drain(limitMs: number): Promise<boolean>;
}

export function createFunctionRunner(
  core: FunctionsCore,
  timeoutMs: number | undefined,
  /** On Azure the worker process is replaced then, once the others had time to come to their end. */
  onTimeout: (message: string) => void,
): FunctionRunner {
  const invocations = new Map<string, string>();
  let whenIdle = Promise.withResolvers<void>();
  const end = (invocationId: string): void => {
    if (!invocations.delete(invocationId) || invocations.size > 0) return;
    whenIdle.resolve();
    whenIdle = Promise.withResolvers();
  };

  return {
    async run(fn, invocation) {
      const invocationId = invocation.invocationId ?? randomUUID();
      const { name } = fn.metadata;
      const timer =
        timeoutMs === undefined
          ? undefined
          : setTimeout(
              () => {
                // It counts as failed from now on: no caller waits for it.
                end(invocationId);
                onTimeout(
                  `Timeout value of ${formatTimeSpan(timeoutMs)} was exceeded by function "${name}" (invocation ${invocationId}).`,
                );
              },
              Math.min(timeoutMs, MAX_TIMER_MS),
            );
      invocations.set(invocationId, name);
      try {
        return await invokeFunction(core, fn, { ...invocation, invocationId });
      } finally {
        clearTimeout(timer);
        end(invocationId);
      }
    },
    running: () => [...invocations.values()],
    async drain(limitMs) {
      if (invocations.size === 0) return true;
      const limit = Promise.withResolvers<void>();
      const timer = setTimeout(limit.resolve, limitMs);
      await Promise.race([whenIdle.promise, limit.promise]);
      clearTimeout(timer);
      return invocations.size === 0;
    },
  };
}

function formatTimeSpan(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}
