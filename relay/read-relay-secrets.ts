// Fetches the secrets relay.yaml points to, from the environment and from files; every problem at once.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { RelayConfig, SecretSource } from './relay-config.ts';
import { type ConfigProblem, RelayConfigError } from './relay-error.ts';

export interface RelaySecrets {
  /** Connection string, client secret, or certificate with private key as PEM. */
  readonly serviceBus: string;
  /** By name of the NAS. */
  readonly nas: ReadonlyMap<string, string>;
  readonly logKey?: string;
}

export interface SecretReading {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Relative paths start there. */
  readonly folder: string;
  readonly readFile?: (file: string) => string;
}

/** @throws RelayConfigError naming every secret that cannot be used */
export function readRelaySecrets(config: RelayConfig, reading: SecretReading): RelaySecrets {
  const problems: ConfigProblem[] = [];
  const read = (source: SecretSource, fault: (text: string) => string | undefined = () => undefined): string => {
    const { text, problem } = readSecret(source, reading);
    const wrong = problem ?? fault(text);
    const { path: at, line, column } = source;
    if (wrong !== undefined) problems.push({ path: at, line, column, problem: wrong });
    return text;
  };
  const { connection } = config.serviceBus;
  const serviceBus =
    connection.kind === 'connection-string'
      ? read(connection.connectionString, connectionStringFault)
      : read(connection.credential.source, connection.credential.kind === 'certificate' ? certificateFault : undefined);
  const nas = new Map(config.nas.map((entry) => [entry.name, read(entry.secret)]));
  const logKey = config.log.keyEnv && read(config.log.keyEnv);
  if (problems.length > 0) throw new RelayConfigError(config.file, problems, 'NAC_RELAY_SECRET');
  return { serviceBus, nas, ...(logKey === undefined ? {} : { logKey }) };
}

function readSecret(
  { from, name }: SecretSource,
  { env, folder, readFile = (file) => readFileSync(file, 'utf8') }: SecretReading,
): { readonly text: string; readonly problem?: string } {
  if (from === 'env') {
    const text = env[name] ?? '';
    return text === ''
      ? { text, problem: `The environment variable ${name} is not set: set it for the relay.` }
      : { text };
  }
  try {
    const text = readFile(path.resolve(folder, name)).replace(/\r?\n$/, '');
    return text === '' ? { text, problem: `The file ${name} is empty: write the secret into it.` } : { text };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    const fix = code === 'ENOENT' ? 'create it' : 'let the user of the relay read it';
    return { text: '', problem: `The file ${name} cannot be read (${code}): ${fix}.` };
  }
}

function connectionStringFault(text: string): string | undefined {
  if (/(^|;)Endpoint=sb:\/\/[^;]+/i.test(text) && /(^|;)SharedAccessKey(Name)?=/i.test(text)) return undefined;
  return 'This is no Service Bus connection string: it holds Endpoint=sb://…;SharedAccessKeyName=…;SharedAccessKey=….';
}

function certificateFault(text: string): string | undefined {
  if (/-----BEGIN CERTIFICATE-----/.test(text) && /-----BEGIN (RSA |EC )?PRIVATE KEY-----/.test(text)) return undefined;
  return 'The file must hold the certificate and its unencrypted private key, both as PEM.';
}
