// Runs a program of the operating system to its end and collects what it printed.

import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';

export interface ProgramResult {
  readonly exitCode: number | null;
  /** Standard output and standard error, in the order of arrival. */
  readonly output: string;
}

export interface ProgramOptions {
  /** Given to the program on its standard input. */
  readonly input?: string;
  /** Its whole environment; empty by default. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the program after so many milliseconds; the promise then rejects. */
  readonly deadline: number;
}

const DEBIAN_PACKAGES = 'apt-get install freeradius freeradius-rest freeradius-utils eapoltest';

/** Throws, naming the Debian packages to install, if a program is not there. */
export function requirePrograms(files: readonly string[]): void {
  for (const file of files) {
    try {
      accessSync(file, constants.R_OK);
    } catch {
      throw new Error(`${file} is missing. The FreeRADIUS tests need Debian packages: ${DEBIAN_PACKAGES}`);
    }
  }
}

export function runProgram(file: string, args: readonly string[], options: ProgramOptions): Promise<ProgramResult> {
  requirePrograms([file]);
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], env: options.env ?? {} });
    let output = '';
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, options.deadline);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (chunk: string) => {
        output += chunk;
      });
    }
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (exitCode) => {
      clearTimeout(timer);
      if (late) reject(new Error(`${file} did not end within ${options.deadline} ms:\n${output}`));
      else resolve({ exitCode, output });
    });
    // A program that ends without reading its input is judged by its output.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}
