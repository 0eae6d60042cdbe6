// The connector in this process against the real SDKs' peers: Azurite behind a proxy that counts, or tables in
// memory, and the simulated tenant over HTTPS. Poll and lookup are called as the functions call them.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type IntuneTenant,
  type IntuneTenantOptions,
  startIntuneTenant,
} from '../../local/intune-tenant/intune-tenant.ts';
import { startTableStorage } from '../../local/table-storage.ts';
import { TableDeviceStore } from '../../shared/adapters/table-storage/table-device-store.ts';
import { TableIdentityStore } from '../../shared/adapters/table-storage/table-identity-store.ts';
import { TableSessionStore } from '../../shared/adapters/table-storage/table-session-store.ts';
import { TableSweepStore } from '../../shared/adapters/table-storage/table-sweep-store.ts';
import { openTables, type Tables } from '../../shared/adapters/table-storage/tables.ts';
import { openClientRegistry } from '../../shared/app/client-registry.ts';
import { type App, type AppOverrides, createApp } from '../../shared/app.ts';
import type { ClientKind } from '../../shared/domain/client.ts';
import type { DeviceChange } from '../../shared/domain/device/device-change.ts';
import { readSettings } from '../../shared/settings.ts';
import { type AdjustableClock, adjustableClock } from './adjustable-clock.ts';
import { collectingLogger, type LogEntry } from './collecting-logger.ts';
import { type MemoryStore, memoryStore } from './memory-store.ts';
import { type StorageProxy, startStorageProxy } from './storage-proxy.ts';

export interface ConnectorFixture extends AsyncDisposable {
  readonly app: App;
  /** Settings of the app, as environment variables; other processes get the same. */
  readonly env: Readonly<Record<string, string>>;
  readonly tenant: IntuneTenant;
  readonly storage: StorageProxy;
  readonly tables: Tables;
  readonly devices: TableDeviceStore;
  readonly identities: TableIdentityStore;
  readonly sessions: TableSessionStore;
  readonly sweeps: TableSweepStore;
  readonly clock: AdjustableClock;
  readonly log: LogEntry[];
  /** Changes handed on by the poll, in order. */
  readonly changes: DeviceChange[];
  readonly apiKey: string;
  /** @returns its API key */
  createClient(name: string, site: string, kind?: ClientKind): Promise<string>;
  /** What another app over the same store is made with. */
  readonly overrides: AppOverrides;
}

export interface FixtureOptions {
  /**
   * `memory` where the test is about something else than the store: Azurite takes most of the time. Usually
   * `azurite`.
   */
  readonly store?: 'azurite' | 'memory';
  readonly tenant?: IntuneTenantOptions;
  readonly env?: Readonly<Record<string, string>>;
  readonly overrides?: AppOverrides;
}

/** Above what any test asks about: memory for all of them is taken at once. */
const MOST_REMEMBERED = 2_000;

export async function startConnector(options: FixtureOptions = {}): Promise<ConnectorFixture> {
  const stack = new AsyncDisposableStack();
  const store = options.store === 'memory' ? memoryStore() : await azurite(stack);
  const { storage, tables } = store;
  const tenant = await startIntuneTenant({ fleetSize: 20, ...options.tenant });
  stack.defer(() => tenant.close());
  const folder = await mkdtemp(join(tmpdir(), 'nac-connector-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const caFile = join(folder, 'tenant-ca.pem');
  await writeFile(caFile, tenant.caPem);

  const env = {
    ENTRA_TENANT_ID: tenant.tenantId,
    ENTRA_CLIENT_ID: tenant.clientId,
    ENTRA_CLIENT_SECRET: tenant.clientSecret,
    ENTRA_AUTHORITY_HOST: tenant.authorityHost,
    GRAPH_ENDPOINT: tenant.graphUrl,
    INTUNE_SERVICE_HOSTS: 'localhost',
    EXTRA_CA_FILE: caFile,
    StorageConnection: storage.connectionString,
    POLLING_INTERVAL: '60m',
    // A test that is about what happens between sweeps turns these on.
    CHANGED_DEVICES_INTERVAL: 'off',
    HARDWARE_MAX_AGE: 'off',
    FAST_LANE: 'off',
    // Most tests ask by MAC address; those about evidence say what is enough.
    MINIMUM_ASSURANCE: 'mac',
    LOG_IDENTITY_PRIVACY: 'FullyKeyHashed',
    ...options.env,
  };
  const apiKey = await store.createClient('radius-1', 'hq');

  const clock = adjustableClock();
  const { logger, entries } = collectingLogger();
  const changes: DeviceChange[] = [];
  const onChange = async (change: DeviceChange): Promise<void> => void changes.push(change);
  const overrides: AppOverrides = {
    clock,
    log: logger,
    onChange,
    mostRemembered: MOST_REMEMBERED,
    ...(store.openTables && { openTables: store.openTables }),
    ...options.overrides,
  };
  const app = createApp(readSettings(env), overrides);
  stack.defer(() => app.close());
  return {
    app,
    env,
    tenant,
    storage,
    tables,
    devices: new TableDeviceStore(tables.devices),
    identities: new TableIdentityStore(tables.identities),
    sessions: new TableSessionStore(tables.sessions),
    sweeps: new TableSweepStore(tables.polling),
    clock,
    log: entries,
    changes,
    apiKey,
    createClient: store.createClient,
    overrides,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** What another app over the same store is made with that hands its changes on to enforcement itself. */
export function withoutListener({ onChange: _, ...overrides }: AppOverrides): AppOverrides {
  return overrides;
}

type Store = Omit<MemoryStore, 'openTables'> & Partial<Pick<MemoryStore, 'openTables'>>;

async function azurite(stack: AsyncDisposableStack): Promise<Store> {
  const server = await startTableStorage();
  stack.defer(() => server.close());
  const storage = await startStorageProxy(server.port);
  stack.defer(() => storage.close());
  // The fixture's own view of the store goes around the proxy: what it reads is not counted.
  const direct = { kind: 'connection-string', connectionString: server.connectionString } as const;
  const registry = await openClientRegistry(direct);
  await registry.prepareStore();
  const tables = await openTables(direct, 'background');
  return { storage, tables, createClient: registry.createClient };
}
