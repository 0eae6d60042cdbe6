// OpenSSL's OCSP responder on the loopback interface, in the name of a test authority.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestAuthority } from './certificates.ts';

export interface OcspResponder extends AsyncDisposable {
  /** For the certificates that it is asked about. */
  readonly url: string;
  /** Starts to answer: `good` for each serial number, but `revoked` for those of the second list. */
  start(authority: TestAuthority, known: readonly string[], revoked: readonly string[]): Promise<void>;
}

/** The address is known before anything listens there, since certificates name it. */
export async function ocspResponder(): Promise<OcspResponder> {
  const port = await freeTcpPort();
  const folder = mkdtempSync(path.join(tmpdir(), 'nac-ocsp-'));
  let running: ReturnType<typeof spawn> | undefined;
  return {
    url: `http://127.0.0.1:${port}/`,
    async start(authority, known, revoked) {
      const file = (name: string, content: string): string => {
        writeFileSync(path.join(folder, name), content);
        return path.join(folder, name);
      };
      const authorityFile = file('ca.pem', authority.certificatePem);
      const keyFile = file('ca.key', await authority.privateKeyPem());
      const index = file('index.txt', known.map((serial) => indexLine(serial, revoked.includes(serial))).join(''));
      const files = ['-index', index, '-CA', authorityFile, '-rsigner', authorityFile, '-rkey', keyFile];
      running = spawn('openssl', ['ocsp', '-port', String(port), ...files, '-nmin', '5'], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      await listening(running);
    },
    async [Symbol.asyncDispose]() {
      if (running && running.exitCode === null) {
        running.kill();
        await once(running, 'exit');
      }
      rmSync(folder, { recursive: true });
    },
  };
}

/** As `openssl ca` keeps them: state, end, revoked since, serial number, file, subject. */
function indexLine(serial: string, isRevoked: boolean): string {
  const since = isRevoked ? '260101000000Z' : '';
  return `${isRevoked ? 'R' : 'V'}\t491231235959Z\t${since}\t${serial.toUpperCase()}\tunknown\t/O=Test/CN=device\n`;
}

function listening(responder: ReturnType<typeof spawn>): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    for (const stream of [responder.stdout, responder.stderr]) {
      stream?.on('data', (chunk) => {
        output += String(chunk);
        if (/waiting for OCSP client connections|ACCEPT/i.test(output)) resolve();
      });
    }
    responder.once('exit', () => reject(new Error(`openssl ocsp ended: ${output}`)));
  });
}

async function freeTcpPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
