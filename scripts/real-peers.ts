// The real programs that some tests need beside them, where they come from, and which test files those are.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

interface Peer {
  readonly debianPackage: string;
  /** What proves that the package is there: a program on the path, or a file. */
  readonly proof: string;
}

const PEERS: readonly Peer[] = [
  { debianPackage: 'freeradius', proof: 'freeradius' },
  { debianPackage: 'freeradius-rest', proof: '/usr/lib/freeradius/rlm_rest.so' },
  { debianPackage: 'freeradius-utils', proof: 'radclient' },
  { debianPackage: 'eapoltest', proof: 'eapol_test' },
  { debianPackage: 'tshark', proof: 'tshark' },
  { debianPackage: 'openssl', proof: 'openssl' },
];
const SWITCH_PEERS: readonly Peer[] = [
  { debianPackage: 'hostapd', proof: 'hostapd' },
  { debianPackage: 'wpasupplicant', proof: 'wpa_supplicant' },
  { debianPackage: 'iproute2', proof: 'ip' },
  { debianPackage: 'util-linux', proof: '/usr/bin/setpriv' },
];

const PEER_TESTS = [
  'test/infra/key-credentials.test.ts',
  'test/e2e/freeradius-*.test.ts',
  'test/e2e/enforcement-chain.test.ts',
  'test/e2e/enforcement-results.test.ts',
  'test/integration/sign-in/client-certificate.test.ts',
  'test/integration/doctor/host-check.test.ts',
  'test/integration/relay/coa-listener.test.ts',
  'test/integration/relay/dissection.test.ts',
  'test/integration/simulated-switch/radclient.test.ts',
];
const BROWSER_PEERS: readonly Peer[] = [{ debianPackage: 'chromium', proof: '/usr/bin/chromium' }];
const BROWSER_TESTS = ['test/console/**/*.test.ts'];
/** In front of the real FreeRADIUS, so they need what the others do, too. */
const SWITCH_TESTS = ['test/e2e/real-switch-*.test.ts'];

/** What the decision needs to know of a machine. */
export interface PeerMachine {
  has(proof: string): boolean;
  /** Why no network namespace with a cable to it can be made here; nothing when it can. */
  namespaceRefusal(): string | undefined;
}

export interface LeftOut {
  readonly tests: readonly string[];
  /** Which tests, why, and what brings them. */
  readonly notice: string;
}

/** Tests that cannot run on this machine; without one, nothing. */
export function testsLeftOut(machine: PeerMachine): LeftOut | undefined {
  const missing = packagesMissing(machine, PEERS);
  const missingForSwitches = [...missing, ...packagesMissing(machine, SWITCH_PEERS)];
  const browserMissing = packagesMissing(machine, BROWSER_PEERS);
  const leftOut = [
    ...(browserMissing.length > 0 ? [notInstalled(BROWSER_TESTS, browserMissing)] : []),
    ...(missing.length > 0 ? [notInstalled(PEER_TESTS, missing)] : []),
    ...(missingForSwitches.length > 0 ? [notInstalled(SWITCH_TESTS, missingForSwitches)] : refused(machine)),
  ];
  if (leftOut.length === 0) return undefined;
  return {
    tests: leftOut.flatMap(({ tests }) => tests),
    notice: leftOut.map(({ notice }) => notice).join('\n'),
  };
}

function packagesMissing(machine: PeerMachine, peers: readonly Peer[]): string[] {
  return peers.filter(({ proof }) => !machine.has(proof)).map(({ debianPackage }) => debianPackage);
}

function notInstalled(tests: readonly string[], packages: readonly string[]): LeftOut {
  return {
    tests,
    notice:
      `Left out, because they need programs that are not installed here:\n  ${tests.join('\n  ')}\n` +
      `On Debian or Ubuntu, this brings them:\n  apt-get install ${packages.join(' ')}\n`,
  };
}

function refused(machine: PeerMachine): LeftOut[] {
  const refusal = machine.namespaceRefusal();
  if (refusal === undefined) return [];
  const notice =
    `Left out, because they need network namespaces, which are refused here (${refusal}):\n` +
    `  ${SWITCH_TESTS.join('\n  ')}\n` +
    'Run the tests as root, in a container with the capabilities SYS_ADMIN and NET_ADMIN (docker run --privileged).\n';
  return [{ tests: SWITCH_TESTS, notice }];
}

/** @param env of this process */
export function thisMachine(env: Readonly<Record<string, string | undefined>>): PeerMachine {
  const folders = [...(env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/bin'];
  return {
    has: (proof) =>
      proof.startsWith('/') ? existsSync(proof) : folders.some((folder) => isExecutable(join(folder, proof))),
    namespaceRefusal: () => namespaceRefusal(`nac-trial-${process.pid}`, `nt${process.pid}`),
  };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** By really making one: what a container allows shows in nothing else. */
function namespaceRefusal(namespace: string, cable: string): string | undefined {
  const ip = (...args: readonly string[]): string | undefined => {
    const { status, stderr, error } = spawnSync('/usr/sbin/ip', args, { encoding: 'utf8' });
    return status === 0 ? undefined : (error?.message ?? stderr.trim()) || `ip ended with ${status}`;
  };
  const refusal =
    ip('netns', 'add', namespace) ??
    ip('link', 'add', `${cable}a`, 'type', 'veth', 'peer', 'name', `${cable}b`) ??
    ip('link', 'set', `${cable}b`, 'netns', namespace) ??
    ip('netns', 'exec', namespace, '/bin/true');
  ip('link', 'del', `${cable}a`);
  ip('netns', 'del', namespace);
  return refusal;
}
