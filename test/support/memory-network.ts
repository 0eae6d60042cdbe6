// The connector over services in memory, with one device list that a test writes: as many instances as it takes, each
// with a memory of its own, and time that passes when the test says so.

import type { HttpsTransport } from '../../shared/adapters/https/https-transport.ts';
import { isIntuneDeviceId } from '../../shared/adapters/intune/intune-device-id.ts';
import type { IntuneAccess } from '../../shared/adapters/intune/open-intune-source.ts';
import { TableClientStore } from '../../shared/adapters/table-storage/table-client-store.ts';
import { TableDecisionStore } from '../../shared/adapters/table-storage/table-decision-store.ts';
import { TableDeviceStore } from '../../shared/adapters/table-storage/table-device-store.ts';
import { TableSessionStore } from '../../shared/adapters/table-storage/table-session-store.ts';
import type { Tables } from '../../shared/adapters/table-storage/tables.ts';
import type { SourceSetup } from '../../shared/app/source-setup.ts';
import { type App, createApp } from '../../shared/app.ts';
import { type ClientKind, credentialFor, formatApiKey } from '../../shared/domain/client.ts';
import type { EnforcementJob } from '../../shared/domain/coa/enforcement-job.ts';
import type { CoaJob, CoaReport } from '../../shared/domain/coa-job.ts';
import type { Device } from '../../shared/domain/device/device.ts';
import type { MacAddress } from '../../shared/domain/mac-address.ts';
import type { LookupAnswer } from '../../shared/lookup/answer-lookup.ts';
import type { ListedRecord } from '../../shared/ports/compliance-source.ts';
import { readSettings } from '../../shared/settings.ts';
import { seededRandom } from '../simulation/seeded-random.ts';
import { MemoryServiceBus } from '../simulation/services/memory-service-bus.ts';
import { MemoryStorage } from '../simulation/services/memory-table-client.ts';
import { INSTANT, type Wire } from '../simulation/services/wire.ts';
import { clockOf, VirtualTime } from '../simulation/virtual-time.ts';
import { collectingLogger, type LogEntry } from './collecting-logger.ts';

export const MINUTE_MS = 60_000;
export const POLLING_INTERVAL_MS = 60 * MINUTE_MS;
const STARTS_AT = Date.UTC(2026, 10, 30, 8, 0, 0);
const FUNCTION_TIMEOUT_MS = 120_000;

const ENV = {
  ENTRA_TENANT_ID: '00000000-0000-4000-8000-00000000000a',
  ENTRA_CLIENT_ID: '00000000-0000-4000-8000-00000000000b',
  ENTRA_CLIENT_SECRET: 'secret',
  StorageConnection: 'AccountName=memory;AccountKey=a2V5;TableEndpoint=http://memory',
  ServiceBusConnection: 'Endpoint=sb://memory/;SharedAccessKeyName=n;SharedAccessKey=k',
  POLLING_INTERVAL: '60m',
  HARDWARE_MAX_AGE: 'off',
  FAST_LANE: 'off',
  MASS_CHANGE_DEVICES: '1000',
  LOG_IDENTITY_PRIVACY: 'Original',
  MINIMUM_ASSURANCE: 'mac',
};

/** Knows no device, as where live queries are off. */
const UNASKED = {
  pace: { capacity: 20, perSecond: 20 },
  atOnce: 8,
  readByDeviceId: async () => ({ requestedAt: new Date(STARTS_AT).toISOString() }),
  readByMac: async () => ({ requestedAt: new Date(STARTS_AT).toISOString() }),
};

type Fields = Readonly<Record<string, unknown>>;

export interface NetworkOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Of the site hq, from which ids of sessions are made. */
  readonly sessionKey?: string;
  /** To the authority at which people sign in. */
  readonly signInTransport?: Pick<HttpsTransport, 'send'>;
  /** Beside Intune. */
  readonly moreSources?: readonly SourceSetup[];
}

