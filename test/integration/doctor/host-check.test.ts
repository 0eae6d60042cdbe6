// What the doctor says of hosts whose certificates are wrong in ways a trust store cannot mend.

import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { hostCheck } from '../../../shared/adapters/https/check-host.ts';
import { opensslFolder } from '../../support/openssl.ts';

const servers: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function examine(options: { readonly names: string; readonly validity: string }) {
  await using folder = await opensslFolder();
  await folder.openssl('req -new -newkey rsa:2048 -nodes -keyout host.key -subj /CN=host -out host.csr');
  await writeFile(folder.path('names.cnf'), `subjectAltName=${options.names}\n`);
  await folder.openssl(`x509 -req -in host.csr -signkey host.key -extfile names.cnf ${options.validity} -out host.crt`);
  const cert = await folder.read('host.crt');
  const server = createServer({ cert, key: await folder.read('host.key') }, (_request, response) => response.end());
  servers.push({
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const { port } = server.address() as AddressInfo;
  const check = hostCheck({
    name: 'host',
    service: 'a host',
    url: () => `https://localhost:${port}`,
    timeoutMs: 5000,
    extraCa: cert.toString(),
  });
  return check.run();
}

describe('a certificate of a trusted issuer, but', () => {
  test('of another host: another machine answers under the name', async () => {
    const outcome = await examine({ names: 'DNS:portal.example', validity: '-days 30' });
    expect(outcome).toMatchObject({ status: 'failed', means: expect.stringContaining('Another machine answers') });
  });

  test('that has expired: the certificate or the clock is wrong, and the dates are shown', async () => {
    const outcome = await examine({ names: 'DNS:localhost', validity: '-days -1' });
    expect(outcome).toMatchObject({ status: 'failed', means: expect.stringContaining('clock of this machine') });
    expect(outcome.details?.join(' ')).toMatch(/\d{4}-\d{2}-\d{2} to \d{4}-\d{2}-\d{2}/);
  });

  test('nothing else: it is called private', async () => {
    const outcome = await examine({ names: 'DNS:localhost', validity: '-days 30' });
    expect(outcome).toMatchObject({ status: 'ok', saw: expect.stringContaining('private certificate authority') });
  });
});
