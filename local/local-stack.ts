// Everything the connector needs, on this machine: Table Storage, an Intune tenant, a Service Bus, the function app in two
// processes, a relay and a switch. Function app and relay are the ones that are deployed; only their settings differ.

import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openClientRegistry } from '../shared/client-registry.ts';
import { SETTINGS } from '../shared/settings/settings-table.ts';
import { createClientCertificate } from './certificates/client-certificate.ts';
import { createServerCertificates } from './certificates/server-certificates.ts';
import { coreToolsRun, startCoreTools } from './core-tools.ts';
import { spawnFunctionsHost } from './functions-host/spawn-functions-host.ts';
import { type IntuneTenant, startIntuneTenant } from './intune-tenant/intune-tenant.ts';
import { type LocalNas, startLocalRelay } from './local-relay.ts';
import { spawnServiceBus } from './service-bus/spawn-service-bus.ts';
import { type SimulatedSwitch, startSimulatedSwitch } from './simulated-switch/simulated-switch.ts';
import type { SwitchEvent } from './simulated-switch/switch-event.ts';
import { startTableStorage } from './table-storage.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface LocalStackOptions {
  /** Where dist/functions.cjs, host.json and package.json are. */
  readonly appFolder: string;
  /** Where certificates and keys are put for commands and RADIUS servers to use; removed at the end. */
  readonly dataFolder: string;
  /** Settings given here win over the local ones; with ENTRA_TENANT_ID a real tenant is polled. */
  readonly env: Env;
  /** Of the lookup; 0 for a free one. */
  readonly port?: number;
  readonly fleetSize?: number;
  /** Runs the functions in Microsoft's Core Tools instead of the own functions host. */
  readonly coreTools?: boolean;
  /** Where the relay sends to instead of the simulated switch. */
  readonly nas?: LocalNas;
  /** Others that the relay knows beside it. */
  readonly moreNas?: readonly LocalNas[];
  /** A second relay of the site, which works when the first does not. */
  readonly standbyRelay?: boolean;
  /** By which connection string functions and relays reach the Service Bus, where something lies between. */
  readonly toServiceBus?: (connectionString: string, from: 'functions' | 'relay' | 'standby') => Promise<string>;
  /** Messages of the Service Bus outlive its process. */
  readonly durableServiceBus?: boolean;
  readonly onProgress?: (what: string, where: string) => void;
  /** Each line that functions and relay print. */
  readonly onLine?: (line: string) => void;
  readonly onSwitchEvent?: (event: SwitchEvent) => void;
  /** A process that should run has ended. */
  readonly onFailure?: (what: string) => void;
}

/** Parts that can be ended from outside and started again. */
export type RestartablePart = 'http' | 'background' | 'serviceBus' | 'relay' | 'standby';

export interface LocalStack {
  readonly url: string;
  /** The simulated tenant; absent when a real one is polled. */
  readonly tenant?: IntuneTenant;
  readonly switch: SimulatedSwitch;
  readonly storageConnection: string;
  /** Authority of the lookup's server certificate. */
  readonly caFile: string;
  readonly apiKey: string;
  readonly operatorKey: string;
  /** Hold an API key as a header line, for `curl --header @file`. */
  readonly apiKeyFile: string;
  readonly operatorKeyFile: string;
  /** Names of the functions each process runs. */
  readonly functions: { readonly http: readonly string[]; readonly background: readonly string[] };
  /** Process ids, by part, as they are now. */
  readonly pids: Readonly<Record<RestartablePart, number>>;
  /** Ends a part at once, as a crash would; resolves when it has ended. */
  kill(part: RestartablePart): Promise<void>;
  /** Starts a part that has ended again, with the same settings. */
  restart(part: RestartablePart): Promise<void>;
  stop(): Promise<void>;
}

const SITE = 'local';
/** Address by which the simulated switch is known to RADIUS. */
const SWITCH_ADDRESS = '127.0.0.1';

/** Started parts are stopped again when a later one cannot be started. */
export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const starter = new Starter(options);
  try {
    return await starter.start();
  } catch (thrown) {
    await starter.stop();
    throw thrown;
  }
}

interface RunningPart {
  readonly pid: number;
  readonly exited: Promise<unknown>;
  stop(): Promise<void>;
}

class Starter {
  readonly #options: LocalStackOptions;
  readonly #started = new AsyncDisposableStack();
  readonly #parts = new Map<string, { readonly running: RunningPart; start(): Promise<unknown> }>();
  #stopping = false;

  constructor(options: LocalStackOptions) {
    this.#options = options;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#started.disposeAsync();
  }

