// The relay's host: what its systemd unit forbids, and that the documents close files before a key is written into
// them.

import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const UNIT = 'infra/relay/nac-relay.service';
const directives = new Map(
  readFileSync(UNIT, 'utf8')
    .split('\n')
    .filter((line) => /^[A-Za-z]+=/.test(line))
    .map((line): [string, string] => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
);

test.each([
  ['UMask', '0077'],
  ['User', 'nac-relay'],
  ['NoNewPrivileges', 'yes'],
  ['ProtectSystem', 'strict'],
  ['ProtectHome', 'yes'],
  ['ProtectProc', 'invisible'],
  ['PrivateTmp', 'yes'],
  ['PrivateDevices', 'yes'],
  ['ProtectKernelTunables', 'yes'],
  ['ProtectKernelModules', 'yes'],
  ['ProtectControlGroups', 'yes'],
  ['RestrictNamespaces', 'yes'],
  ['RestrictAddressFamilies', 'AF_INET AF_INET6 AF_UNIX'],
  ['RestrictSUIDSGID', 'yes'],
  ['LockPersonality', 'yes'],
  ['SystemCallFilter', '@system-service'],
  ['SystemCallArchitectures', 'native'],
  ['CapabilityBoundingSet', ''],
])('the unit of the relay says %s=%s', (name, value) => {
  expect(directives.get(name)).toBe(value);
});

test('no directive stands twice, so that none is taken back below', () => {
  const names = readFileSync(UNIT, 'utf8').match(/^[A-Z][A-Za-z]+(?==)/gm) ?? [];
  expect(new Set(names).size).toBe(names.length);
});

test('systemd itself, where it is there, takes the unit for little exposed', () => {
  const said = analysed();
  if (said === undefined) return;
  expect(Number(/Overall exposure level for .*: ([\d.]+)/.exec(said)?.[1])).toBeLessThanOrEqual(2);
});

test('documents say umask 077 before they write a private key', () => {
  const blocks = globSync(['README.md', 'docs/**/*.md', 'infra/**/*.md']).flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(/```sh\n([\s\S]*?)```/g)].map(([, text = '']) => ({ path, text })),
  );
  const writing = blocks.filter(({ text }) => /-keyout|genrsa|genpkey|> *\S*\.(?:pem|key|secret)\b/.test(text));
  expect(writing.length).toBeGreaterThan(0);
  for (const { path, text } of writing) {
    const at = text.search(/-keyout|genrsa|genpkey|> *\S*\.(?:pem|key|secret)\b/);
    expect(text.slice(0, at), `${path}: ${text}`).toContain('umask 077');
  }
});

function analysed(): string | undefined {
  try {
    return execFileSync('systemd-analyze', ['security', '--offline=true', UNIT], { encoding: 'utf8', stdio: 'pipe' });
  } catch (thrown) {
    // Exit code 1 is a unit that systemd takes for exposed; anything else, that it is not there or too old for a file.
    const { status, stdout } = thrown as { status?: number; stdout?: string };
    return status === 1 && stdout ? stdout : undefined;
  }
}
