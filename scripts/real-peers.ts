// The real programs that some tests need beside them, where they come from, and which test files those are.

import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What proves that a package is there: a program on the path, or a file. */
const PEERS: readonly { readonly debianPackage: string; readonly proof: string }[] = [
  { debianPackage: 'freeradius', proof: 'freeradius' },
  { debianPackage: 'freeradius-rest', proof: '/usr/lib/freeradius/rlm_rest.so' },
  { debianPackage: 'freeradius-utils', proof: 'radclient' },
  { debianPackage: 'eapoltest', proof: 'eapol_test' },
  { debianPackage: 'tshark', proof: 'tshark' },
  { debianPackage: 'openssl', proof: 'openssl' },
];

export const REAL_PEER_TESTS = [
  'test/infra/key-credentials.test.ts',
  'test/e2e/freeradius-*.test.ts',
  'test/e2e/enforcement-chain.test.ts',
  'test/e2e/enforcement-results.test.ts',
  'test/integration/client-certificate.test.ts',
  'test/integration/host-check.test.ts',
  'test/integration/relay-radius/coa-listener.test.ts',
  'test/integration/relay-radius/dissection.test.ts',
  'test/integration/simulated-switch.test.ts',
];

/** Debian packages that are not installed here. */
export function missingPeers(env: Readonly<Record<string, string | undefined>>): string[] {
  const folders = [...(env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/bin'];
  const isThere = (proof: string): boolean =>
    proof.startsWith('/') ? existsSync(proof) : folders.some((folder) => isExecutable(join(folder, proof)));
  return PEERS.filter(({ proof }) => !isThere(proof)).map(({ debianPackage }) => debianPackage);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
