// Two tenants of Intune and two MDM servers in one app: the real servers over HTTPS, defined by a sources.yaml, over
// tables in memory, with a clock and a stopwatch that a test moves.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type IntuneTenant, startIntuneTenant } from '../../local/intune-tenant/intune-tenant.ts';
import { type MdmServer, startMdmServer } from '../../local/mdm-server/mdm-server.ts';
import { openIntuneSource } from '../../shared/adapters/intune/open-intune-source.ts';
import { systemTimer } from '../../shared/adapters/system/system-timer.ts';
import { type App, createApp } from '../../shared/app.ts';
import type { Decision } from '../../shared/domain/policy/decision.ts';
import type { PollStatus } from '../../shared/polling/poll-status.ts';
import { readSettings } from '../../shared/settings.ts';
import { standingClock } from './adjustable-clock.ts';
import { collectingLogger, type LogEntry } from './collecting-logger.ts';
import { memoryStore } from './memory-store.ts';

export const TENANTS = ['intune', 'emea'] as const;
export const SERVERS = ['ivanti', 'core'] as const;
export type TenantName = (typeof TENANTS)[number];
export type ServerName = (typeof SERVERS)[number];
export type SourceNameOfFour = TenantName | ServerName;
export const FOUR: readonly SourceNameOfFour[] = [...TENANTS, ...SERVERS];

/** Of each source. */
export const FLEET_SIZE = 12;
const MINUTE_MS = 60_000;
const FUNCTION_TIMEOUT_MS = 120_000;
/** Of a call that is never answered: the machine's own time. */
const SILENCE = { HTTPS_CONNECT_TIMEOUT: '10s', HTTPS_READ_TIMEOUT: '1500ms' };

export interface FourSources extends AsyncDisposable {
  readonly app: App;
  readonly tenants: Readonly<Record<TenantName, IntuneTenant>>;
  readonly servers: Readonly<Record<ServerName, MdmServer>>;
  readonly log: LogEntry[];
  readonly now: () => string;
  pass(milliseconds: number): void;
  /** An hour later each source is due; the poll has ticks until none has more to do. */
  round(): Promise<void>;
  status(): Promise<Readonly<Record<SourceNameOfFour, PollStatus>>>;
  /** What a station with a certificate of this device gets. */
  ask(device: string, source: SourceNameOfFour): Promise<Decision>;
}

