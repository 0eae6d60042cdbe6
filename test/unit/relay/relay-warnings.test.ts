// What works and is not safe: every kind of warning, at the edge where it begins.

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readRelayConfig } from '../../../relay/read-relay-config.ts';
import { relayWarnings } from '../../../relay/relay-warnings.ts';

const STRONG = 'sixteen octets!!';
const OTHER = 'sixteen octets??';

const switchEntry = (name: string, octet: number, more = '') =>
  `  - { name: ${name}, match: { nasIpAddress: 192.0.2.${octet} }, secretFile: ${name}, profile: cisco-ios${more} }\n`;

interface Given {
  readonly entries: string;
  readonly secrets: Readonly<Record<string, string>>;
  readonly modes?: Readonly<Record<string, number>>;
}

function warnings({ entries, secrets, modes = {} }: Given) {
  const credential =
    '{ tenantId: 0f8fad5b-d9cb-469f-a165-70867728950e, clientId: 0f8fad5b-d9cb-469f-a165-70867728950e, certificateFile: relay.pem }';
  const config = readRelayConfig(
    `site: hq\nserviceBus: { namespace: x.servicebus.windows.net, credential: ${credential} }\nnas:\n${entries}`,
    { file: '/etc/relay/relay.yaml', hostName: 'host' },
  );
  return relayWarnings(
    config,
    { nas: new Map(Object.entries(secrets)) },
    { folder: '/etc/relay', fileMode: (file) => modes[file] ?? 0o600 },
  );
}

test('long secrets of their own in closed files: nothing to warn of', () => {
  expect(
    warnings({
      entries: switchEntry('a', 1) + switchEntry('b', 2),
      secrets: { a: STRONG, b: OTHER },
      modes: { '/etc/relay/relay.yaml': 0o640, '/etc/relay/relay.pem': 0o400 },
    }),
  ).toEqual([]);
});

test.each([
  ['x'.repeat(16), []],
  // Octets count, not letters.
  ['ü'.repeat(8), []],
  ['x'.repeat(15), ['nas[0].secretFile']],
  ['ü'.repeat(7), ['nas[0].secretFile']],
])('secret %s', (secret, paths) => {
  const found = warnings({ entries: switchEntry('a', 1), secrets: { a: secret } });
  expect(found.map(({ path }) => path)).toEqual(paths);
  for (const { problem } of found) {
    expect(problem).toContain('RFC 2865');
    expect(problem).not.toContain(secret);
  }
});

describe('one secret for many', () => {
  test.each([
    ['subnet: 10.0.0.0/16', 1],
    ['subnet: 10.0.0.0/31', 1],
    ['subnet: "2001:db8::/64"', 1],
    ['subnet: 10.0.0.1/32', 0],
    ['subnet: "2001:db8::1/128"', 0],
    ['nasIpAddress: 10.0.0.1', 0],
    ['nasIpAddress: 10.0.0.1, subnet: [10.0.0.1/32, 10.1.0.0/24]', 1],
  ])('%s', (match, count) => {
    const entries = `  - { name: a, match: { ${match} }, secretFile: a, profile: cisco-ios }\n`;
    expect(warnings({ entries, secrets: { a: STRONG } })).toHaveLength(count);
  });

  test('a controller with an address of its own serves its subnet alone', () => {
    const entries =
      '  - { name: a, match: { subnet: 10.0.0.0/16 }, address: 10.0.0.1, secretFile: a, profile: cisco-ios }\n';
    expect(warnings({ entries, secrets: { a: STRONG } })).toEqual([]);
  });

  test('entries that share one are named once, with how many more', () => {
    const found = warnings({
      entries: ['a', 'b', 'c', 'd'].map((name, index) => switchEntry(name, index)).join(''),
      secrets: { a: STRONG, b: OTHER, c: STRONG, d: STRONG },
    });
    expect(found).toMatchObject([
      { path: 'nas[2].secretFile', problem: expect.stringContaining('the same secret as a (and 1 more)') },
    ]);
  });
});

describe('files', () => {
  test.each([
    ['/etc/relay/relay.pem', 0o644, 'serviceBus.credential.certificateFile', 'read by others'],
    ['/etc/relay/relay.pem', 0o604, 'serviceBus.credential.certificateFile', 'read by others'],
    ['/etc/relay/relay.pem', 0o640, 'serviceBus.credential.certificateFile', 'read by others'],
    ['/etc/relay/a', 0o640, 'nas[0].secretFile', 'read by others'],
    ['/etc/relay/a', 0o666, 'nas[0].secretFile', 'read and written by others'],
    ['/etc/relay/a', 0o620, 'nas[0].secretFile', 'written by others'],
    ['/etc/relay/relay.yaml', 0o664, '', 'read and written by others'],
  ])('%s of mode %o', (file, mode, path, says) => {
    expect(warnings({ entries: switchEntry('a', 1), secrets: { a: STRONG }, modes: { [file]: mode } })).toEqual([
      expect.objectContaining({ path, problem: expect.stringContaining(says) }),
    ]);
  });
});

test('a real file of mode 0640 is closed where its group is that of the relay, and open where all may read it', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'nac-relay-warnings-'));
  try {
    for (const [mode, count] of [
      [0o600, 0],
      [0o640, 0],
      [0o660, 1],
      [0o644, 1],
    ] as const) {
      writeFileSync(path.join(folder, 'a'), STRONG);
      chmodSync(path.join(folder, 'a'), mode);
      const config = readRelayConfig(`site: hq\nserviceBus: { connectionStringEnv: X }\nnas:\n${switchEntry('a', 1)}`, {
        file: path.join(folder, 'relay.yaml'),
        hostName: 'host',
      });
      expect(relayWarnings(config, { nas: new Map([['a', STRONG]]) }, { folder }), mode.toString(8)).toHaveLength(
        count,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('signatures that are switched off or weak', () => {
  const entries = switchEntry('a', 1, ', messageAuthenticator: false, legacyZeroMessageAuthenticator: true');
  expect(warnings({ entries, secrets: { a: STRONG } })).toMatchObject([
    { path: 'nas[0]', problem: expect.stringContaining('messageAuthenticator is off') },
    { path: 'nas[0]', problem: expect.stringContaining('legacyZeroMessageAuthenticator') },
  ]);
});

test('a thousand switches give fifty warnings and the number of the others', () => {
  const names = Array.from({ length: 1000 }, (_, index) => `s${index}`);
  const entries = names.map(
    (name, index) =>
      `  - { name: ${name}, match: { nasIpAddress: 10.0.${index >> 8}.${index & 255} }, secretFile: ${name}, profile: cisco-ios }\n`,
  );
  const secrets = Object.fromEntries(names.map((name) => [name, `short ${name}`]));
  const found = warnings({ entries: entries.join(''), secrets });
  expect(found).toHaveLength(51);
  expect(found.at(-1)?.problem).toContain('950 more');
});
