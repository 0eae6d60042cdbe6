// A run of everything on this machine: what has been started and what its files are, so that all of it ends with the
// run.

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export const RESTARTABLE_PARTS = ['http', 'background', 'serviceBus', 'relay', 'standby'] as const;
/** Parts that can be ended from outside and started again. */
export type RestartablePart = (typeof RESTARTABLE_PARTS)[number];

export interface RunningPart {
  readonly pid: number;
  readonly exited: Promise<unknown>;
  stop(): Promise<void>;
}

export interface LocalRunOptions {
  /** Where certificates and keys are put for commands and RADIUS servers to use; removed at the end. */
  readonly dataFolder: string;
  readonly onProgress?: (what: string, where: string) => void;
  /** A process that should run has ended. */
  readonly onFailure?: (what: string) => void;
}

export class LocalRun {
  readonly dataFolder: string;
  readonly #options: LocalRunOptions;
  readonly #started = new AsyncDisposableStack();
  readonly #parts = new Map<RestartablePart, { readonly running: RunningPart; start(): Promise<unknown> }>();

  constructor(options: LocalRunOptions) {
    this.dataFolder = options.dataFolder;
    this.#options = options;
  }

  async createDataFolder(): Promise<void> {
    await mkdir(this.dataFolder, { recursive: true, mode: 0o700 });
    this.defer(() => rm(this.dataFolder, { recursive: true, force: true }));
  }

  /** @returns the path of the file */
  async write(name: string, content: string, secret = false): Promise<string> {
    const file = join(this.dataFolder, name);
    await writeFile(file, content, secret ? { mode: 0o600 } : {});
    return file;
  }

  progress(what: string, where: string): void {
    this.#options.onProgress?.(what, where);
  }

  /** What is started last ends first. */
  defer(end: () => Promise<unknown> | undefined): void {
    this.#started.defer(async () => void (await end()));
  }

  /** Starts a part, and keeps how, so that it can be started again. @param what its name in messages */
  async start<T extends RunningPart>(part: RestartablePart, what: string, start: () => Promise<T>): Promise<T> {
    const running = await start();
    if (!this.#parts.has(part)) this.defer(() => this.#parts.get(part)?.running.stop());
    this.#parts.set(part, { running, start: () => this.start(part, what, start) });
    void running.exited.then(() => {
      if (!this.#started.disposed) this.#options.onFailure?.(`${what} ended.`);
    });
    return running;
  }

  /** Ends a part at once, as a crash would; resolves when it has ended. */
  async kill(part: RestartablePart): Promise<void> {
    const { running } = this.#part(part);
    process.kill(running.pid, 'SIGKILL');
    await running.exited;
  }

  /** Has a part end by itself, as a host is stopped; resolves when it has. */
  async end(part: RestartablePart): Promise<void> {
    await this.#part(part).running.stop();
  }

  /** Starts a part that has ended again, with the same settings. */
  async restart(part: RestartablePart): Promise<void> {
    await this.#part(part).start();
  }

  /** Process ids as they are now; 0 where nothing runs. */
  get pids(): Readonly<Record<RestartablePart, number>> {
    const pids = RESTARTABLE_PARTS.map((part) => [part, this.#parts.get(part)?.running.pid ?? 0]);
    return Object.fromEntries(pids) as Record<RestartablePart, number>;
  }

  stop(): Promise<void> {
    return this.#started.disposeAsync();
  }

  #part(name: RestartablePart) {
    const part = this.#parts.get(name);
    if (part === undefined) throw new Error(`Nothing runs here as ${name}.`);
    return part;
  }
}
