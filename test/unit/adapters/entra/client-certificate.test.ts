// Certificates and keys as settings hold them, whole, cut and mistaken for each other.

import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { createClientCertificate } from '../../../../local/certificates/client-certificate.ts';
import {
  checkClientCertificates,
  readClientCertificates,
} from '../../../../shared/adapters/entra/client-certificate.ts';
import { ConnectorError } from '../../../../shared/errors.ts';

const NOW = new Date();
let pem: string;

beforeAll(async () => {
  const { certificatePem, privateKeyPem } = await createClientCertificate();
  pem = `${certificatePem}\n${privateKeyPem}`;
});

/** @returns undefined when it was read */
async function outcome(text: string): Promise<unknown> {
  const credential = { kind: 'certificates' as const, certificates: [{ setting: 'S', text }], password: 'pw' };
  try {
    checkClientCertificates(credential);
    await readClientCertificates(credential, NOW);
    return undefined;
  } catch (thrown) {
    return thrown;
  }
}

async function expectNoSurprise(text: string): Promise<void> {
  const thrown = await outcome(text);
  if (thrown === undefined) return;
  expect(thrown).toBeInstanceOf(ConnectorError);
  expect(thrown).toMatchObject({ code: 'NAC_ENTRA_CERTIFICATE', field: 'S', action: expect.stringMatching(/\w/) });
}

test('whatever stands in the setting, it is read or refused with a code', async () => {
  const anything = fc.oneof(
    fc.string(),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('base64')),
    // The beginning of a PFX: a sequence, version 3, and then anything.
    fc
      .uint8Array({ maxLength: 200 })
      .map((bytes) => Buffer.from([0x30, 0x81, bytes.length + 3, 2, 1, 3, ...bytes]).toString('base64')),
    fc.string().map((body) => `-----BEGIN CERTIFICATE-----${body}-----END CERTIFICATE-----`),
    fc.string().map((body) => `-----BEGIN ENCRYPTED PRIVATE KEY-----${body}-----END ENCRYPTED PRIVATE KEY-----`),
  );
  await fc.assert(fc.asyncProperty(anything, expectNoSurprise), { numRuns: 300 });
});

test('a PEM with a piece cut out is read or refused with a code', async () => {
  const cut = fc.tuple(fc.nat(pem.length), fc.integer({ min: 1, max: 400 }));
  await fc.assert(
    fc.asyncProperty(cut, ([at, length]) => expectNoSurprise(pem.slice(0, at) + pem.slice(at + length))),
    { numRuns: 200 },
  );
});

test('a refusal shows nothing of the key', async () => {
  const [firstLine = ''] = pem.split('-----BEGIN PRIVATE KEY-----\n')[1]?.split('\n') ?? [];
  const thrown = await outcome(pem.replace('-----END PRIVATE KEY-----', ''));
  expect(firstLine.length).toBeGreaterThan(40);
  expect(`${String(thrown)} ${JSON.stringify(thrown)}`).not.toContain(firstLine);
});
