// Everything the connector needs, on this machine: Table Storage, an Intune tenant, a Service Bus, the function app in
// two processes, a relay and a switch. Function app and relay are the ones that are deployed; only their settings
// differ.

import { randomBytes } from 'node:crypto';
import { SETTINGS } from '../shared/settings/settings-table.ts';
import type { IntuneTenant } from './intune-tenant/intune-tenant.ts';
import { type LocalFunctions, startLocalFunctions } from './local-functions.ts';
import { createLocalKeys, type LocalKeys } from './local-keys.ts';
import { startLocalMdm } from './local-mdm.ts';
import { type LocalNas, type LocalRelayOptions, startLocalRelay } from './local-relay.ts';
import { LocalRun, type LocalRunOptions, type RestartablePart } from './local-run.ts';
import { type LocalServiceBusOptions, startLocalServiceBus } from './local-service-bus.ts';
import { startLocalTenant } from './local-tenant.ts';
import type { MdmServer } from './mdm-server/mdm-server.ts';
import { type SimulatedSwitch, startSimulatedSwitch } from './simulated-switch/simulated-switch.ts';
import type { SwitchEvent } from './simulated-switch/switch-event.ts';
import { startTableStorage } from './table-storage.ts';

export interface LocalStackOptions extends LocalRunOptions {
  /** Where dist/functions.cjs, host.json and package.json are. */
  readonly appFolder: string;
  /** Settings given here win over the local ones; with ENTRA_TENANT_ID a real tenant is polled. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of the lookup; 0 for a free one. */
  readonly port?: number;
  readonly fleetSize?: number;
  /** Starts a simulated MDM server as a second source. */
  readonly mdm?: boolean;
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
  readonly serviceBus?: LocalServiceBusOptions;
  /** Given the simulated tenant before anything reads it. */
  readonly onTenant?: (tenant: IntuneTenant) => void;
  /** Path of the program of a relay, instead of the one that ships. */
  readonly relayProgram?: string;
  /** Each line that functions and relay print. */
  readonly onLine?: (line: string) => void;
  readonly onSwitchEvent?: (event: SwitchEvent) => void;
}

export interface LocalStack extends LocalFunctions, LocalKeys {
  /** The simulated tenant; absent when a real one is polled. */
  readonly tenant?: IntuneTenant;
  /** The simulated MDM server, where one was asked for. */
  readonly mdm?: MdmServer;
  readonly switch: SimulatedSwitch;
  readonly storageConnection: string;
  /** Process ids, by part, as they are now. */
  readonly pids: Readonly<Record<RestartablePart, number>>;
  /** Ends a part at once, as a crash would; resolves when it has ended. */
  kill(part: RestartablePart): Promise<void>;
  /** Has a part end by itself, as a host is stopped; resolves when it has. */
  end(part: RestartablePart): Promise<void>;
  /** Starts a part that has ended again, with the same settings. */
  restart(part: RestartablePart): Promise<void>;
  stop(): Promise<void>;
}

const SITE = 'local';
/** Address by which the simulated switch is known to RADIUS. */
const SWITCH_ADDRESS = '127.0.0.1';

/** Started parts are stopped again when a later one cannot be started. */
export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const run = new LocalRun(options);
  try {
    return await startParts(run, options);
  } catch (thrown) {
    await run.stop();
    throw thrown;
  }
}

