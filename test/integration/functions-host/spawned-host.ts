// Functions hosts as processes of their own, over apps that esbuild has bundled, for the tests beside this file.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import { compileCache } from '../../../local/child-process.ts';
import {
  type BackgroundFunctionsHost,
  type SpawnOptions,
  spawnFunctionsHost,
} from '../../../local/functions-host/spawn-functions-host.ts';
import { type AppSource, buildApp } from '../../support/functions-host-app/build-app.ts';

export const MAIN = path.join(import.meta.dirname, '../../../local/functions-host/main.ts');
export const ENV = { NIGHTLY: '0 0 3 * * *' };

/** Collects a host's output and waits for lines that have come or will come. */
export class Output {
  readonly lines: string[] = [];
  readonly #waiting = new Set<() => void>();

  readonly onLine: NonNullable<SpawnOptions['onLine']> = (line, stream) => {
    this.lines.push(`${stream}: ${line}`);
    for (const check of this.#waiting) check();
  };

  /** The line with the given text; the `count`th of them. */
  line(containing: string, count = 1): Promise<string> {
    return new Promise((resolve) => {
      const check = () => {
        const found = this.lines.filter((line) => line.includes(containing))[count - 1];
        if (found === undefined) return;
        this.#waiting.delete(check);
        resolve(found);
      };
      this.#waiting.add(check);
      check();
    });
  }
}

export const folders: string[] = [];
export const hosts: BackgroundFunctionsHost[] = [];

export function app(source?: AppSource): string {
  const folder = buildApp(source);
  folders.push(folder);
  return folder;
}

export async function startHttp(appFolder: string, more: Partial<Omit<SpawnOptions, 'functions' | 'appFolder'>> = {}) {
  const output = new Output();
  const host = await spawnFunctionsHost({
    appFolder,
    functions: 'http',
    env: ENV,
    onLine: output.onLine,
    ...more,
  });
  hosts.push(host);
  return { host, output, url: host.url };
}

export async function startBackground(appFolder: string, env: Record<string, string> = ENV) {
  const output = new Output();
  const host = await spawnFunctionsHost({ appFolder, functions: 'background', env, onLine: output.onLine });
  hosts.push(host);
  return { host, output };
}

/** Runs the command line as it is and returns how it ended. */
export async function runMain(args: readonly string[], env: Record<string, string> = {}) {
  const child = fork(MAIN, [...args], {
    execPath: process.execPath,
    execArgv: [],
    env: { ...compileCache(), ...env },
    silent: true,
  });
  const [stdout, stderr] = [child.stdout, child.stderr];
  if (!stdout || !stderr) throw new Error('no pipes');
  try {
    const [[code], out, err] = await Promise.all([once(child, 'exit'), text(stdout), text(stderr)]);
    return { code: code as number | null, out, err };
  } finally {
    child.kill('SIGKILL');
  }
}

export async function failedStart(source: AppSource, { functions = 'all', env = {} } = {}) {
  const { code, out, err } = await runMain(['--app', app(source), '--functions', functions], env);
  expect(out).toBe('');
  expect(code).toBe(1);
  return err.trim();
}

/** A request that fetch cannot make: any target, header or unsent body. */
export async function rawRequest(url: string, options: http.RequestOptions, body?: string) {
  const request = http.request(url, { ...options, agent: false });
  request.on('error', () => undefined);
  if (options.headers && 'content-length' in options.headers && body === undefined) request.flushHeaders();
  else request.end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const result = { status: response.statusCode, headers: response.headers, body: await text(response) };
  request.destroy();
  return result;
}

export const MINIMAL = `import { app } from '@azure/functions'; app.http('a', { handler: async () => ({ body: 'a' }) });`;

/** Folder of the app that most tests run. */
export let fixture: string;

/** Builds that app for a test file, and ends what its tests have started. */
export function useApps(): void {
  vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });
  beforeAll(() => {
    fixture = app();
  });

  afterAll(async () => {
    await Promise.all(hosts.map((host) => host.stop()));
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });
}
