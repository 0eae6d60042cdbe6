// Makes a certificate authority and a server certificate for one run on this machine. Nothing is written to disk: who
// starts a server hands the CA certificate to its clients.

import 'reflect-metadata';

import * as x509 from '@peculiar/x509';
import { privateKeyPem } from './private-key-pem.ts';

const ONE_HOUR = 3_600_000;
const ONE_YEAR = 365 * 24 * ONE_HOUR;
const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export interface ServerCertificates {
  readonly caPem: string;
  readonly serverCertificatePem: string;
  readonly serverPrivateKeyPem: string;
}

/** A fresh CA and a server certificate for `localhost`, `127.0.0.1` and `::1`, valid for a year. */
export async function createServerCertificates(caName: string): Promise<ServerCertificates> {
  // TLS clients check validity by the machine's clock, so a simulated one has no say here.
  const notBefore = new Date(Date.now() - ONE_HOUR);
  const notAfter = new Date(Date.now() + ONE_YEAR);

  const caKeys = await crypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [caName] }],
    keys: caKeys,
    notBefore,
    notAfter,
    signingAlgorithm: KEY_ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  });

  const serverKeys = await crypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
  const server = await x509.X509CertificateGenerator.create({
    subject: 'CN=localhost',
    issuer: ca.subject,
    publicKey: serverKeys.publicKey,
    signingKey: caKeys.privateKey,
    notBefore,
    notAfter,
    signingAlgorithm: KEY_ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'dns', value: 'localhost' },
        { type: 'ip', value: '127.0.0.1' },
        { type: 'ip', value: '::1' },
      ]),
      await x509.SubjectKeyIdentifierExtension.create(serverKeys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  });

  return {
    caPem: ca.toString('pem'),
    serverCertificatePem: server.toString('pem'),
    serverPrivateKeyPem: await privateKeyPem(serverKeys.privateKey),
  };
}
