// The Bicep compiler: where it is, and how it is asked for what a deployment would make. Tests and `npm run snapshots`
// use it.

import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

type Env = Readonly<Record<string, string | undefined>>;

const ROOT = join(import.meta.dirname, '..');

/** Parameter files whose predicted resources are kept beside them, as `<name>.snapshot.json`. */
export const SAMPLES = ['dev', 'prod', 'gcc-high', 'main'] as const;
export type Sample = (typeof SAMPLES)[number];

/** What azd and its environment would know, for main.bicepparam. */
export const AZD_ENVIRONMENT = {
  AZURE_LOCATION: 'westeurope',
  AZURE_ENV_NAME: 'prod',
  AZURE_PRINCIPAL_ID: '00000000-0000-0000-0000-000000000000',
  ENTRA_CLIENT_ID: '00000000-0000-0000-0000-000000000000',
  NAC_SITES: '[{"name":"hq","relayPrincipalIds":["00000000-0000-0000-0000-000000000001"]}]',
};

/** Names made by `uniqueString` need a subscription; any will do. */
export const PLACE = {
  subscriptionId: '11111111-1111-1111-1111-111111111111',
  tenantId: '22222222-2222-2222-2222-222222222222',
  location: 'westeurope',
  deploymentName: 'nac',
};
const PLACE_OPTIONS = [
  ...['--subscription-id', PLACE.subscriptionId, '--tenant-id', PLACE.tenantId],
  ...['--location', PLACE.location, '--deployment-name', PLACE.deploymentName],
];

/** By the setting BICEP, on the path, or where the Azure CLI puts its own. */
export function findBicep(env: Env): string | undefined {
  const named = env['BICEP'];
  if (named) return isProgram(named) ? named : undefined;
  const folders = [
    ...(env['PATH'] ?? '').split(delimiter),
    join(ROOT, 'node_modules/.bin'),
    join(homedir(), '.azure/bin'),
  ];
  return folders.map((folder) => join(folder, 'bicep')).find(isProgram);
}

/**
 * @returns what it wrote to standard output and error
 * @throws Error with both when it fails, or when there is no compiler
 */
export async function runBicep(
  args: readonly string[],
  env: Env = process.env,
): Promise<{ stdout: string; stderr: string }> {
  const program = findBicep(env);
  if (program === undefined)
    throw new Error('There is no Bicep compiler here: bash .ci/install-bicep, or az bicep install.');
  return promisify(execFile)(program, args, { env: { ...env, NO_COLOR: '1' }, maxBuffer: 64 * 1024 * 1024 });
}

/** Writes or compares the predicted resources of a sample, without Azure. @throws Error naming what differs */
export function snapshot(
  mode: 'overwrite' | 'validate',
  parameterFile: string,
  further: readonly string[] = [],
): Promise<{ stderr: string }> {
  const { NAC_NAME: _, ...env } = process.env;
  return runBicep(['snapshot', parameterFile, '--mode', mode, ...PLACE_OPTIONS, ...further], {
    ...env,
    ...AZD_ENVIRONMENT,
  });
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
