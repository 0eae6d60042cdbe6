// `npm start -- --func` with real processes and the real blob emulator. Core Tools cannot be had in every place that
// runs tests, so a program of the test stands in for `func`: it shows what is started, what is read of it and how it
// ends, and nothing about Microsoft's host.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { coreToolsCommands, requireCoreTools, startCoreTools } from '../../local/core-tools.ts';

const ROOT = join(import.meta.dirname, '../..');

/**
 * What it was given goes into a file. It says what Core Tools say, as they do; asked to end, it looks whether its blobs
 * are still there.
 */
const STAND_IN = `#!${process.execPath}
import { writeFileSync } from 'node:fs';
if (process.argv[2] === '--version') { console.log('4.15.1'); process.exit(0); }
const { AzureWebJobsStorage, FUNCTIONS_WORKER_RUNTIME } = process.env;
const blobs = /BlobEndpoint=(.*?);/.exec(AzureWebJobsStorage)[1];
const report = (more) => writeFileSync(process.env.STAND_IN_REPORT, JSON.stringify({ pid: process.pid, cwd: process.cwd(),
  args: process.argv.slice(2), FUNCTIONS_WORKER_RUNTIME, blobs, settings: Object.keys(process.env), ...more }));
const answers = () => fetch(blobs).then(() => true, () => false);
while (!(await answers())) await new Promise(setImmediate);
report({});
process.on('SIGTERM', async () => { report({ blobsAtTheEnd: await answers() }); process.exit(0); });
if (process.env.STAND_IN_READY) {
  console.log('[2026-11-30T07:30:00.123Z] Functions:');
  console.log('[2026-11-30T07:30:01.123Z] ' + JSON.stringify({ level: 'info', event: 'poll.run', source: 'intune', devices: 10, saved: 10 }));
}
setInterval(() => undefined, 1_000);
`;

let folder: string;
let report: string;
let child: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nac-func-'));
  report = join(folder, 'report.json');
});

afterEach(() => {
  child?.kill('SIGKILL');
  child = undefined;
  rmSync(folder, { recursive: true, force: true });
});

function putFunc(program: string): void {
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  put('func', program);
}

function put(name: string, program: string): void {
  writeFileSync(join(folder, name), program);
  chmodSync(join(folder, name), 0o755);
}

const pathWithTools = (): string => [folder, join(ROOT, 'node_modules/.bin'), process.env['PATH']].join(delimiter);

function inProcess(env: Readonly<Record<string, string>> = {}) {
  return startCoreTools(ROOT, 0, { PATH: pathWithTools(), STAND_IN_REPORT: report, ...env }, () => undefined);
}

/** `npm start -- --func`, with the test's folder first on the path. */
function start(env: Readonly<Record<string, string>> = {}) {
  const started = spawn(process.execPath, ['local/start.ts', '--func', '--fleet', '10'], {
    cwd: ROOT,
    env: { ...process.env, PATH: pathWithTools(), STAND_IN_REPORT: report, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = started;
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  for (const input of [started.stdout, started.stderr]) {
    createInterface({ input }).on('line', (line) => {
      lines.push(line);
      for (const check of waiting) check();
    });
  }
  return {
    started,
    lines,
    exited: once(started, 'exit'),
    line: (wanted: string): Promise<void> =>
      new Promise((resolve) => {
        const check = (): void => {
          if (lines.some((each) => each.includes(wanted))) resolve();
        };
        waiting.add(check);
        check();
      }),
  };
}

function reported(): Record<string, unknown> & { readonly pid: number; readonly blobs: string } {
  return JSON.parse(readFileSync(report, 'utf8'));
}

const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => true,
    () => false,
  );

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('Core Tools', () => {
  test('that are not there are said with what to do, before anything of them is started', async () => {
    putFunc('#!/bin/sh\necho "the program was not downloaded" >&2\nexit 1\n');
    const { lines, exited } = start();
    expect(await exited).toEqual([1, null]);
    expect(lines.join('\n')).toMatch(
      /NAC_CORE_TOOLS: .*`func --version` fails\.\n.*npm install --global azure-functions-core-tools/,
    );
    expect(existsSync(report)).toBe(false);
    await expect(requireCoreTools({ PATH: folder })).rejects.toMatchObject({ code: 'NAC_CORE_TOOLS' });
  });

  test.each([
    ['func', 'func ended (code 3) before the functions ran.'],
    ['azurite-blob', 'azurite-blob ended (code 3) before the functions ran.'],
  ])('of which %s ends at once are said by its name, and the other one ends as well', async (program, message) => {
    putFunc(STAND_IN);
    put(program, '#!/bin/sh\nexit 3\n');
    await expect(inProcess()).rejects.toMatchObject({ code: 'NAC_CORE_TOOLS', message });
  });

  test('beside which there is no blob emulator are said with what brings it', async () => {
    putFunc(STAND_IN);
    await expect(inProcess({ PATH: folder })).rejects.toMatchObject({
      code: 'NAC_CORE_TOOLS',
      message: 'azurite-blob could not be started.',
      action: expect.stringContaining('npm ci'),
    });
  });

  test('are started with the storage of their locks, tell the story, and end before their blobs do', async () => {
    putFunc(STAND_IN);
    const { started, lines, exited, line } = start({ STAND_IN_READY: '1' });
    // Only the first sweep, read from a line of the host, brings the commands to paste.
    await line('Ctrl-C stops everything.');
    const { args, cwd, blobs, ...given } = reported();
    const ports = { http: Number((args as string[])[2]), blobs: Number(new URL(blobs).port) };
    expect(args).toEqual(coreToolsCommands(ports).func.args);
    expect(cwd).toBe(ROOT);
    expect(given).toMatchObject({
      FUNCTIONS_WORKER_RUNTIME: 'node',
      settings: expect.arrayContaining(['ENTRA_TENANT_ID', 'StorageConnection', 'ServiceBusConnection']),
    });
    const text = lines.join('\n');
    for (const part of ['10 devices read, 10 saved', `http://127.0.0.1:${ports.http}/api/lookup`])
      expect(text).toContain(part);

    started.kill('SIGINT');
    expect(await exited).toEqual([0, null]);
    expect(reported()).toMatchObject({ blobsAtTheEnd: true });
    expect([runs(reported().pid), await answers(blobs)]).toEqual([false, false]);
  });

  test('leave nothing behind when all is stopped before they are ready', async () => {
    putFunc(STAND_IN);
    const { started, exited } = start();
    await expect
      .poll(() => existsSync(report) && readFileSync(report, 'utf8').endsWith('}'), { timeout: 30_000 })
      .toBe(true);
    const { pid, blobs } = reported();
    started.kill('SIGTERM');
    expect(await exited).toEqual([1, null]);
    await expect.poll(() => runs(pid), { timeout: 10_000 }).toBe(false);
    await expect.poll(() => answers(blobs), { timeout: 10_000 }).toBe(false);
  });
});
