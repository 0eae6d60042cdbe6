// What the lookup bench runs against: storage, the function app and the yardstick app, each in a process of its own.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Agent, request } from 'undici';
import { createServerCertificates } from '../../local/certificates/server-certificates.ts';
import { spawnFunctionsHost } from '../../local/functions-host/spawn-functions-host.ts';
import { connectionString } from '../../local/table-storage.ts';
import { buildFunctionApp } from '../../scripts/build-function-app.ts';
import { deviceRow } from '../../shared/adapters/table-storage/row-keys.ts';
import { TableDeviceStore } from '../../shared/adapters/table-storage/table-device-store.ts';
import { TableIdentityStore } from '../../shared/adapters/table-storage/table-identity-store.ts';
import { openTables, type Tables } from '../../shared/adapters/table-storage/tables.ts';
import { openClientRegistry } from '../../shared/app/client-registry.ts';
import type { Device } from '../../shared/domain/device/device.ts';
import type { MacAddress } from '../../shared/domain/mac-address.ts';
import { planObserved } from '../../shared/polling/records/plan-device-write.ts';
import { saveDevices } from '../../shared/polling/records/save-devices.ts';
import { buildApp } from '../support/functions-host-app/build-app.ts';
import { startChild } from './child-process.ts';
import { processorSeconds } from './processor-seconds.ts';

export interface BenchApp {
  readonly url: string;
  /** @throws unless the answer is 200 */
  post(path: string, body: string): Promise<void>;
  /** Under another key. @returns the status of the answer */
  sendAs(apiKey: string, method: string, path: string, body: string | undefined): Promise<number>;
  /** A question of a person, under another key. @throws unless the answer is 200 */
  readAs(apiKey: string, path: string): Promise<unknown>;
  /** Processor time of the app's process so far, seconds. */
  processorSeconds(): number;
}

export interface LookupSite extends AsyncDisposable {
  readonly connector: BenchApp;
  readonly yardstick: BenchApp;
  /** Another instance of the connector on the same storage, with these settings as well. */
  startConnector(env: Readonly<Record<string, string>>): Promise<BenchApp>;
  readonly tables: Tables;
  readonly storageConnection: string;
  readonly apiKey: string;
  /** Of a client that may read everything, at each site. */
  readonly readerKey: string;
  readonly caFile: string;
  /** Adds devices to the store, numbered on. */
  grow(devices: number): Promise<void>;
}

/** Address of the n-th device, which a lookup recognises it by. */
export function macOf(index: number): string {
  return `a4bb${index.toString(16).padStart(8, '0')}`;
}

export function lookupBody(index: number): string {
  return JSON.stringify({
    method: 'mab',
    userName: macOf(index),
    callingStationId: macOf(index),
    nasIpAddress: '10.1.1.1',
  });
}

export function deviceIdOf(index: number): string {
  return `00000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}`;
}

export function deviceNameOf(index: number): string {
  return `NAC-${String(index).padStart(6, '0')}`;
}

function deviceOf(index: number, named = false): Device {
  const names = {
    name: deviceNameOf(index),
    serialNumber: `SN${index}X`,
    userPrincipalName: `user${index}@bench.example`,
  };
  const wifiMac = macOf(index) as MacAddress;
  return { source: 'intune', id: deviceIdOf(index), complianceState: 'compliant', wifiMac, ...(named && names) };
}

const STORAGES = { emulator: 'storage-process.ts', memory: 'table-service-process.ts' } as const;

export interface LookupSiteOptions {
  /** `emulator` unless given; `memory` where an emulator would look at every row. */
  readonly storage?: keyof typeof STORAGES;
  /** Milliseconds after which `memory` answers. */
  readonly storageDelayMs?: number;
  /** Devices have names, serial numbers and users as well: what people look for. */
  readonly named?: boolean;
}

