// `npm run key-credentials -- <certificate file>…`: prints keyCredentials for an app registration, from certificates.

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ConnectorError } from '../shared/errors.ts';
import { countCertificates, type KeyCredential, readKeyCredential } from './key-credential.ts';

const FORMS = ['graph', 'bicep', 'azure-ad-graph'] as const;
const USAGE = `Usage: npm run --silent key-credentials -- [--for ${FORMS.join('|')}] <certificate file>...

  graph            keyCredentials for Manifest in the portal, and for PATCH /applications/{id} of Microsoft Graph (the default)
  bicep            entries for the parameter \`certificates\` of infra/identity/main.bicep
  azure-ad-graph   the form of the manifest before January 2025, which the portal takes no more

Each file is PEM or DER. Private keys that lie in the same file are not read.`;

try {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { for: { type: 'string', default: 'graph' } },
  });
  const form = FORMS.find((known) => known === values.for);
  if (form === undefined || positionals.length === 0) throw new Error(USAGE);
  // All of them or none: half a list would replace what the registration has.
  const credentials = positionals.map(readFile);
  console.log(print(credentials, form));
} catch (thrown) {
  if (thrown instanceof ConnectorError) console.error(`${thrown.code}: ${thrown.message} ${thrown.action}`);
  else console.error(thrown instanceof Error ? thrown.message : thrown);
  process.exitCode = 1;
}

function readFile(file: string): KeyCredential {
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (cause) {
    const action = 'Check its name and that you may read it.';
    throw new ConnectorError('NAC_ENTRA_CERTIFICATE', `${file} cannot be read.`, { action, field: file, cause });
  }
  const credential = readKeyCredential(content, file);
  const left = countCertificates(content) - 1;
  if (left > 0) console.error(`${file}: the first certificate counts; ${left} more (its issuers) left out`);
  console.error(
    `${file}: ${credential.displayName}, thumbprint ${credential.thumbprint}, ends ${credential.endDateTime}`,
  );
  return credential;
}

function print(credentials: readonly KeyCredential[], form: (typeof FORMS)[number]): string {
  if (form === 'bicep') return credentials.map(bicepEntry).join('\n');
  const entries = form === 'graph' ? credentials.map(graphEntry) : credentials.map(azureAdGraphEntry);
  return JSON.stringify({ keyCredentials: entries }, null, 2);
}

function azureAdGraphEntry({ customKeyIdentifier, value }: KeyCredential) {
  return { customKeyIdentifier, keyId: randomUUID(), type: 'AsymmetricX509Cert', usage: 'Verify', value };
}

function graphEntry({ value, ...entry }: KeyCredential) {
  const { displayName, customKeyIdentifier, startDateTime, endDateTime } = entry;
  return {
    displayName,
    ...{ customKeyIdentifier, keyId: randomUUID(), type: 'AsymmetricX509Cert', usage: 'Verify' },
    ...{ startDateTime, endDateTime, key: value },
  };
}

function bicepEntry({ displayName, value, startDateTime, endDateTime }: KeyCredential): string {
  const quoted = displayName.replace(/[\\']/g, '\\$&').replaceAll('${', '\\${');
  return [
    '{',
    `  displayName: '${quoted}'`,
    `  key: '${value}'`,
    `  startDateTime: '${startDateTime}'`,
    `  endDateTime: '${endDateTime}'`,
    '}',
  ].join('\n');
}