  async start(): Promise<LocalStack> {
    const { dataFolder, env } = this.#options;
    await mkdir(dataFolder, { recursive: true, mode: 0o700 });
    this.#started.defer(() => rm(dataFolder, { recursive: true, force: true }));

    const storageConnection = env['StorageConnection'] || (await this.#storage());
    const keys = await this.#clients(storageConnection);
    const serviceBus = await this.#serviceBus();
    const { toServiceBus = async (connectionString: string) => connectionString, standbyRelay } = this.#options;
    const { tenant, settings: tenantSettings } = await this.#tenant();
    const settings = {
      StorageConnection: storageConnection,
      ServiceBusConnection: await toServiceBus(serviceBus.connectionString, 'functions'),
      POLL_SCHEDULE: '*/2 * * * * *',
      ENFORCE_SCHEDULE: '*/2 * * * * *',
      ...tenantSettings,
      ...this.#settingsFromEnvironment(),
    };
    const functionApp = await this.#functions(settings);
    const coaSecret = randomBytes(16).toString('hex');
    const networkSwitch = await this.#switch(functionApp, keys.apiKey, coaSecret);
    const simulated = {
      nasIpAddress: SWITCH_ADDRESS,
      address: SWITCH_ADDRESS,
      port: networkSwitch.coaPort,
      secret: coaSecret,
    };
    const { nas = simulated, moreNas = [] } = this.#options;
    for (const part of standbyRelay ? (['relay', 'standby'] as const) : (['relay'] as const)) {
      await this.#relay(part, await toServiceBus(serviceBus.connectionString, part), [nas, ...moreNas]);
    }
    const pidOf = (part: string): number => this.#parts.get(part)?.running.pid ?? 0;
    return {
      ...functionApp,
      ...keys,
      ...(tenant && { tenant }),
      switch: networkSwitch,
      storageConnection,
      get pids() {
        return {
          http: pidOf('http'),
          background: pidOf('background'),
          serviceBus: pidOf('serviceBus'),
          relay: pidOf('relay'),
          standby: pidOf('standby'),
        };
      },
      kill: (part) => this.#kill(part),
      restart: async (part) => {
        await this.#part(part).start();
      },
      stop: () => this.stop(),
    };
  }

  /** Starts a part, and keeps how, so that it can be started again. */
  async #run<T extends RunningPart>(part: string, what: string, start: () => Promise<T>): Promise<T> {
    const running = await start();
    if (!this.#parts.has(part)) this.#started.defer(() => this.#parts.get(part)?.running.stop());
    this.#parts.set(part, { running, start: () => this.#run(part, what, start) });
    this.#watch(what, running.exited);
    return running;
  }

  async #kill(part: RestartablePart): Promise<void> {
    const { running } = this.#part(part);
    process.kill(running.pid, 'SIGKILL');
    await running.exited;
  }

