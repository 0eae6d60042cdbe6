// Everything the connector needs, on this machine: Table Storage, an Intune tenant, and the function app in two
// processes. The function app is the one that is deployed; only its settings differ.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openClientRegistry } from '../shared/client-registry.ts';
import { SETTINGS } from '../shared/settings.ts';
import { createClientCertificate } from './certificates/client-certificate.ts';
import { createServerCertificates } from './certificates/server-certificates.ts';
import { coreToolsRun, startCoreTools } from './core-tools.ts';
import { spawnFunctionsHost } from './functions-host/spawn-functions-host.ts';
import { type IntuneTenant, startIntuneTenant } from './intune-tenant/intune-tenant.ts';
import { startTableStorage } from './table-storage.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface LocalStackOptions {
  /** Where dist/functions.cjs, host.json and package.json are. */
  readonly appFolder: string;
  /** Where certificates and the API key are put for commands and RADIUS servers to use. */
  readonly dataFolder: string;
  /** Settings given here win over the local ones; with ENTRA_TENANT_ID a real tenant is polled. */
  readonly env: Env;
  /** Of the lookup; 0 for a free one. */
  readonly port?: number;
  readonly fleetSize?: number;
  /** Runs the functions in Microsoft's Core Tools instead of the own functions host. */
  readonly coreTools?: boolean;
  readonly onProgress?: (what: string, where: string) => void;
  /** Each line the functions print. */
  readonly onLine?: (line: string) => void;
}

export interface LocalStack {
  readonly url: string;
  /** The simulated tenant; absent when a real one is polled. */
  readonly tenant?: IntuneTenant;
  readonly storageConnection: string;
  /** Authority of the lookup's server certificate. */
  readonly caFile: string;
  readonly apiKey: string;
  /** Holds the API key as a header line, for `curl --header @file`. */
  readonly apiKeyFile: string;
  /** Names of the functions each process runs. */
  readonly functions: { readonly http: readonly string[]; readonly background: readonly string[] };
  stop(): Promise<void>;
}

const SITE = 'local';
const CLIENT = 'local-radius';

/** Started parts are stopped again when a later one cannot be started. */
export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const stack = new AsyncDisposableStack();
  try {
    return await startParts(options, stack);
  } catch (thrown) {
    await stack.disposeAsync();
    throw thrown;
  }
}

async function startParts(options: LocalStackOptions, started: AsyncDisposableStack): Promise<LocalStack> {
  const { dataFolder, env } = options;
  const progress = options.onProgress ?? (() => {});
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });

  const storageConnection = env['StorageConnection'] ?? (await startStorage(started, progress));
  const registry = await openClientRegistry({ kind: 'connection-string', connectionString: storageConnection });
  await registry.prepareStore();
  // A store that outlives this run knows the client of an earlier one.
  const apiKey = await registry.createClient(`${CLIENT}-${Date.now().toString(36)}`, SITE);
  const apiKeyFile = join(dataFolder, 'api-key.header');
  await writeFile(apiKeyFile, `X-API-Key: ${apiKey}\n`, { mode: 0o600 });

  const simulated = env['ENTRA_TENANT_ID'] ? undefined : await startTenant(options, started);
  const tenant = simulated?.tenant;
  if (tenant) progress('Intune tenant (simulated)', `${tenant.baseUrl}, control port ${tenant.controlUrl}`);
  const settings = {
    StorageConnection: storageConnection,
    POLL_SCHEDULE: '*/2 * * * * *',
    ...simulated?.settings,
    ...settingsIn(env),
  };
  const functionApp = await startFunctions(options, settings, started, progress);
  return {
    ...functionApp,
    ...(tenant && { tenant }),
    storageConnection,
    apiKey,
    apiKeyFile,
    stop: () => started.disposeAsync(),
  };
}

async function startStorage(
  started: AsyncDisposableStack,
  progress: (what: string, where: string) => void,
): Promise<string> {
  const storage = await startTableStorage();
  started.defer(() => storage.close());
  progress('Table Storage (Azurite)', `http://127.0.0.1:${storage.port}`);
  return storage.connectionString;
}

/** @returns the tenant, and the settings with which the app polls it: by certificate, as it should the real one */
async function startTenant(
  { fleetSize, dataFolder }: LocalStackOptions,
  started: AsyncDisposableStack,
): Promise<{ tenant: IntuneTenant; settings: Record<string, string> }> {
  const { certificatePem, privateKeyPem } = await createClientCertificate();
  const tenant = await startIntuneTenant({
    ...(fleetSize !== undefined && { fleetSize }),
    clientCertificatePem: certificatePem,
  });
  started.defer(() => tenant.close());
  const caFile = join(dataFolder, 'tenant-ca.pem');
  await writeFile(caFile, tenant.caPem);
  const settings = {
    ENTRA_TENANT_ID: tenant.tenantId,
    ENTRA_CLIENT_ID: tenant.clientId,
    ENTRA_CLIENT_CERTIFICATE: `${certificatePem}\n${privateKeyPem}`,
    ENTRA_AUTHORITY_HOST: tenant.authorityHost,
    GRAPH_ENDPOINT: tenant.graphUrl,
    EXTRA_CA_FILE: caFile,
    POLLING_INTERVAL: '10s',
  };
  return { tenant, settings };
}

async function startFunctions(
  { appFolder, dataFolder, port = 0, coreTools, onLine }: LocalStackOptions,
  env: Readonly<Record<string, string>>,
  started: AsyncDisposableStack,
  progress: (what: string, where: string) => void,
): Promise<Pick<LocalStack, 'url' | 'caFile' | 'functions'>> {
  const caFile = join(dataFolder, 'lookup-ca.pem');
  if (coreTools) {
    if (!(await coreToolsRun())) {
      throw new Error('Azure Functions Core Tools do not run here: `func --version` fails. Start without --func.');
    }
    const func = await startCoreTools(appFolder, port, env, onLine ?? (() => {}));
    started.defer(() => func.stop());
    progress('Functions (Core Tools)', func.url);
    return { url: func.url, caFile, functions: { http: [], background: [] } };
  }
  const tls = await writeServerCertificate(dataFolder, caFile);
  const host = { appFolder, env, ...(onLine && { onLine }) };
  const http = await spawnFunctionsHost({ ...host, functions: 'http', port, tls });
  started.defer(() => http.stop());
  const url = `https://localhost:${http.port}`;
  progress('Functions, HTTP', `${url}  (${http.functions.join(', ')})`);
  const background = await spawnFunctionsHost({ ...host, functions: 'background' });
  started.defer(() => background.stop());
  progress('Functions, background', `process ${background.pid}  (${background.functions.join(', ')})`);
  return { url, caFile, functions: { http: http.functions, background: background.functions } };
}

async function writeServerCertificate(folder: string, caFile: string): Promise<{ certFile: string; keyFile: string }> {
  const { caPem, serverCertificatePem, serverPrivateKeyPem } = await createServerCertificates('Local NAC connector CA');
  const certFile = join(folder, 'lookup.pem');
  const keyFile = join(folder, 'lookup.key');
  await writeFile(caFile, caPem);
  await writeFile(certFile, serverCertificatePem);
  await writeFile(keyFile, serverPrivateKeyPem, { mode: 0o600 });
  return { certFile, keyFile };
}

function settingsIn(env: Env): Record<string, string> {
  return Object.fromEntries(
    Object.keys(SETTINGS).flatMap((name) => {
      const value = env[name];
      return value ? [[name, value]] : [];
    }),
  );
}
