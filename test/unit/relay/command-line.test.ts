// The relay's command line, as a process: what it prints and how it exits.

import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compileCache } from '../../../local/child-process.ts';

const root = path.join(import.meta.dirname, '../../..');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'nac-relay-check-'));
  mkdirSync(path.join(folder, 'secrets'));
  writeFileSync(path.join(folder, 'relay.yaml'), readFileSync(path.join(root, 'infra/relay/relay.yaml')));
  const pem = '-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n';
  writeFileSync(path.join(folder, 'relay.pem'), pem);
  for (const name of ['core-switch', 'access-points']) writeFileSync(path.join(folder, 'secrets', name), 'hush-hush\n');
});

afterAll(() => rmSync(folder, { recursive: true }));

function relay(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [path.join(root, 'relay/main.ts'), ...args],
      { env: compileCache() },
      (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
      },
    );
  });
}

test('check shows the NASes of the sample without their secrets', async () => {
  const { code, stdout, stderr } = await relay('check', path.join(folder, 'relay.yaml'));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/core-switch +NAS-IP-Address 192\.0\.2\.10 +192\.0\.2\.10 port 1700 +cisco-ios/);
  expect(stdout).toMatch(/access-points +subnet 198\.51\.100\.0\/24, subnet 2001:db8:100::\/64 +its own address/);
  expect(stdout).not.toContain('hush-hush');
});

test('check warns of what is not safe, and is content all the same', async () => {
  chmodSync(path.join(folder, 'relay.pem'), 0o644);
  const { code, stdout } = await relay('check', path.join(folder, 'relay.yaml'));
  expect(code).toBe(0);
  expect(stdout).toMatch(/Brake +6000 requests a minute\n/);
  expect(stdout).toMatch(/relay\.yaml:\d+:\d+ serviceBus\.credential\.certificateFile: .*mode 0644/);
  expect(stdout).toMatch(/nas\[0\]\.secretFile: The secret has 9 octets/);
  expect(stdout).toMatch(
    /nas\[1\]\.secretFile: One secret serves every NAS of 198\.51\.100\.0\/24, 2001:db8:100::\/64/,
  );
  expect(stdout).toMatch(/access-points has the same secret as core-switch/);
});

test('check and run exit with 1 and name each problem', async () => {
  const file = path.join(folder, 'wrong.yaml');
  writeFileSync(file, readFileSync(path.join(folder, 'relay.yaml'), 'utf8').replace('site: hq', 'sit: hq'));
  for (const command of ['check', 'run']) {
    const { code, stdout, stderr } = await relay(command, file);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/NAC_RELAY_CONFIG: 2 problem/);
    expect(stderr).toMatch(/wrong\.yaml:5:1 sit: is not known here/);
  }
});

test('secrets that cannot be read are problems too', async () => {
  const file = path.join(folder, 'missing.yaml');
  writeFileSync(file, readFileSync(path.join(folder, 'relay.yaml'), 'utf8').replace('secrets/core-switch', 'nowhere'));
  const { code, stderr } = await relay('check', file);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /NAC_RELAY_SECRET: 1 problem(.|\n)*nas\[0\]\.secretFile: The file nowhere cannot be read \(ENOENT\)/,
  );
});

test('no file, and a wrong command line', async () => {
  expect(await relay('check', '/nowhere.yaml')).toMatchObject({ code: 1, stderr: expect.stringContaining('ENOENT') });
  expect(await relay('check', 'a', 'b')).toMatchObject({ code: 2, stderr: expect.stringContaining('Usage') });
  for (const args of [['chekc'], ['chekc', '/etc/nac-relay/relay.yaml'], ['Check', 'relay.yaml']]) {
    expect(await relay(...args)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^NAC_RELAY_USAGE: \w+ is no command(.|\n)*Usage/),
    });
  }
  expect(await relay('--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('Usage') });
});
