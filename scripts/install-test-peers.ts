// Makes sure that the real peers of the tests are here: FreeRADIUS with its tools, eapol_test and tshark. They come from Debian's
// packages; as root on Debian or Ubuntu they are installed, elsewhere the message says what to install.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Program, and the package that brings it. */
const PEERS: readonly (readonly [string, string])[] = [
  ['freeradius', 'freeradius'],
  ['radclient', 'freeradius-utils'],
  ['eapol_test', 'eapoltest'],
  ['tshark', 'tshark'],
];
/** A module without a program of its own. */
const MODULES: readonly (readonly [string, string])[] = [['/usr/lib/freeradius/rlm_rest.so', 'freeradius-rest']];

const missing = new Set([
  ...PEERS.filter(([program]) => !isOnPath(program)).map(([, name]) => name),
  ...MODULES.filter(([file]) => !existsSync(file)).map(([, name]) => name),
]);

if (missing.size > 0) {
  const packages = [...missing];
  console.log(`The tests need ${packages.join(', ')}.`);
  if (process.getuid?.() !== 0 || !isOnPath('apt-get')) {
    console.error(`Install them first: sudo apt-get install ${packages.join(' ')}`);
    process.exit(1);
  }
  run('apt-get', ['update', '-qq']);
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages]);
}

function isOnPath(program: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function run(command: string, args: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status } = spawnSync(command, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status === 0) return;
  console.error(`${command} ${args.join(' ')} failed with code ${status}.`);
  process.exit(1);
}
