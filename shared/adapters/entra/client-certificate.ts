// Reads the certificates with which the app proves itself to Microsoft Entra, in every form that settings allow.

import { readFileSync } from 'node:fs';
import type { AppCredential, CertificateLocation } from '../../ports/app-credential.ts';
import { certificateError } from './certificate-error.ts';
import { checkPfx } from './check-pfx.ts';
import { type ClientCertificate, pairCertificates } from './pair-certificates.ts';
import { isPem, readPem } from './read-pem.ts';

type CertificatesCredential = Extract<AppCredential, { kind: 'certificates' }>;

/** Larger than any certificate with its chain. */
const LONGEST_BYTES = 262_144;

/**
 * Every certificate, the newest valid one first: the one to use as soon as Entra knows it.
 * @throws ConnectorError NAC_ENTRA_CERTIFICATE
 */
export async function readClientCertificates(
  { certificates, password }: CertificatesCredential,
  now: Date,
): Promise<ClientCertificate[]> {
  const found: ClientCertificate[] = [];
  for (const location of certificates) {
    const { setting } = location;
    const content = readContent(location);
    if (isPem(content)) {
      found.push(...pairCertificates(readPem(content, password, setting), setting));
    } else {
      // Loaded only here: most apps sign in without a PFX.
      const { readPfx } = await import('./read-pfx.ts');
      found.push(...pairCertificates(readPfx(content, password, setting), setting));
    }
  }
  return newestFirst(found, now);
}

/**
 * Checks what can be checked without Entra, so that a wrong password or a key without its certificate stops the start.
 * @throws ConnectorError NAC_ENTRA_CERTIFICATE
 */
export function checkClientCertificates(credential: AppCredential): void {
  if (credential.kind !== 'certificates') return;
  for (const location of credential.certificates) {
    const content = readContent(location);
    if (isPem(content)) pairCertificates(readPem(content, credential.password, location.setting), location.setting);
    else checkPfx(content, credential.password, location.setting);
  }
}

/** Those that are not valid now come last, since Entra refuses them. */
function newestFirst(certificates: readonly ClientCertificate[], now: Date): ClientCertificate[] {
  const valid = ({ notBefore, notAfter }: ClientCertificate): number => Number(notBefore <= now && now <= notAfter);
  const different = new Map(certificates.map((certificate) => [certificate.thumbprintSha256, certificate]));
  return [...different.values()].sort((a, b) => valid(b) - valid(a) || b.notBefore.getTime() - a.notBefore.getTime());
}

function readContent(location: CertificateLocation): Buffer {
  const { setting } = location;
  const content = 'text' in location ? decodeText(location.text) : readFile(location.file, setting);
  if (content.length === 0 || content.length > LONGEST_BYTES) {
    throw certificateError(
      setting,
      content.length === 0 ? 'holds neither PEM nor base64' : 'is too long to be a certificate',
      'Give the certificate with its private key as PEM text, or as PFX in base64.',
    );
  }
  return content;
}

/** PEM, or base64 of a PFX or of PEM. */
function decodeText(text: string): Buffer {
  return text.includes('-----BEGIN') ? Buffer.from(text) : Buffer.from(text, 'base64');
}

function readFile(file: string, setting: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw certificateError(setting, `cannot be read: ${file}`, 'Name a file that this process may read.', cause);
  }
}