async function startParts(run: LocalRun, options: LocalStackOptions): Promise<LocalStack> {
  const { appFolder, env, port = 0, fleetSize, coreTools = false } = options;
  const { toServiceBus = async (connectionString: string) => connectionString, onLine = () => {} } = options;
  await run.createDataFolder();
  const storageConnection = env['StorageConnection'] || (await startStorage(run));
  const keys = await createLocalKeys(run, storageConnection, SITE);
  const serviceBus = await startLocalServiceBus(run, SITE, options.serviceBus ?? {});
  const simulated = env['ENTRA_TENANT_ID'] ? undefined : await startLocalTenant(run, fleetSize);
  if (simulated) options.onTenant?.(simulated.tenant);
  const second = options.mdm ? await startLocalMdm(run) : undefined;
  const authorities = [simulated?.tenant.caPem, second?.mdm.caPem].filter((pem) => pem !== undefined);
  const functions = await startLocalFunctions(run, {
    appFolder,
    env: {
      StorageConnection: storageConnection,
      ServiceBusConnection: await toServiceBus(serviceBus, 'functions'),
      POLL_SCHEDULE: '*/2 * * * * *',
      ENFORCE_SCHEDULE: '*/2 * * * * *',
      ...simulated?.settings,
      ...second?.settings,
      ...(authorities.length > 0 && { EXTRA_CA_FILE: await run.write('sources-ca.pem', authorities.join('\n')) }),
      ...settingsFrom(env),
    },
    port,
    coreTools,
    onLine,
  });
  if (simulated && env['CONSOLE']?.toLowerCase() !== 'off') showConsole(run, functions, simulated.tenant);
  const coaSecret = randomBytes(16).toString('hex');
  const networkSwitch = await startSwitch(run, functions, keys.apiKey, coaSecret, options.onSwitchEvent);
  const switchAsNas = {
    nasIpAddress: SWITCH_ADDRESS,
    address: SWITCH_ADDRESS,
    port: networkSwitch.coaPort,
    secret: coaSecret,
  };
  const { nas = switchAsNas, moreNas = [], standbyRelay, relayProgram: program } = options;
  for (const part of standbyRelay ? (['relay', 'standby'] as const) : (['relay'] as const)) {
    const serviceBusConnection = await toServiceBus(serviceBus, part);
    await startRelay(run, part, { serviceBusConnection, nas: [nas, ...moreNas], program, onLine });
  }
  return {
    ...functions,
    ...keys,
    ...(simulated && { tenant: simulated.tenant }),
    ...(second && { mdm: second.mdm }),
    switch: networkSwitch,
    storageConnection,
    get pids() {
      return run.pids;
    },
    kill: (part) => run.kill(part),
    end: (part) => run.end(part),
    restart: (part) => run.restart(part),
    stop: () => run.stop(),
  };
}

/** A browser knows neither certificate: it asks once for each. */
function showConsole(run: LocalRun, { url }: LocalFunctions, { baseUrl }: IntuneTenant): void {
  run.progress('Console', `${url}/console/  (accept the certificates of this and of ${baseUrl})`);
}

/** Without a tenant of its own, an app registration in the environment belongs to something else. */
function settingsFrom(env: LocalStackOptions['env']): Record<string, string> {
  const names = Object.keys(SETTINGS).filter(
    (name) => env['ENTRA_TENANT_ID'] || !/^ENTRA_|^CONSOLE_CLIENT_ID$|_PROXY$/.test(name),
  );
  return Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}

async function startStorage(run: LocalRun): Promise<string> {
  const storage = await startTableStorage();
  run.defer(() => storage.close());
  run.progress('Table Storage (Azurite)', `http://127.0.0.1:${storage.port}`);
  return storage.connectionString;
}

async function startSwitch(
  run: LocalRun,
  { url, caFile }: LocalFunctions,
  apiKey: string,
  coaSecret: string,
  onSwitchEvent: LocalStackOptions['onSwitchEvent'],
): Promise<SimulatedSwitch> {
  const networkSwitch = await startSimulatedSwitch({
    lookupUrl: url,
    caFile,
    apiKey,
    coaSecret,
    nasIpAddress: SWITCH_ADDRESS,
    lookupRetryMs: 1_000,
    log: (event) => onSwitchEvent?.(event),
  });
  run.defer(() => networkSwitch.close());
  const coa = `CoA on udp ${SWITCH_ADDRESS}:${networkSwitch.coaPort}`;
  run.progress('Switch (simulated)', `control port ${networkSwitch.controlUrl}, ${coa}`);
  return networkSwitch;
}

async function startRelay(
  run: LocalRun,
  part: 'relay' | 'standby',
  options: Pick<LocalRelayOptions, 'serviceBusConnection' | 'nas' | 'program' | 'onLine'>,
): Promise<void> {
  const relay = await run.start(part, 'The relay', () =>
    startLocalRelay({
      folder: run.dataFolder,
      name: part === 'relay' ? 'local-relay' : 'standby-relay',
      site: SITE,
      ...options,
    }),
  );
  run.progress(part === 'relay' ? 'Relay' : 'Relay (standby)', `process ${relay.pid}`);
}
