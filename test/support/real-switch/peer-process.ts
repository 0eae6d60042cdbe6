// Runs a daemon of the operating system for a test, keeps what it prints, and waits for a line of it.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** With it the kernel ends the daemon when this process dies, however that happens. */
const SETPRIV = '/usr/bin/setpriv';
const LINE_DEADLINE_MS = 30_000;
const STOP_DEADLINE_MS = 5_000;
/** Of what is shown when a line does not come. */
const SHOWN_LINES = 25;

export interface PeerProcess {
  /** Everything it has printed. */
  readonly lines: readonly string[];
  /**
   * The next line that matches, from now on. Rejects with the last lines when none comes in time or the daemon ends.
   */
  next(line: RegExp, deadlineMs?: number): Promise<string>;
  /** Resolves when it has ended; killed if it does not end by itself. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** @throws an error with what it printed unless a line says in time that it is ready */
export async function startPeer(commandLine: readonly string[], ready: RegExp): Promise<PeerProcess> {
  const child = spawn(SETPRIV, ['--pdeathsig', 'KILL', ...commandLine], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const waiting = new Set<{ readonly see: (line: string) => void; readonly give: (why: string) => void }>();
  const take = (line: string): void => {
    lines.push(line);
    for (const { see } of waiting) see(line);
  };
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', take);
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', (error) => {
      take(String(error));
      resolve();
    });
  });
  void ended.then(() => {
    for (const { give } of waiting) give('the daemon ended');
  });

  const peer: PeerProcess = {
    lines,
    next(pattern, deadlineMs = LINE_DEADLINE_MS) {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      const give = (why: string): void => {
        const shown = lines.slice(-SHOWN_LINES).join('\n');
        reject(new Error(`${commandLine.join(' ')}: no line ${pattern}: ${why}. It printed last:\n${shown}`));
        end();
      };
      const timer = setTimeout(() => give(`${deadlineMs} ms have passed`), deadlineMs);
      const entry = {
        give,
        see(line: string) {
          if (!pattern.test(line)) return;
          resolve(line);
          end();
        },
      };
      const end = (): void => {
        clearTimeout(timer);
        waiting.delete(entry);
      };
      waiting.add(entry);
      // A test that fails before it waits for this has a reason of its own.
      promise.catch(() => undefined);
      return promise;
    },
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
      await ended;
      clearTimeout(timer);
    },
  };
  const isReady = peer.next(ready);
  try {
    await isReady;
  } catch (thrown) {
    await peer.stop('SIGKILL');
    throw thrown;
  }
  return peer;
}
