// Starts a program of ours as a child process, waits until it says that it is ready, and sees to its end.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface StartChildOptions<Ready> {
  /** For messages, as `The broker`. */
  readonly name: string;
  /** The program and its arguments. */
  readonly commandLine: readonly string[];
  /** The child's whole environment, but for the compile cache; this process's own unless given. */
  readonly env?: Readonly<Record<string, string>>;
  /** What the line says with which the child is ready; nothing for any other line of its output. */
  readonly parseReadyLine: (line: string) => Ready | undefined;
  readonly onLine?: ((line: string, stream: 'stdout' | 'stderr') => void) | undefined;
  /** How long it may take to end by itself once it was asked to. */
  readonly killAfterMs: number;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface StartedChild<Ready> {
  readonly ready: Ready;
  readonly process: ChildProcess;
  readonly exited: Promise<Exit>;
  /** Resolves when the process has ended and its output has been read; killed if it does not end by itself. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** Only what explains a failed start is kept. */
const LONGEST_ERROR_TEXT = 100_000;

/** @throws an error with what the child wrote on stderr if it ends before it is ready */
export async function startChild<Ready>(options: StartChildOptions<Ready>): Promise<StartedChild<Ready>> {
  const { name, commandLine, env, parseReadyLine, onLine, killAfterMs } = options;
  const child = spawn(process.execPath, commandLine, {
    ...(env === undefined ? {} : { env: { ...compileCache(), ...env } }),
    // With the IPC channel the child notices when this process dies.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new Error(`${name} was started without pipes for its output.`);
  const ready = Promise.withResolvers<Ready>();
  const ended = Promise.withResolvers<Exit>();
  let errorText = '';

  const lines = [createInterface({ input: stdout }), createInterface({ input: stderr })] as const;
  lines[0].on('line', (line) => {
    const parsed = parseReadyLine(line);
    if (parsed !== undefined) ready.resolve(parsed);
    onLine?.(line, 'stdout');
  });
  lines[1].on('line', (line) => {
    if (errorText.length < LONGEST_ERROR_TEXT) errorText += `${line}\n`;
    onLine?.(line, 'stderr');
  });
  const allRead = Promise.all(lines.map((reader) => once(reader, 'close')));
  child.once('error', (error) => {
    ready.reject(error);
    ended.resolve({ code: null, signal: null });
  });
  // The child's "close" event would say both at once, but does not come when this process closes the IPC channel.
  child.once('exit', async (code, signal) => {
    await allRead;
    ready.reject(new Error(`${name} ended (${signal ?? `code ${code}`}):\n${errorText.trim()}`));
    ended.resolve({ code, signal });
  });

  return {
    ready: await ready.promise,
    process: child,
    exited: ended.promise,
    async end(signal) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
      await ended.promise;
      clearTimeout(timer);
    },
  };
}

/**
 * Where this process keeps its compiled modules (Node's NODE_COMPILE_CACHE), for children with an environment of their
 * own.
 */
export function compileCache(): Readonly<Record<string, string>> {
  const folder = process.env['NODE_COMPILE_CACHE'];
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: folder };
}
