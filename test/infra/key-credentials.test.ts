// The values that an app manifest needs of a certificate, compared with what OpenSSL says of it.

import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from './deployment.ts';

const run = promisify(execFile);
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'key-credentials-'));
  for (const name of ['one', 'two']) {
    selfSigned(name, { subject: `/O=Example/CN=nac ${name}`, days: 400 });
  }
  writeFileSync(file('both.pem'), read('one.key') + read('one.pem'));
  writeFileSync(file('chain.pem'), read('one.pem') + read('two.pem'));
  openssl('x509', '-in', file('one.pem'), '-outform', 'DER', '-out', file('one.cer'));
  selfSigned('ec', { subject: '/CN=ec', key: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('npm run key-credentials', () => {
  test('prints what Microsoft Graph knows of a certificate, several at once', async () => {
    const { keyCredentials } = JSON.parse((await keyCredentialsOf('one.pem', 'two.pem')).stdout);
    expect(keyCredentials).toHaveLength(2);
    for (const [i, name] of ['one', 'two'].entries()) {
      expect(keyCredentials[i]).toEqual({
        customKeyIdentifier: Buffer.from(thumbprint(`${name}.pem`), 'hex').toString('base64'),
        keyId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
        type: 'AsymmetricX509Cert',
        usage: 'Verify',
        displayName: `CN=nac ${name}`,
        startDateTime: expect.stringMatching(/Z$/),
        endDateTime: expect.stringMatching(/Z$/),
        key: base64Der(`${name}.pem`),
      });
    }
    expect(keyCredentials[0].keyId).not.toBe(keyCredentials[1].keyId);
  });

  test('names the thumbprint as the portal shows it, to compare', async () => {
    expect((await keyCredentialsOf('one.pem')).stderr).toContain(thumbprint('one.pem'));
  });

  test.each(['both.pem', 'one.cer', 'chain.pem'])('takes the certificate of %s and nothing else', async (name) => {
    const { stdout, stderr } = await keyCredentialsOf(name);
    expect(JSON.parse(stdout).keyCredentials[0].key).toBe(base64Der('one.pem'));
    expect(JSON.parse(stdout).keyCredentials).toHaveLength(1);
    // The first lines of a private key are its public part, the modulus; what follows is the secret.
    const keyLines = read('one.key')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('-----'))
      .slice(8);
    expect(keyLines.length).toBeGreaterThan(10);
    expect(keyLines.filter((line) => `${stdout}${stderr}`.includes(line))).toEqual([]);
    expect(`${stdout}${stderr}`).not.toContain('PRIVATE');
  });

  test.each([
    ['one.key', 'holds a private key and no certificate'],
    ['ec.pem', 'not RSA'],
    ['absent.pem', 'cannot be read'],
  ])('refuses %s with a code, and prints nothing for the others either', async (name, problem) => {
    const refused = await keyCredentialsOf('one.pem', name).catch((error) => error);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain(`NAC_ENTRA_CERTIFICATE: ${file(name)}`);
    expect(refused.stderr).toContain(problem);
    expect(refused.stderr).not.toMatch(/PRIVATE|BEGIN/);
  });

  test('refuses what is no certificate at all', async () => {
    writeFileSync(file('text.pem'), '-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n');
    const refused = await keyCredentialsOf('text.pem').catch((error) => error);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('is no certificate in PEM or DER form');
  });

  test('prints the form of old manifests only where it is asked for by its name', async () => {
    const { keyCredentials } = JSON.parse((await keyCredentialsOf('--for', 'azure-ad-graph', 'one.pem')).stdout);
    expect(Object.keys(keyCredentials[0]).toSorted()).toEqual([
      'customKeyIdentifier',
      'keyId',
      'type',
      'usage',
      'value',
    ]);
    expect(keyCredentials[0].value).toBe(base64Der('one.pem'));
  });

  test('says when the credential starts and ends, for Microsoft Graph', async () => {
    const { keyCredentials } = JSON.parse((await keyCredentialsOf('--for', 'graph', 'one.pem')).stdout);
    expect(keyCredentials[0]).toMatchObject({ displayName: 'CN=nac one', key: base64Der('one.pem') });
    const [start, end] = ['-startdate', '-enddate'].map((option) => {
      return Date.parse(openssl('x509', '-in', file('one.pem'), '-noout', option).split('=')[1] ?? '');
    });
    expect(Date.parse(keyCredentials[0].startDateTime)).toBe(start);
    expect(Date.parse(keyCredentials[0].endDateTime)).toBe(end);
    expect(keyCredentials[0].startDateTime).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/);
  });

  test('prints entries for a parameter file, with names in quotes of Bicep', async () => {
    selfSigned('odd', { subject: `/CN=o'clock $\{x}` });
    const { stdout } = await keyCredentialsOf('--for', 'bicep', 'one.pem', 'odd.pem');
    expect(stdout).toContain(`key: '${base64Der('one.pem')}'`);
    expect(stdout).toContain(`displayName: 'CN=o\\'clock \\$\{x}'`);
  });

  test('explains itself without a file', async () => {
    const refused = await keyCredentialsOf().catch((error) => error);
    expect(refused.stderr).toContain('Usage: npm run');
  });
});

function keyCredentialsOf(...args: string[]) {
  const paths = args.map((arg) => (/\.(pem|key|cer)$/.test(arg) ? file(arg) : arg));
  return run(process.execPath, [join(ROOT, 'cli/key-credentials.ts'), ...paths]);
}

function thumbprint(name: string): string {
  const text = openssl('x509', '-in', file(name), '-noout', '-fingerprint', '-sha1');
  return (text.split('=')[1] ?? '').trim().replaceAll(':', '');
}

function base64Der(name: string): string {
  return execFileSync('openssl', ['x509', '-in', file(name), '-outform', 'DER']).toString('base64');
}

/** Makes `<name>.key` and `<name>.pem`. */
function selfSigned(name: string, { subject = '', days = 1, key = ['rsa:2048'] }): void {
  const files = ['-keyout', file(`${name}.key`), '-out', file(`${name}.pem`)];
  openssl('req', '-x509', '-newkey', ...key, '-nodes', '-days', String(days), '-subj', subject, ...files);
}

function openssl(...args: string[]): string {
  return execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

function file(name: string): string {
  return join(folder, name);
}

function read(name: string): string {
  return readFileSync(file(name), 'utf8');
}