export async function startFourSources(): Promise<FourSources> {
  const stack = new AsyncDisposableStack();
  const clock = standingClock();
  let aheadMs = 0;
  const pass = (milliseconds: number): void => {
    clock.advance(milliseconds);
    aheadMs += milliseconds;
  };
  const timer = { ...systemTimer, elapsed: () => systemTimer.elapsed() + aheadMs };
  const now = (): Date => clock.now();
  // Tokens are kept by the machine's clock, so a tenant goes by that one.
  const tenant = async (seed: number) => {
    const started = await startIntuneTenant({ fleetSize: FLEET_SIZE, seed });
    stack.defer(() => started.close());
    return started;
  };
  const server = async (seed: number) => {
    const started = await startMdmServer({ fleetSize: FLEET_SIZE, seed, now });
    stack.defer(() => started.close());
    return started;
  };
  const tenants = { intune: await tenant(1), emea: await tenant(2) };
  const servers = { ivanti: await server(3), core: await server(4) };
  const folder = await mkdtemp(join(tmpdir(), 'nac-four-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const extraCaFile = join(folder, 'ca.pem');
  await writeFile(extraCaFile, `${tenants.intune.caPem}\n${servers.ivanti.caPem}\n`);

  const store = memoryStore();
  const env = {
    ENTRA_TENANT_ID: tenants.intune.tenantId,
    ENTRA_CLIENT_ID: tenants.intune.clientId,
    ENTRA_CLIENT_SECRET: tenants.intune.clientSecret,
    ENTRA_AUTHORITY_HOST: tenants.intune.authorityHost,
    GRAPH_ENDPOINT: tenants.intune.graphUrl,
    INTUNE_SERVICE_HOSTS: 'localhost',
    EXTRA_CA_FILE: extraCaFile,
    StorageConnection: store.storage.connectionString,
    POLLING_INTERVAL: '60m',
    CHANGED_DEVICES_INTERVAL: 'off',
    HARDWARE_MAX_AGE: 'off',
    FAST_LANE: 'off',
    LIVE_QUERIES_PER_SECOND: '0',
    MASS_CHANGE_PERCENT: '20',
    MASS_CHANGE_DEVICES: '3',
    ...SILENCE,
    SOURCE_EMEA_SECRET: tenants.emea.clientSecret,
    ...Object.fromEntries(
      Object.entries(servers).flatMap(([name, { username, password }]) => [
        [`SOURCE_${name.toUpperCase()}_USERNAME`, username],
        [`SOURCE_${name.toUpperCase()}_PASSWORD`, password],
      ]),
    ),
  };
  const settings = readSettings(env);
  const { logger, entries } = collectingLogger();
  const app = createApp(settings, {
    ...{ clock, timer, env, log: logger, mostRemembered: 200, openTables: store.openTables },
    // One cloud has one authority and one Graph; each simulated tenant has its own.
    openIntune(name) {
      const { tenantId, clientId, authorityHost, graphUrl, clientSecret } = tenants[name as TenantName];
      const { network, intuneAudience, intuneServiceHosts } = settings;
      const credential = { kind: 'secret', secret: clientSecret } as const;
      const entra = { tenantId, clientId, authorityHost, credential };
      return openIntuneSource(
        name,
        { entra, graphEndpoint: graphUrl, intuneAudience, intuneServiceHosts, network },
        clock,
      );
    },
  });
  stack.defer(() => app.close());
  const [radius, ada] = [
    await store.createClient('radius-1', 'hq'),
    await store.createClient('ada', 'hq', 'administrator'),
  ];
  const admin = await app.sources(ada);
  await admin.upload('four', sourcesYaml(tenants.emea, servers));
  await admin.activate('four');
  pass(2 * MINUTE_MS);

  return {
    ...{ app, tenants, servers, log: entries, pass },
    now: () => now().toISOString(),
    async round() {
      pass(61 * MINUTE_MS);
      for (let ticks = 0; ticks < 4; ticks++) {
        await app.poll(FUNCTION_TIMEOUT_MS);
        pass(MINUTE_MS);
      }
    },
    async status() {
      const { otherSources = {}, ...intune } = await app.pollStatus(ada);
      return { intune, ...otherSources } as Record<SourceNameOfFour, PollStatus>;
    },
    async ask(device, source) {
      const sanUri = [`ID:${source === 'ivanti' || source === 'core' ? 'Mobileiron' : 'Intune'}:GUID:${device}`];
      const question = { method: 'eap-tls', userName: 'host/x', eapType: 'TLS', certificate: { sanUri } };
      return (await app.lookup(radius, JSON.stringify({ nasIpAddress: '10.1.1.1', ...question }))).decision;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function sourcesYaml(emea: IntuneTenant, servers: FourSources['servers']): string {
  const server = (name: ServerName, preset: string): string => `
  - name: ${name}
    kind: cisco-mdm
    preset: ${preset}
    address: ${servers[name].address}
    usernameSetting: SOURCE_${name.toUpperCase()}_USERNAME
    passwordSetting: SOURCE_${name.toUpperCase()}_PASSWORD
    listsAll: true
    pollingInterval: 60m
    massChange: { percent: 20, devices: 3 }`;
  return `sources:
  - { name: intune, kind: intune, signIn: settings }
  - name: emea
    kind: intune
    tenantId: ${emea.tenantId}
    clientId: ${emea.clientId}
    signIn: { secretSetting: SOURCE_EMEA_SECRET }${server('ivanti', 'ivanti-neurons')}${server('core', 'mobileiron-core')}
`;
}
