// The errors of the relay, a branch of the one tree in shared/errors.ts, where their codes are listed.

import type { YamlProblem } from '../shared/adapters/yaml/yaml-reader.ts';
import { ConnectorError } from '../shared/errors.ts';

/** The relay's branch of the tree of errors: `message` says what happened, `action` what to do. */
export class RelayError extends ConnectorError {}

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

/** Anything thrown, as an error with a code: unknown ones become NAC_RELAY_INTERNAL with the original as cause. */
export function toRelayError(thrown: unknown): ConnectorError {
  if (thrown instanceof ConnectorError) return thrown;
  return new RelayError(
    'NAC_RELAY_INTERNAL',
    `Unexpected: ${thrown instanceof Error ? thrown.message : typeof thrown}`,
    { action: 'Please report this with the log lines around it.', cause: thrown },
  );
}
