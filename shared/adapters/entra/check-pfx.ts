// Looks at once whether a PFX can be opened, with Node.js alone, which opens it but does not give out the key.

import { createSecureContext } from 'node:tls';
import type { ConnectorError } from '../../errors.ts';
import { certificateError } from './certificate-error.ts';

/**
 * Old ciphers are not judged here: the reader proper knows more of them.
 * @throws ConnectorError NAC_ENTRA_CERTIFICATE when the password is wrong, or it is no PFX at all
 */
export function checkPfx(content: Buffer, password: string | undefined, setting: string): void {
  try {
    createSecureContext({ pfx: content, ...(password !== undefined && { passphrase: password }) });
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    if (/mac verify failure/i.test(said)) throw wrongPassword(setting, password, cause);
    if (/not enough data|wrong tag|header too long|asn1|too long|nested/i.test(said)) throw noPfx(setting, cause);
  }
}

export function wrongPassword(setting: string, password: string | undefined, cause: unknown): ConnectorError {
  return certificateError(
    setting,
    password === undefined ? 'is a PFX with a password, and none is set' : 'is a PFX that its password does not open',
    `${password === undefined ? 'Set' : 'Check'} ENTRA_CLIENT_CERTIFICATE_PASSWORD.`,
    cause,
  );
}

export function noPfx(setting: string, cause: unknown): ConnectorError {
  return certificateError(
    setting,
    'is neither PEM nor a PFX that can be read',
    'Give the certificate with its private key as PEM text, or as PFX (PKCS#12) in base64.',
    cause,
  );
}
