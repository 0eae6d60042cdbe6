// Starts a program of the bench as its own process, which ends with this one.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';

export interface Child {
  readonly pid: number;
  /** Rejects when the process ends before `stop`. */
  readonly failed: Promise<never>;
  /** The next message over the IPC channel. */
  message(): Promise<unknown>;
  send(message: string): void;
  stop(): Promise<void>;
}

export interface ChildOptions {
  readonly script: string;
  readonly args: readonly string[];
  readonly nodeOptions?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where its output goes. */
  readonly logFile: string;
}

const KILL_AFTER_MS = 40_000;

export function startChild({ script, args, nodeOptions = [], env = {}, logFile }: ChildOptions): Child {
  const output = openSync(logFile, 'w');
  const child: ChildProcess = spawn(process.execPath, [...nodeOptions, script, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', output, output, 'ipc'],
  });
  closeSync(output);
  const exited = once(child, 'exit');
  let stopping = false;
  const failed = exited.then(() => {
    if (stopping) return new Promise<never>(() => undefined);
    throw new Error(`${script} has ended:\n${readFileSync(logFile, 'utf8').slice(-2000)}`);
  });
  failed.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    failed,
    async message() {
      const [message] = await Promise.race([once(child, 'message'), failed]);
      return message;
    },
    send(message) {
      child.send(message);
    },
    async stop() {
      stopping = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}
