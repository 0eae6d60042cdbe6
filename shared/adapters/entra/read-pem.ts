// Reads certificates and private keys from PEM text (RFC 7468), also from what app settings make of it.

import { createPrivateKey, type KeyObject } from 'node:crypto';
import { certificateError } from './certificate-error.ts';
import type { CertificatesAndKeys } from './pair-certificates.ts';

const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,40})-----([\s\S]*?)-----END \1-----/g;

export function isPem(content: Buffer): boolean {
  return content.includes('-----BEGIN ');
}

/** @throws ConnectorError NAC_ENTRA_CERTIFICATE when a key in it cannot be read, or its password is missing or wrong */
export function readPem(content: Buffer, password: string | undefined, setting: string): CertificatesAndKeys {
  const certificates: string[] = [];
  const keys: KeyObject[] = [];
  for (const [, label = '', body = ''] of content.toString('utf8').matchAll(BLOCK)) {
    if (label === 'CERTIFICATE') certificates.push(block(label, body));
    else if (label.endsWith('PRIVATE KEY')) keys.push(readKey(label, body, password, setting));
  }
  return { certificates, keys };
}

function readKey(label: string, body: string, password: string | undefined, setting: string): KeyObject {
  const encrypted = label.startsWith('ENCRYPTED') || body.includes('ENCRYPTED');
  if (encrypted && password === undefined) {
    throw certificateError(
      setting,
      'holds an encrypted private key, and there is no password',
      'Set ENTRA_CLIENT_CERTIFICATE_PASSWORD.',
    );
  }
  try {
    return createPrivateKey({ key: block(label, body), ...(encrypted && { passphrase: password }) });
  } catch (cause) {
    throw certificateError(
      setting,
      encrypted ? 'holds a private key that its password does not open' : 'holds a private key that cannot be read',
      encrypted ? 'Check ENTRA_CLIENT_CERTIFICATE_PASSWORD.' : 'Export it again as PKCS#8 PEM.',
      cause,
    );
  }
}

/**
 * One block as OpenSSL wants it. App settings and pipelines turn line ends into blanks, or into a backslash and an n.
 */
function block(label: string, body: string): string {
  if (body.includes('Proc-Type:')) return `-----BEGIN ${label}-----${body}-----END ${label}-----\n`;
  const base64 = body.replace(/\\r|\\n|\s/g, '');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
