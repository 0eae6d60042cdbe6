// The function app of a local run: HTTP functions and background functions in a process each, as Azure runs them, or
// all of them in Microsoft's Core Tools.

import { join } from 'node:path';
import { readSettings } from '../shared/settings.ts';
import { createServerCertificates } from './certificates/server-certificates.ts';
import { startCoreTools } from './core-tools.ts';
import { spawnFunctionsHost } from './functions-host/spawn-functions-host.ts';
import type { LocalRun } from './local-run.ts';

export interface LocalFunctionsOptions {
  /** Where dist/functions.cjs, host.json and package.json are. */
  readonly appFolder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Of the lookup; 0 for a free one. */
  readonly port: number;
  readonly coreTools: boolean;
  readonly onLine: (line: string) => void;
}

export interface LocalFunctions {
  readonly url: string;
  /** Authority of the lookup's server certificate. */
  readonly caFile: string;
  /** Names of the functions each process runs. */
  readonly functions: { readonly http: readonly string[]; readonly background: readonly string[] };
}

export async function startLocalFunctions(run: LocalRun, options: LocalFunctionsOptions): Promise<LocalFunctions> {
  const { appFolder, env, port, coreTools, onLine } = options;
  // The app itself would run and answer 503: at a keyboard the reason is wanted at once.
  readSettings(env);
  const tls = await createServerCertificates('Local NAC connector CA');
  const caFile = await run.write('lookup-ca.pem', tls.caPem);
  if (coreTools) return { ...(await startInCoreTools(run, options)), caFile };

  const files = {
    certFile: await run.write('lookup.pem', tls.serverCertificatePem),
    keyFile: await run.write('lookup.key', tls.serverPrivateKeyPem, true),
  };
  const host = { appFolder, env, onLine: (line: string) => onLine(line) };
  let httpPort = port;
  const http = await run.start('http', 'The HTTP functions', async () => {
    const started = await spawnFunctionsHost({ ...host, functions: 'http', port: httpPort, tls: files });
    // Started again, it is found where it was.
    httpPort = started.port;
    return started;
  });
  const url = `https://localhost:${http.port}`;
  run.progress('Functions, HTTP', `${url}  (${http.functions.length} functions)`);
  const background = await run.start('background', 'The background functions', () =>
    spawnFunctionsHost({ ...host, functions: 'background', timerFolder: join(run.dataFolder, 'timers') }),
  );
  run.progress('Functions, background', `process ${background.pid}  (${background.functions.join(', ')})`);
  return { url, caFile, functions: { http: http.functions, background: background.functions } };
}

async function startInCoreTools(
  run: LocalRun,
  { appFolder, port, env, onLine }: LocalFunctionsOptions,
): Promise<Omit<LocalFunctions, 'caFile'>> {
  const func = await startCoreTools(appFolder, port, env, onLine);
  run.defer(() => func.stop());
  run.progress('Functions (Core Tools)', func.url);
  return { url: func.url, functions: { http: [], background: [] } };
}
