// Every error the relay reports: stable codes, each saying what to do.

import type { YamlProblem } from '../shared/adapters/yaml/yaml-reader.ts';

/** Stable for ever: operators search logs and documentation by them. */
export const RELAY_ERROR_CODES = [
  'NAC_RELAY_USAGE',
  'NAC_RELAY_CONFIG',
  'NAC_RELAY_SECRET',
  'NAC_RELAY_HEALTHZ',
  'NAC_RELAY_SERVICE_BUS',
  'NAC_RELAY_UNAUTHORIZED',
  'NAC_RELAY_QUEUE',
  'NAC_RELAY_SESSION_LOST',
  'NAC_RELAY_CLOCK',
  'NAC_RELAY_JOB',
  'NAC_RELAY_JOB_TIME',
  'NAC_RELAY_BRAKE',
  'NAC_RELAY_HARDENING',
  'NAC_RELAY_CERTIFICATE',
  'NAC_RELAY_SETTLEMENT',
  'NAC_RELAY_TELEMETRY',
  'NAC_RELAY_INTERNAL',
] as const;

export type RelayErrorCode = (typeof RELAY_ERROR_CODES)[number];

export interface RelayErrorDetails extends ErrorOptions {
  /** What the reader can do about it, as an instruction. */
  readonly action: string;
}

/** `message` says what happened, `action` what to do. */
export class RelayError extends Error {
  readonly code: RelayErrorCode;
  readonly action: string;

  constructor(code: RelayErrorCode, message: string, { action, cause }: RelayErrorDetails) {
    super(message, { cause });
    this.name = new.target.name;
    this.code = code;
    this.action = action;
  }
}

/** Something wrong in relay.yaml, or with a secret it points to, and where. */
export type ConfigProblem = YamlProblem;

/** More would not be read by a person; one more than what a YAML document has at most. */
const MOST_LINES = 51;

/** relay.yaml cannot be used as it is: every problem at once. `message` is ready to be shown to the operator. */
export class RelayConfigError extends RelayError {
  readonly problems: readonly ConfigProblem[];

  constructor(file: string, problems: readonly ConfigProblem[], code: 'NAC_RELAY_CONFIG' | 'NAC_RELAY_SECRET') {
    const lines = problems.slice(0, MOST_LINES).map(({ line, column, path, problem }) => {
      return `  ${file}:${line}:${column} ${path === '' ? '' : `${path}: `}${problem}`;
    });
    const left = problems.length - lines.length;
    if (left > 0) lines.push(`  and ${left} more: mend these first.`);
    super(code, `${code}: ${problems.length} problem(s) in ${file}:\n${lines.join('\n')}`, {
      action: 'Mend the lines named above; `relay check` says when the file is right.',
    });
    this.problems = problems;
  }
}

/** Anything thrown, as a RelayError: unknown ones become NAC_RELAY_INTERNAL with the original as cause. */
export function toRelayError(thrown: unknown): RelayError {
  if (thrown instanceof RelayError) return thrown;
  return new RelayError(
    'NAC_RELAY_INTERNAL',
    `Unexpected: ${thrown instanceof Error ? thrown.message : typeof thrown}`,
    { action: 'Please report this with the log lines around it.', cause: thrown },
  );
}
