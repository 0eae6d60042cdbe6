// API keys of a local run, for a RADIUS server and an operator.

import { openClientRegistry } from '../shared/app/client-registry.ts';
import type { LocalRun } from './local-run.ts';

export interface LocalKeys {
  readonly apiKey: string;
  readonly operatorKey: string;
  /** Hold an API key as a header line, for `curl --header @file`. */
  readonly apiKeyFile: string;
  readonly operatorKeyFile: string;
}

/** A store that outlives this run knows the clients of an earlier one, so each run has new names. */
export async function createLocalKeys(run: LocalRun, connectionString: string, site: string): Promise<LocalKeys> {
  const registry = await openClientRegistry({ kind: 'connection-string', connectionString });
  await registry.prepareStore();
  const suffix = Date.now().toString(36);
  const apiKey = await registry.createClient(`local-radius-${suffix}`, site);
  const operatorKey = await registry.createClient(`local-operator-${suffix}`, site, 'administrator');
  const [apiKeyFile, operatorKeyFile] = await Promise.all([
    run.write('radius.key', `X-API-Key: ${apiKey}\n`, true),
    run.write('operator.key', `X-API-Key: ${operatorKey}\n`, true),
  ]);
  return { apiKey, operatorKey, apiKeyFile, operatorKeyFile };
}
