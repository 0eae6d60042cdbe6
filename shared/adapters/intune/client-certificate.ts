// Reads the certificate with which the app proves itself to Microsoft Entra.

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ConnectorError } from '../../errors.ts';

export type AppCredential =
  | { readonly kind: 'secret'; readonly secret: string }
  | { readonly kind: 'certificate'; readonly pem: string }
  | { readonly kind: 'certificate-file'; readonly path: string };

export interface ClientCertificate {
  /** Entra finds the certificate by it. */
  readonly thumbprintSha256: string;
  /** PKCS#8, without stray bag attributes. */
  readonly privateKey: string;
}

/**
 * `undefined` for a secret.
 * @throws ConnectorError NAC_SETTINGS
 */
export function readClientCertificate(credential: AppCredential): ClientCertificate | undefined {
  switch (credential.kind) {
    case 'secret':
      return undefined;
    case 'certificate':
      return readCertificate(credential.pem, 'ENTRA_CLIENT_CERTIFICATE');
    case 'certificate-file':
      return readCertificate(readPemFile(credential.path), 'ENTRA_CLIENT_CERTIFICATE_FILE');
  }
}

function readCertificate(pem: string, setting: string): ClientCertificate {
  try {
    const thumbprintSha256 = new X509Certificate(pem).fingerprint256.replaceAll(':', '');
    const privateKey = createPrivateKey(pem).export({ type: 'pkcs8', format: 'pem' }).toString();
    return { thumbprintSha256, privateKey };
  } catch (cause) {
    throw credentialError(setting, 'does not hold a certificate and its unencrypted private key as PEM text', cause);
  }
}

function readPemFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw credentialError('ENTRA_CLIENT_CERTIFICATE_FILE', `cannot be read: ${path}`, cause);
  }
}

function credentialError(setting: string, problem: string, cause: unknown): ConnectorError {
  return new ConnectorError('NAC_SETTINGS', `${setting} ${problem}`, {
    action: 'Store certificate and private key together in one PEM text.',
    field: setting,
    cause,
  });
}
