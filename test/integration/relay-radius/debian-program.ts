// The path of a program these tests need; without it they fail and name the Debian package to install.

import { accessSync, constants } from 'node:fs';

const packages = {
  '/usr/sbin/freeradius': 'freeradius',
  '/usr/bin/tshark': 'tshark',
} as const;

export function debianProgram(file: keyof typeof packages): string {
  try {
    accessSync(file, constants.X_OK);
  } catch {
    throw new Error(`${file} is missing. Install it with: apt-get install ${packages[file]}`);
  }
  return file;
}