export class MemoryNetwork {
  readonly time = new VirtualTime(STARTS_AT);
  readonly storage = new MemoryStorage(() => this.time.now);
  /** The test's own view of the store. */
  readonly tables: Tables = this.storage.open(INSTANT);
  readonly sessions = new TableSessionStore(this.tables.sessions);
  readonly decisions = new TableDecisionStore(this.tables.sessions);
  readonly devices = new TableDeviceStore(this.tables.devices);
  readonly log: LogEntry[];
  readonly #logger;
  readonly #env: Readonly<Record<string, string>>;
  readonly #bus: MemoryServiceBus;
  readonly #moreSources: readonly SourceSetup[];
  readonly #signInTransport: Pick<HttpsTransport, 'send'> | undefined;
  readonly #intune = new Map<string, Device>();
  /** Called before a tenant lists its devices: throws, or never ends, where the tenant does. */
  onList: (source: string) => Promise<void> = async () => undefined;
  #app: App | undefined;
  #background: App | undefined;
  #apiKey = '';
  #operatorKey = '';

  private constructor({ env = {}, moreSources = [], signInTransport }: NetworkOptions) {
    this.#moreSources = moreSources;
    this.#signInTransport = signInTransport;
    this.#env = { ...ENV, ...env };
    const { logger, entries } = collectingLogger();
    this.#logger = logger;
    this.log = entries;
    const queue = { lockDurationMs: 30_000, maxDeliveryCount: 10, duplicateDetectionWindowMs: 600_000 };
    const coa = { name: 'coa-hq', requiresSession: true, deadLetterOnExpiry: true, ...queue };
    this.#bus = new MemoryServiceBus([coa, { name: 'coa-results', deadLetterOnExpiry: true, ...queue }], {
      now: () => this.time.now,
      after: (milliseconds, callback) => this.time.after(milliseconds, callback),
    });
  }

  static async start(options: NetworkOptions = {}): Promise<MemoryNetwork> {
    const network = new MemoryNetwork(options);
    if (options.sessionKey !== undefined) {
      await new TableClientStore(network.tables.clients).sessionKeyOf('hq', options.sessionKey);
    }
    network.#apiKey = await network.addClient('radius-hq', 'hq');
    network.#operatorKey = await network.addClient('operator', 'hq', 'administrator');
    network.#app = network.instance();
    network.#background = network.instance();
    return network;
  }

  async addClient(name: string, site: string, kind: ClientKind = 'radius'): Promise<string> {
    const clients = new TableClientStore(this.tables.clients);
    const random = seededRandom(1, name);
    const secret = random.hex(32);
    const sessionKey = await clients.sessionKeyOf(site, random.hex(32));
    const credentials = [credentialFor(secret, random.hex(16), this.now)];
    await clients.create({ name, site, kind, sessionKey, credentials });
    return formatApiKey(name, secret);
  }

  /** A process with a memory of its own. @param wire on which its calls to the tables go @param skewMs of its clock */
  instance(wire: Wire = INSTANT, skewMs = 0): App {
    const clock = clockOf(
      (milliseconds, ring) => this.time.after(milliseconds, ring),
      () => this.time.now,
      () => skewMs,
    );
    return createApp(readSettings(this.#env), {
      clock,
      timer: clock,
      log: this.#logger,
      mostRemembered: 200,
      openTables: async () => this.storage.open(wire),
      connectServiceBus: () => this.#bus.connect(INSTANT),
      openIntune: (source) => this.#access(source),
      env: this.#env,
      moreSources: this.#moreSources,
      ...(this.#signInTransport && { signInTransport: this.#signInTransport }),
    });
  }

  get now(): string {
    return new Date(this.time.now).toISOString();
  }

  /** Time passes; nothing runs meanwhile but what was waiting for it. */
  pass(milliseconds: number): Promise<void> {
    return this.time.runUntil(this.time.now + milliseconds);
  }

  /** Enrols the device, or has it check in with what it is now. @returns its id */
  put(number: number, fields: Partial<Device> = {}): string {
    const digits = String(number).padStart(4, '0');
    const id = fields.id ?? `${digits}0000-0000-4000-8000-00000000${digits}`;
    const wifiMac = `a0b1c2d3${digits}` as MacAddress;
    const known = this.#intune.get(id);
    const enrolment = {
      source: 'intune',
      complianceState: 'compliant',
      name: `PC-${digits}`,
      enrolledAt: this.now,
    } as const;
    this.#intune.set(id, {
      ...enrolment,
      serialNumber: `SN${digits}`,
      wifiMac,
      ...known,
      lastSyncAt: this.now,
      ...fields,
      id,
    });
    return id;
  }

  removeDevice(id: string): void {
    this.#intune.delete(id);
  }

  /** A minute goes by, and the poll has its tick: changed devices are stored, and a sweep is made where one is due. */
  async poll(): Promise<void> {
    await this.pass(MINUTE_MS);
    await this.run(() => this.background.poll(FUNCTION_TIMEOUT_MS));
  }

  async sweep(): Promise<void> {
    await this.pass(POLLING_INTERVAL_MS);
    await this.poll();
  }

  async enforce(app = this.background): Promise<void> {
    await this.run(() => app.enforce());
  }

  get app(): App {
    if (this.#app === undefined) throw new Error('not started');
    return this.#app;
  }

  get background(): App {
    if (this.#background === undefined) throw new Error('not started');
    return this.#background;
  }

  /** A second goes by, and a station asks. */
  async ask(fields: Fields, { app = this.app, apiKey = this.#apiKey } = {}): Promise<LookupAnswer> {
    await this.pass(1_000);
    return this.run(() => app.lookup(apiKey, JSON.stringify({ nasIpAddress: '10.1.1.1', ...fields })));
  }

  /** A second goes by, and a record comes in. */
  async account(fields: Fields, { app = this.app, apiKey = this.#apiKey } = {}): Promise<number> {
    await this.pass(1_000);
    const record = JSON.stringify({ nasIpAddress: '10.1.1.1', ...fields });
    return (await this.run(() => app.accounting(apiKey, record))).changed;
  }

  async jobs(query: Readonly<Record<string, string>> = {}): Promise<readonly EnforcementJob[]> {
    const page = await this.run(() => this.background.jobs(this.#operatorKey, new URLSearchParams(query)));
    return page.jobs;
  }

  /** What the site's relay gets out of its queue. */
  async takeJobs(site = 'hq'): Promise<CoaJob[]> {
    const receiver = await this.#bus.connect(INSTANT).acceptSession(`coa-${site}`, site);
    const taken: CoaJob[] = [];
    while (true) {
      const [message] = await this.run(() => receiver.receiveMessages(1, { maxWaitTimeInMs: 100 }));
      if (message === undefined) break;
      taken.push(message.body as CoaJob);
      await receiver.completeMessage(message);
    }
    await receiver.close();
    return taken;
  }

  report(job: CoaJob | undefined, fields: Partial<CoaReport>): Promise<void> {
    const { id: jobId, attempt, site } = job ?? {};
    return this.background.report({
      jobId,
      attempt,
      site,
      relay: 'relay-1',
      stage: 'finished',
      at: this.now,
      ...fields,
    });
  }

  /** Lets time pass as far as the work needs it. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    let isOver = false;
    const working = work().finally(() => {
      isOver = true;
    });
    working.catch(() => undefined);
    for (let tries = 0; !isOver && tries < 100_000; tries++) {
      await new Promise(setImmediate);
      if (!isOver) await this.time.runUntil(this.time.now + 1);
    }
    return working;
  }

  #access(source: string): IntuneAccess {
    const requestedAt = (): string => this.now;
    const list = (): Device[] => [...this.#intune.values()].filter((device) => device.source === source);
    return {
      name: source,
      isDeviceId: isIntuneDeviceId,
      list: {
        listDevices: async () => {
          await this.onList(source);
          return { requestedAt: requestedAt(), records: list().map(recordOf) };
        },
      },
      checkIns: {
        listCheckedInSince: async (since: string) => ({
          requestedAt: requestedAt(),
          devices: list().filter(({ lastSyncAt = '' }) => lastSyncAt > since),
          filtered: true,
        }),
      },
      devices: {
        readDevices: async (ids: readonly string[]) =>
          ids.map((id) => {
            const device = list().find((each) => each.id === id);
            const asked = { id, requestedAt: requestedAt() };
            return device ? { ...asked, kind: 'found', device, problems: [] } : { ...asked, kind: 'absent' };
          }),
      },
      hardware: { batchSize: 20, batchesPerTick: 50, readHardware: async () => [] },
      hints: { read: async () => ({ requestedAt: requestedAt(), changes: [], deltaLink: 'delta' }) },
      verdicts: UNASKED,
      live: () => UNASKED,
      close: async () => undefined,
      tokens: { getToken: async () => 'token', refused: () => undefined, credentials: async () => [] },
    };
  }
}

function recordOf(device: Device): ListedRecord {
  const { lastSyncAt: _, ...content } = device;
  return {
    key: { source: device.source, id: device.id },
    fingerprint: [...JSON.stringify(content)].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 2 ** 40, 7),
    graceExpiresAt: undefined,
    read: () => ({ device, problems: [] }),
  };
}
