// What an app registration must know of a certificate: the values of one entry of keyCredentials. Only public parts.

import { X509Certificate } from 'node:crypto';
import { ConnectorError } from '../shared/errors.ts';

/** Longest display name that Entra keeps. https://learn.microsoft.com/graph/api/resources/keycredential */
const DISPLAY_NAME_LENGTH = 90;

export interface KeyCredential {
  readonly displayName: string;
  /** The certificate in DER form, as base64. */
  readonly value: string;
  /** SHA-1 of the DER form, as base64: how the manifest writes a thumbprint. */
  readonly customKeyIdentifier: string;
  /** The same as hexadecimal digits: how the portal shows it. */
  readonly thumbprint: string;
  /** RFC 3339. */
  readonly startDateTime: string;
  readonly endDateTime: string;
}

/**
 * @param content a PEM file, which may hold more than the certificate (its first one counts), or a DER file
 * @param file names it in errors
 * @throws ConnectorError NAC_ENTRA_CERTIFICATE
 */
export function readKeyCredential(content: Buffer, file: string): KeyCredential {
  const certificate = readCertificate(content, file);
  if (certificate.publicKey.asymmetricKeyType !== 'rsa') {
    throw unusable(
      file,
      'holds a certificate whose key is not RSA',
      'Make one with an RSA key: Entra signs in no other.',
    );
  }
  const sha1 = certificate.fingerprint.replaceAll(':', '');
  return {
    displayName: displayName(certificate),
    value: certificate.raw.toString('base64'),
    customKeyIdentifier: Buffer.from(sha1, 'hex').toString('base64'),
    thumbprint: sha1,
    startDateTime: rfc3339(certificate.validFromDate),
    endDateTime: rfc3339(certificate.validToDate),
  };
}

/** How many certificates a PEM file holds. */
export function countCertificates(content: Buffer): number {
  return content.toString('latin1').split('-----BEGIN CERTIFICATE-----').length - 1;
}

function readCertificate(content: Buffer, file: string): X509Certificate {
  const text = content.toString('latin1');
  if (!text.includes('-----BEGIN CERTIFICATE-----') && /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    throw unusable(
      file,
      'holds a private key and no certificate',
      'Name the file of the certificate. The private key stays where it is: it is never given away.',
    );
  }
  try {
    return new X509Certificate(content);
  } catch (cause) {
    throw unusable(file, 'is no certificate in PEM or DER form', 'Export it as .cer or .pem, without its key.', cause);
  }
}

/** Entra shows it in the portal: the common name is what ISE and people compare. */
function displayName({ subject, subjectAltName, serialNumber }: X509Certificate): string {
  const name =
    subject?.split('\n').find((part) => part.startsWith('CN=')) ?? subjectAltName ?? `serial ${serialNumber}`;
  return name.slice(0, DISPLAY_NAME_LENGTH);
}

function rfc3339(date: Date): string {
  return date.toISOString().replace('.000Z', 'Z');
}

function unusable(file: string, problem: string, action: string, cause?: unknown): ConnectorError {
  return new ConnectorError('NAC_ENTRA_CERTIFICATE', `${file} ${problem}.`, { action, field: file, cause });
}
