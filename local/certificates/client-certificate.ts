// Makes the self-signed certificate with which an application proves itself to the authority: the public half is
// registered with the tenant, the private half goes to MSAL.

import 'reflect-metadata';

import { X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { privateKeyPem } from './private-key-pem.ts';

const ONE_HOUR = 3_600_000;
const KEY_ALGORITHM = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
};

export interface ClientCertificate {
  readonly certificatePem: string;
  /** PKCS#8, not encrypted. */
  readonly privateKeyPem: string;
  /** Hexadecimal SHA-256 of the DER certificate: MSAL's `thumbprintSha256`. */
  readonly thumbprintSha256: string;
  /** Hexadecimal SHA-1 of the DER certificate: MSAL's deprecated `thumbprint`. */
  readonly thumbprintSha1: string;
}

export interface ClientCertificateOptions {
  readonly commonName?: string;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

/** A self-signed RSA client certificate, as one uploads it to an Entra app registration; valid for a year. */
export async function createClientCertificate(options: ClientCertificateOptions = {}): Promise<ClientCertificate> {
  const keys = await crypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [options.commonName ?? 'nac-connector'] }],
    keys,
    notBefore: options.notBefore ?? new Date(Date.now() - ONE_HOUR),
    notAfter: options.notAfter ?? new Date(Date.now() + 365 * 24 * ONE_HOUR),
    signingAlgorithm: KEY_ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
    ],
  });
  const certificatePem = certificate.toString('pem');
  const parsed = new X509Certificate(certificatePem);
  return {
    certificatePem,
    privateKeyPem: await privateKeyPem(keys.privateKey),
    thumbprintSha256: parsed.fingerprint256.replaceAll(':', ''),
    thumbprintSha1: parsed.fingerprint.replaceAll(':', ''),
  };
}
