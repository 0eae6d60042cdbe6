// The doctor as a process of its own, with nothing but settings in its environment.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { compileCache } from '../../local/child-process.ts';
import type { CheckReport, DoctorReport } from '../../shared/ports/check.ts';

const SCRIPT = join(import.meta.dirname, '../../cli/doctor.ts');

export interface DoctorRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export async function runDoctor(
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Promise<DoctorRun> {
  const { PATH, HOME } = process.env;
  const doctor = spawn(process.execPath, [SCRIPT, ...args], { env: { PATH, HOME, ...compileCache(), ...env } });
  let stdout = '';
  let stderr = '';
  doctor.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  doctor.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const exitCode = await new Promise<number | null>((resolve) => doctor.on('close', resolve));
  return { exitCode, stdout, stderr };
}

/** The report of `--json`, its checks by name. */
export async function examine(
  env: Readonly<Record<string, string>>,
): Promise<DoctorReport & { readonly exitCode: number | null; check(name: string): CheckReport }> {
  const { exitCode, stdout, stderr } = await runDoctor(env, ['--json']);
  if (stderr !== '') throw new Error(`the doctor wrote to stderr: ${stderr}`);
  const report = JSON.parse(stdout) as DoctorReport;
  return {
    ...report,
    exitCode,
    check(name) {
      const found = report.checks.find((check) => check.name === name);
      if (found === undefined) throw new Error(`no check ${name} in: ${stdout}`);
      return found;
    },
  };
}
