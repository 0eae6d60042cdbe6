// Reads the command line of a local program: a mistake is an instruction, with the usage below it.

import { type ParseArgsConfig, parseArgs } from 'node:util';
import { StartError } from './local-error.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/** @throws StartError on an option that is not there, lacks its value, or stands alone */
export function readOptions<const O extends Options>(args: readonly string[], options: O, usage: string) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (thrown) {
    throw usageError(thrown instanceof Error ? thrown.message : String(thrown), usage);
  }
}

/** @returns 0 to 65535, where 0 is any that is free @throws StartError */
export function readPort(text: string, usage: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw usageError(`"${text}" is not a port`, usage);
  return Number(text);
}

export function usageError(reason: string, usage: string): StartError {
  return new StartError(`${reason}\n${usage}`);
}
