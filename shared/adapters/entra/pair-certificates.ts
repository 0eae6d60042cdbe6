// Brings certificates and private keys together.

import type { KeyObject } from 'node:crypto';
import { X509Certificate } from 'node:crypto';
import { certificateError } from './certificate-error.ts';

export interface ClientCertificate {
  /** Upper-case hexadecimal digits; Entra finds the certificate by it. */
  readonly thumbprintSha256: string;
  /** The same by SHA-1, as the portal shows it. */
  readonly thumbprintSha1: string;
  /** PKCS#8 PEM, without stray bag attributes. */
  readonly privateKey: string;
  readonly subject: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** The setting it comes from. */
  readonly setting: string;
}

export interface CertificatesAndKeys {
  /** DER or PEM of each. */
  readonly certificates: readonly (Buffer | string)[];
  readonly keys: readonly KeyObject[];
}

const HOW = 'Store certificate and private key together, as one PEM text or one PFX.';
/** Each key is tried with each certificate. */
const MOST = 20;

/**
 * Certificates without a key are taken for the chain and left out; a key without its certificate is a mistake.
 * @throws ConnectorError NAC_ENTRA_CERTIFICATE
 */
export function pairCertificates({ certificates, keys }: CertificatesAndKeys, setting: string): ClientCertificate[] {
  if (keys.length === 0) throw certificateError(setting, 'holds no private key', HOW);
  if (certificates.length === 0) throw certificateError(setting, 'holds no certificate', HOW);
  if (keys.length > MOST || certificates.length > MOST) {
    throw certificateError(setting, `holds more than ${MOST} certificates or keys`, 'Keep only those of this app.');
  }
  const read = certificates.map((certificate) => readCertificate(certificate, setting));
  return keys.map((key) => {
    if (key.asymmetricKeyType !== 'rsa') {
      throw certificateError(
        setting,
        `holds a key of the type ${key.asymmetricKeyType}; Microsoft Entra takes RSA only`,
        'Make a certificate with an RSA key of at least 2048 bits, and upload it to the app registration.',
      );
    }
    const certificate = read.find((candidate) => candidate.checkPrivateKey(key));
    if (certificate === undefined) {
      throw certificateError(setting, 'holds a private key that belongs to none of its certificates', HOW);
    }
    return {
      thumbprintSha256: certificate.fingerprint256.replaceAll(':', ''),
      thumbprintSha1: certificate.fingerprint.replaceAll(':', ''),
      privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
      subject: certificate.subject.replaceAll('\n', ', '),
      notBefore: certificate.validFromDate,
      notAfter: certificate.validToDate,
      setting,
    };
  });
}

function readCertificate(certificate: Buffer | string, setting: string): X509Certificate {
  try {
    return new X509Certificate(certificate);
  } catch (cause) {
    throw certificateError(setting, 'holds a certificate that cannot be read', HOW, cause);
  }
}
