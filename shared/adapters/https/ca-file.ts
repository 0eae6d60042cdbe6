// Reads the certificate authorities that EXTRA_CA_FILE adds.

import { readFileSync } from 'node:fs';
import { ConnectorError } from '../../errors.ts';

/** @throws ConnectorError NAC_SETTINGS */
export function readCaFile(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  let pem = '';
  try {
    pem = readFileSync(path, 'utf8');
  } catch (cause) {
    throw caFileError(`EXTRA_CA_FILE cannot be read: ${path}`, cause);
  }
  if (!pem.includes('BEGIN CERTIFICATE')) throw caFileError(`EXTRA_CA_FILE holds no PEM certificate: ${path}`);
  return pem;
}

function caFileError(message: string, cause?: unknown): ConnectorError {
  return new ConnectorError('NAC_SETTINGS', message, {
    action: 'Name a PEM file with the certificate authorities to trust, or remove the setting.',
    field: 'EXTRA_CA_FILE',
    cause,
  });
}
