// API keys of a local run, for a RADIUS server, an operator and Cisco ISE.

import { openClientRegistry } from '../shared/app/client-registry.ts';
import type { LocalRun } from './local-run.ts';

export interface LocalKeys {
  readonly apiKey: string;
  readonly operatorKey: string;
  /** Hold an API key as a header line, for `curl --header @file`. */
  readonly apiKeyFile: string;
  readonly operatorKeyFile: string;
  /** Holds the header of HTTP Basic that ISE sends. */
  readonly iseKeyFile: string;
}

/** A store that outlives this run knows the clients of an earlier one, so each run has new names. */
export async function createLocalKeys(run: LocalRun, connectionString: string, site: string): Promise<LocalKeys> {
  const registry = await openClientRegistry({ kind: 'connection-string', connectionString });
  await registry.prepareStore();
  const suffix = Date.now().toString(36);
  const apiKey = await registry.createClient(`local-radius-${suffix}`, site);
  const operatorKey = await registry.createClient(`local-operator-${suffix}`, site, 'administrator');
  const iseKey = await registry.createClient(`local-ise-${suffix}`, site, 'ise');
  const basic = Buffer.from(iseKey.replace('.', ':')).toString('base64');
  const [apiKeyFile, operatorKeyFile, iseKeyFile] = await Promise.all([
    run.write('radius.key', `X-API-Key: ${apiKey}\n`, true),
    run.write('operator.key', `X-API-Key: ${operatorKey}\n`, true),
    run.write('ise.key', `Authorization: Basic ${basic}\n`, true),
  ]);
  return { apiKey, operatorKey, apiKeyFile, operatorKeyFile, iseKeyFile };
}
