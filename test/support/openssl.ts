// Certificates as operators make them: with the openssl program, in the forms its versions and options give.

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface OpensslFolder extends AsyncDisposable {
  path(name: string): string;
  read(name: string): Promise<Buffer>;
  /** Runs openssl with the arguments, split at blanks, in the folder. */
  openssl(args: string): Promise<void>;
  /** `<name>.key` (PKCS#8) and `<name>.crt`, self-signed. */
  certificate(name: string, options?: { readonly key?: string; readonly subject?: string }): Promise<void>;
}

export async function opensslFolder(): Promise<OpensslFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'nac-openssl-'));
  const openssl = async (args: string): Promise<void> => {
    await run('openssl', args.split(' '), { cwd: folder });
  };
  return {
    path: (name) => join(folder, name),
    read: (name) => readFile(join(folder, name)),
    openssl,
    async certificate(name, { key = 'rsa:2048', subject = `/CN=${name}` } = {}) {
      await run(
        'openssl',
        [
          ...['req', '-x509', '-newkey', ...key.split(' '), '-nodes', '-utf8', '-days', '30'],
          ...['-keyout', `${name}.key`, '-out', `${name}.crt`, '-subj', subject],
        ],
        { cwd: folder },
      );
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