export async function lookupSite({
  storage: kind = 'emulator',
  storageDelayMs = 0,
  named = false,
}: LookupSiteOptions = {}): Promise<LookupSite> {
  await using stack = new AsyncDisposableStack();
  /** Owns what is started, and after the start is handed on with it. */
  let owner = stack;
  const folder = mkdtempSync(path.join(tmpdir(), 'nac-bench-'));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const script = path.join(import.meta.dirname, STORAGES[kind]);
  const storage = startChild({ script, args: [String(storageDelayMs)], logFile: path.join(folder, 'storage.log') });
  stack.defer(() => storage.stop());
  const { port } = (await storage.message()) as { port: number };
  const storageConnection = connectionString(port);
  const connection = { kind: 'connection-string', connectionString: storageConnection } as const;
  const registry = await openClientRegistry(connection);
  await registry.prepareStore();
  const apiKey = await registry.createClient('bench', 'hq');
  const readerKey = await registry.createClient('reader', 'hq', 'auditor', true);
  const tables = await openTables(connection, 'background');
  const stores = {
    devices: new TableDeviceStore(tables.devices),
    identities: new TableIdentityStore(tables.identities),
  };

  const tls = await createServerCertificates('Bench CA');
  const caFile = path.join(folder, 'ca.pem');
  const files = { certFile: path.join(folder, 'server.pem'), keyFile: path.join(folder, 'server.key') };
  writeFileSync(caFile, tls.caPem);
  writeFileSync(files.certFile, tls.serverCertificatePem);
  writeFileSync(files.keyFile, tls.serverPrivateKeyPem, { mode: 0o600 });
  const dispatcher = new Agent({ connect: { ca: readFileSync(caFile) }, connections: 64, pipelining: 1 });
  stack.defer(() => dispatcher.close());

  async function start(appFolder: string, env: Readonly<Record<string, string>>): Promise<BenchApp> {
    const host = await spawnFunctionsHost({ appFolder, functions: 'http', tls: files, env });
    owner.defer(() => host.stop());
    const url = `https://localhost:${host.port}`;
    const headers = { 'content-type': 'application/json', 'x-api-key': apiKey, accept: 'text/plain' };
    const sendAs: BenchApp['sendAs'] = async (key, method, route, body) => {
      const own = { ...headers, 'x-api-key': key };
      const sent = body === undefined ? {} : { body };
      const answer = await request(`${url}${route}`, { method: method as 'POST', headers: own, ...sent, dispatcher });
      await answer.body.dump();
      return answer.statusCode;
    };
    return {
      url,
      sendAs,
      async readAs(key, route) {
        const answer = await request(`${url}${route}`, { headers: { 'x-api-key': key }, dispatcher });
        if (answer.statusCode !== 200) throw new Error(`${route} answered ${answer.statusCode}`);
        return answer.body.json();
      },
      processorSeconds: () => processorSeconds(host.pid),
      async post(route, body) {
        const answer = await request(`${url}${route}`, { method: 'POST', headers, body, dispatcher });
        const text = await answer.body.text();
        if (answer.statusCode !== 200) throw new Error(`${route} answered ${answer.statusCode}: ${text}`);
      },
    };
  }

  await buildFunctionApp();
  const root = path.join(import.meta.dirname, '../..');
  const nilGuid = '00000000-0000-4000-8000-000000000000';
  const settings = {
    ENTRA_TENANT_ID: nilGuid,
    ENTRA_CLIENT_ID: nilGuid,
    ENTRA_CLIENT_SECRET: 'not used: nothing is polled here',
    StorageConnection: storageConnection,
    MINIMUM_ASSURANCE: 'mac',
    // One client asks as often as all of a region's would.
    CLIENT_REQUESTS_PER_SECOND: '0',
    NEW_SESSIONS_PER_MINUTE: '1000000',
  };
  const connector = await start(root, settings);
  const appFolder = buildApp({ source: readFileSync(path.join(import.meta.dirname, 'lookup-yardstick.ts'), 'utf8') });
  stack.defer(() => rmSync(appFolder, { recursive: true, force: true }));
  const { partitionKey, rowKey } = deviceRow(deviceOf(0));
  const yardstick = await start(appFolder, {
    StorageConnection: storageConnection,
    YARDSTICK_ROW: `${partitionKey} ${rowKey}`,
  });

  let stored = 0;
  owner = stack.move();
  return {
    connector,
    yardstick,
    startConnector: (env) => start(root, { ...settings, ...env }),
    tables,
    storageConnection,
    apiKey,
    readerKey,
    caFile,
    async grow(devices) {
      const observedAt = new Date().toISOString();
      for (const end = stored + devices; stored < end; ) {
        const page = Array.from({ length: Math.min(2000, end - stored) }, () => deviceOf(stored++, named));
        await saveDevices(
          stores,
          page.map((key) => ({ key, plan: (before) => planObserved(before, key, observedAt) })),
        );
      }
    },
    [Symbol.asyncDispose]: () => owner.disposeAsync(),
  };
}
