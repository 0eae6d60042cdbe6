// Reads the text of relay.yaml.

import { readFileSync } from 'node:fs';
import { RelayConfigError } from './relay-error.ts';

const LARGEST_FILE = 4_000_000;

/** @throws RelayConfigError if there is no such file, or it is far too large */
export function readConfigFile(file: string): string {
  const fail = (problem: string): never => {
    throw new RelayConfigError(file, [{ path: '', line: 1, column: 1, problem }], 'NAC_RELAY_CONFIG');
  };
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    return fail(`cannot be read (${code}): name the relay.yaml on the command line, and let the relay read it.`);
  }
  return text.length > LARGEST_FILE ? fail('is far too large for a relay.yaml.') : text;
}
