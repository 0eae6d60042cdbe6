// Certificates made by OpenSSL, in every form in which people have them.

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClientCertificate } from '../../../local/certificates/client-certificate.ts';
import { checkClientCertificates, readClientCertificates } from '../../../shared/adapters/entra/client-certificate.ts';
import { ConnectorError } from '../../../shared/errors.ts';
import { type OpensslFolder, opensslFolder } from '../../support/openssl.ts';

const NOW = new Date();
let folder: OpensslFolder;
let thumbprint: string;

beforeAll(async () => {
  folder = await opensslFolder();
  await folder.certificate('nac', { subject: '/O=Größe & Söhne/CN=nac' });
  await folder.certificate('other');
  thumbprint = await thumbprintOf('nac');
  await folder.openssl('pkcs12 -export -inkey nac.key -in nac.crt -out plain.pfx -passout pass:');
  await folder.openssl('pkcs12 -export -inkey nac.key -in nac.crt -out modern.pfx -passout pass:pässwörd');
  await folder.openssl('pkcs12 -export -legacy -inkey nac.key -in nac.crt -out legacy.pfx -passout pass:pässwörd');
  await folder.openssl(
    'pkcs12 -export -inkey nac.key -in nac.crt -certfile other.crt -out chain.pfx -passout pass: -keypbe NONE -certpbe NONE',
  );
  await folder.openssl('pkcs12 -export -nokeys -in nac.crt -out keyless.pfx -passout pass:');
});

afterAll(() => folder[Symbol.asyncDispose]());

async function thumbprintOf(name: string): Promise<string> {
  return new X509Certificate(await folder.read(`${name}.crt`)).fingerprint256.replaceAll(':', '');
}

async function pemOf(name: string): Promise<string> {
  return `${await folder.read(`${name}.crt`)}${await folder.read(`${name}.key`)}`;
}

const text = async (name: string) => (await folder.read(name)).toString('base64');
const credential = (content: string, password?: string) => ({
  kind: 'certificates' as const,
  certificates: [{ setting: 'ENTRA_CLIENT_CERTIFICATE', text: content }],
  ...(password !== undefined && { password }),
});

/** Both the look at the start and the reading proper. */
async function read(content: string, password?: string) {
  checkClientCertificates(credential(content, password));
  return readClientCertificates(credential(content, password), NOW);
}

async function refusal(content: string, password?: string): Promise<ConnectorError> {
  const thrown = await readClientCertificates(credential(content, password), NOW).catch((error: unknown) => error);
  if (thrown instanceof ConnectorError) return thrown;
  throw new Error(`not refused: ${String(thrown)}`);
}

describe('a certificate with its key is read', () => {
  const expectRead = async (content: string, password?: string): Promise<void> => {
    const [certificate, ...others] = await read(content, password);
    expect(others).toEqual([]);
    expect(certificate).toMatchObject({ thumbprintSha256: thumbprint, setting: 'ENTRA_CLIENT_CERTIFICATE' });
    const original = createPrivateKey(await folder.read('nac.key'));
    expect(createPrivateKey(certificate?.privateKey ?? '').equals(original)).toBe(true);
  };

  test('from a PFX without password, as Key Vault gives it: base64', async () => expectRead(await text('plain.pfx')));
  test('from a PFX with AES-256 and a password', async () => expectRead(await text('modern.pfx'), 'pässwörd'));
  test('from a PFX with the old ciphers of Windows', async () => expectRead(await text('legacy.pfx'), 'pässwörd'));
  test('from a PFX that hides nothing and brings a chain', async () => expectRead(await text('chain.pfx')));
  test('from PEM', async () => expectRead(await pemOf('nac')));
  test('from PEM in base64', async () => expectRead(Buffer.from(await pemOf('nac')).toString('base64')));
  test('from PEM whose line ends became blanks', async () => expectRead((await pemOf('nac')).replaceAll('\n', ' ')));
  test('from PEM whose line ends became \\n', async () => expectRead((await pemOf('nac')).replaceAll('\n', '\\n')));
  test('from PEM with Windows line ends', async () => expectRead((await pemOf('nac')).replaceAll('\n', '\r\n')));

  test('from PEM with bag attributes and a PKCS#1 key', async () => {
    await folder.openssl('rsa -in nac.key -traditional -out nac-pkcs1.key');
    await folder.openssl('pkcs12 -in plain.pfx -nokeys -passin pass: -out nac-bags.crt');
    await expectRead(`${await folder.read('nac-pkcs1.key')}${await folder.read('nac-bags.crt')}`);
  });

  test('from PEM with an encrypted key, new and old', async () => {
    await folder.openssl('pkcs8 -topk8 -in nac.key -out nac-encrypted.key -passout pass:pw');
    await folder.openssl('rsa -in nac.key -aes128 -traditional -out nac-encrypted-pkcs1.key -passout pass:pw');
    for (const key of ['nac-encrypted.key', 'nac-encrypted-pkcs1.key'])
      await expectRead(`${await folder.read('nac.crt')}${await folder.read(key)}`, 'pw');
  });
});