  #part(name: RestartablePart) {
    const part = this.#parts.get(name);
    if (part === undefined) throw new Error(`Nothing runs here as ${name}.`);
    return part;
  }

  async #storage(): Promise<string> {
    const storage = await startTableStorage();
    this.#started.defer(() => storage.close());
    this.#progress('Table Storage (Azurite)', `http://127.0.0.1:${storage.port}`);
    return storage.connectionString;
  }

  /** A store that outlives this run knows the clients of an earlier one, so each run has new names. */
  async #clients(storageConnection: string) {
    const registry = await openClientRegistry({ kind: 'connection-string', connectionString: storageConnection });
    await registry.prepareStore();
    const run = Date.now().toString(36);
    const apiKey = await registry.createClient(`local-radius-${run}`, SITE);
    const operatorKey = await registry.createClient(`local-operator-${run}`, SITE, 'operator');
    const [apiKeyFile, operatorKeyFile] = await Promise.all([
      this.#write('radius.key', `X-API-Key: ${apiKey}\n`, true),
      this.#write('operator.key', `X-API-Key: ${operatorKey}\n`, true),
    ]);
    return { apiKey, operatorKey, apiKeyFile, operatorKeyFile };
  }

  async #serviceBus() {
    let port = 0;
    const queues = [
      { name: `coa-${SITE}`, requiresSession: true, lockDurationMs: 30_000, duplicateDetectionWindowMs: 600_000 },
      { name: 'coa-results', lockDurationMs: 30_000, duplicateDetectionWindowMs: 600_000 },
    ];
    const { dataFolder, durableServiceBus } = this.#options;
    const messages = durableServiceBus ? { dataFolder: join(dataFolder, 'service-bus') } : {};
    const serviceBus = await this.#run('serviceBus', 'The Service Bus broker', async () => {
      const broker = await spawnServiceBus({ queues, port, ...messages });
      // Started again, it is found where it was.
      port = broker.port;
      return { ...broker, pid: broker.process.pid ?? 0 };
    });
    this.#progress('Service Bus (embedded)', `amqp://127.0.0.1:${serviceBus.port}`);
    return serviceBus;
  }

  /** @returns the simulated tenant, if none is given, and settings that poll it by certificate, as one should the real one */
  async #tenant(): Promise<{ tenant?: IntuneTenant; settings: Record<string, string> }> {
    if (this.#options.env['ENTRA_TENANT_ID']) return { settings: {} };
    const { certificatePem, privateKeyPem } = await createClientCertificate();
    const { fleetSize } = this.#options;
    const tenant = await startIntuneTenant({
      ...(fleetSize !== undefined && { fleetSize }),
      clientCertificatePem: certificatePem,
    });
    this.#started.defer(() => tenant.close());
    this.#progress('Intune tenant (simulated)', `${tenant.baseUrl}, control port ${tenant.controlUrl}`);
    const settings = {
      ENTRA_TENANT_ID: tenant.tenantId,
      ENTRA_CLIENT_ID: tenant.clientId,
      ENTRA_CLIENT_CERTIFICATE: `${certificatePem}\n${privateKeyPem}`,
      ENTRA_AUTHORITY_HOST: tenant.authorityHost,
      GRAPH_ENDPOINT: tenant.graphUrl,
      INTUNE_SERVICE_HOSTS: 'localhost',
      EXTRA_CA_FILE: await this.#write('tenant-ca.pem', tenant.caPem),
      // The tenant is on this machine, whatever lies between it and the world.
      HTTPS_PROXY: '',
      POLLING_INTERVAL: '10s',
    };
    return { tenant, settings };
  }

  async #functions(env: Readonly<Record<string, string>>) {
    const { appFolder, port = 0, onLine = () => {} } = this.#options;
    const tls = await createServerCertificates('Local NAC connector CA');
    const caFile = await this.#write('lookup-ca.pem', tls.caPem);
    if (this.#options.coreTools) {
      if (!(await coreToolsRun())) {
        throw new Error('Azure Functions Core Tools do not run here: `func --version` fails. Start without --func.');
      }
      const func = await startCoreTools(appFolder, port, env, onLine);
      this.#started.defer(() => func.stop());
      this.#progress('Functions (Core Tools)', func.url);
      return { url: func.url, caFile, functions: { http: [], background: [] } };
    }
    const files = {
      certFile: await this.#write('lookup.pem', tls.serverCertificatePem),
      keyFile: await this.#write('lookup.key', tls.serverPrivateKeyPem, true),
    };
    const host = { appFolder, env, onLine: (line: string) => onLine(line) };
    let httpPort = port;
    const http = await this.#run('http', 'The HTTP functions', async () => {
      const started = await spawnFunctionsHost({ ...host, functions: 'http', port: httpPort, tls: files });
      // Started again, it is found where it was.
      httpPort = started.port;
      return started;
    });
    const url = `https://localhost:${http.port}`;
    this.#progress('Functions, HTTP', `${url}  (${http.functions.length} functions)`);
    const background = await this.#run('background', 'The background functions', () =>
      spawnFunctionsHost({ ...host, functions: 'background' }),
    );
    this.#progress('Functions, background', `process ${background.pid}  (${background.functions.join(', ')})`);
    const functions = { http: http.functions, background: background.functions };
    return { url, caFile, functions };
  }

  async #switch(
    { url, caFile }: { readonly url: string; readonly caFile: string },
    apiKey: string,
    coaSecret: string,
  ): Promise<SimulatedSwitch> {
    const networkSwitch = await startSimulatedSwitch({
      lookupUrl: url,
      caFile,
      apiKey,
      coaSecret,
      nasIpAddress: SWITCH_ADDRESS,
      lookupRetryMs: 1_000,
      log: (event) => this.#options.onSwitchEvent?.(event),
    });
    this.#started.defer(() => networkSwitch.close());
    const coa = `CoA on udp ${SWITCH_ADDRESS}:${networkSwitch.coaPort}`;
    this.#progress('Switch (simulated)', `control port ${networkSwitch.controlUrl}, ${coa}`);
    return networkSwitch;
  }

  async #relay(part: 'relay' | 'standby', serviceBusConnection: string, nas: readonly LocalNas[]): Promise<void> {
    const relay = await this.#run(part, 'The relay', () =>
      startLocalRelay({
        folder: this.#options.dataFolder,
        name: part === 'relay' ? 'local-relay' : 'standby-relay',
        site: SITE,
        serviceBusConnection,
        nas,
        onLine: (line) => this.#options.onLine?.(line),
      }),
    );
    this.#progress(part === 'relay' ? 'Relay' : 'Relay (standby)', `process ${relay.pid}`);
  }

  /** Without a tenant of its own, an app registration in the environment belongs to something else. */
  #settingsFromEnvironment(): Record<string, string> {
    const { env } = this.#options;
    const names = Object.keys(SETTINGS).filter((name) => env['ENTRA_TENANT_ID'] || !/^ENTRA_|_PROXY$/.test(name));
    return Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
  }

  #progress(what: string, where: string): void {
    this.#options.onProgress?.(what, where);
  }

  #watch(what: string, exited: Promise<unknown>): void {
    void exited.then(() => {
      if (!this.#stopping) this.#options.onFailure?.(`${what} ended.`);
    });
  }

  async #write(name: string, content: string, secret = false): Promise<string> {
    const file = join(this.#options.dataFolder, name);
    await writeFile(file, content, secret ? { mode: 0o600 } : {});
    return file;
  }
}
