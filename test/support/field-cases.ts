// Cases of people who run RADIUS, NAC and Intune, as files: what their devices and services sent, with neutral names.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../field-cases');

export function fieldCaseNames(): string[] {
  return readdirSync(FOLDER).toSorted();
}

/** The file, whole. */
export function fieldCase(name: string): string {
  return readFileSync(join(FOLDER, name), 'utf8');
}

/** Path of the file. */
export function fieldCasePath(name: string): string {
  return join(FOLDER, name);
}

/** The attributes of a request in radclient's form, `Name = value` on each line. */
export function fieldRequest(name: string): Record<string, string> {
  const lines = fieldCase(name).split('\n');
  const pairs = lines.flatMap((line) => {
    const [, attribute, value] = /^([\w-]+) = (.*?)\s*$/.exec(line) ?? [];
    return attribute === undefined || value === undefined
      ? []
      : [[attribute, value.replace(/^"(.*)"$/, '$1')] as const];
  });
  if (pairs.length !== lines.filter((line) => line.trim() !== '').length)
    throw new Error(`${name} has other lines, too`);
  return Object.fromEntries(pairs);
}