test('a file is read as it is: PFX or PEM', async () => {
  await writeFile(folder.path('both.pem'), await pemOf('nac'));
  for (const file of [folder.path('plain.pfx'), folder.path('both.pem')]) {
    const certificates = [{ setting: 'ENTRA_CLIENT_CERTIFICATE_FILE', file }];
    const [certificate] = await readClientCertificates({ kind: 'certificates', certificates }, NOW);
    expect(certificate?.thumbprintSha256).toBe(thumbprint);
  }
});

test('several certificates are put in order: valid ones first, the newest of them before the others', async () => {
  const dated = async (commonName: string, notBefore: string, notAfter: string): Promise<string> => {
    const options = { commonName, notBefore: new Date(notBefore), notAfter: new Date(notAfter) };
    const { certificatePem, privateKeyPem } = await createClientCertificate(options);
    return `${certificatePem}\n${privateKeyPem}`;
  };
  const now = new Date('2030-06-01');
  const pems = [
    await dated('old', '2030-01-01', '2030-12-31'),
    await dated('future', '2031-01-01', '2031-12-31'),
    await dated('ended', '2029-01-01', '2029-12-31'),
    await dated('new', '2030-05-01', '2031-05-01'),
  ];
  const certificates = await readClientCertificates(credential(pems.join('\n')), now);
  expect(certificates.map(({ subject }) => subject)).toEqual(['CN=new', 'CN=old', 'CN=future', 'CN=ended']);
});

describe('what cannot be used is refused with what is wrong and what to do', () => {
  test('a PFX whose password is wrong or missing, at the start already', async () => {
    for (const pfx of [await text('modern.pfx'), await text('legacy.pfx')]) {
      const wrong = await refusal(pfx, 'guess');
      expect(wrong).toMatchObject({ code: 'NAC_ENTRA_CERTIFICATE', field: 'ENTRA_CLIENT_CERTIFICATE' });
      expect(wrong.message).toMatch(/password does not open/);
      expect(wrong.message).not.toContain('guess');
      expect((await refusal(pfx)).message).toMatch(/none is set/);
      expect(() => checkClientCertificates(credential(pfx, 'guess'))).toThrow(/password does not open/);
    }
  });

  test('no private key', async () => {
    expect((await refusal(await text('keyless.pfx'))).message).toMatch(/no private key/);
    expect((await refusal((await folder.read('nac.crt')).toString())).message).toMatch(/no private key/);
  });

  test('no certificate, or the one of another key', async () => {
    expect((await refusal((await folder.read('nac.key')).toString())).message).toMatch(/no certificate/);
    const mixed = `${await folder.read('nac.crt')}${await folder.read('other.key')}`;
    expect((await refusal(mixed)).message).toMatch(/belongs to none of its certificates/);
  });

  test('a key that is not RSA', async () => {
    await folder.certificate('curve', { key: 'ec -pkeyopt ec_paramgen_curve:P-256' });
    expect((await refusal(await pemOf('curve'))).message).toMatch(/RSA only/);
    await folder.openssl('pkcs12 -export -inkey curve.key -in curve.crt -out curve.pfx -passout pass:');
    expect((await refusal(await text('curve.pfx'))).message).toMatch(/RSA only/);
  });

  test('an encrypted PEM key without its password', async () => {
    await folder.openssl('pkcs8 -topk8 -in nac.key -out locked.key -passout pass:pw');
    const pem = `${await folder.read('nac.crt')}${await folder.read('locked.key')}`;
    expect((await refusal(pem)).action).toMatch(/ENTRA_CLIENT_CERTIFICATE_PASSWORD/);
    expect((await refusal(pem, 'guess')).message).toMatch(/password does not open/);
  });

  test('a PFX that asks for endless key derivation, before any of it is done', async () => {
    await folder.openssl('pkcs12 -export -inkey nac.key -in nac.crt -out slow.pfx -passout pass:pw -iter 1000001');
    expect((await refusal(await text('slow.pfx'), 'pw')).message).toMatch(/rounds of key derivation/);
  });

  test('a file that is not there, and text that is nothing', async () => {
    const missing = { kind: 'certificates' as const, certificates: [{ setting: 'X_FILE', file: folder.path('none') }] };
    expect(() => checkClientCertificates(missing)).toThrow(/X_FILE cannot be read/);
    for (const nothing of ['???', 'bm90aGluZw==', '-----BEGIN CERTIFICATE-----', 'x'.repeat(400_000)])
      expect((await refusal(nothing)).code).toBe('NAC_ENTRA_CERTIFICATE');
  });

  test('a PFX with one byte changed or cut short, wherever: never anything but a coded refusal or a good reading', async () => {
    const whole = await folder.read('plain.pfx');
    for (let at = 0; at < whole.length; at += 97) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 0xff;
      for (const broken of [changed, whole.subarray(0, at)]) {
        const outcome = await readClientCertificates(credential(broken.toString('base64')), NOW).catch(
          (e: unknown) => e,
        );
        if (outcome instanceof ConnectorError) expect(outcome.code).toBe('NAC_ENTRA_CERTIFICATE');
        else expect(outcome).toMatchObject([{ thumbprintSha256: thumbprint }]);
      }
    }
  });
});
