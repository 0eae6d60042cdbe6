// Reads the command line of the relay.

import { parseArgs } from 'node:util';
import { RelayError } from './relay-error.ts';

export interface RelayCommand {
  readonly command: 'run' | 'check' | 'help';
  readonly file: string;
}

export const RELAY_USAGE = `Usage: relay [run] [<file>]    run the relay until SIGTERM
       relay check [<file>]    check the file and its secrets
<file> is /etc/nac-relay/relay.yaml unless named; without a command, write it with its folder or ending.`;

/** @throws RelayError */
export function parseRelayCommand(args: readonly string[]): RelayCommand {
  const fail = (message: string): never => {
    throw new RelayError('NAC_RELAY_USAGE', message, { action: RELAY_USAGE });
  };
  let read: ReturnType<typeof parseRelayArgs>;
  try {
    read = parseRelayArgs(args);
  } catch (error) {
    return fail(error instanceof Error ? error.message : 'The command line cannot be read');
  }
  const [first, ...rest] = read.positionals;
  const isCommand = first === 'run' || first === 'check';
  // `chekc` alone could be a file of that name, and would be answered with ENOENT.
  if (first !== undefined && !isCommand && !isPath(first)) return fail(`${first} is no command of the relay`);
  const files = isCommand || first === undefined ? rest : [first, ...rest];
  if (files.length > 1) return fail('One file only');
  const command = read.values.help ? 'help' : isCommand ? first : 'run';
  return { command, file: files[0] ?? '/etc/nac-relay/relay.yaml' };
}

function isPath(text: string): boolean {
  return /[./\\]/.test(text);
}

function parseRelayArgs(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h', default: false } },
  });
}
