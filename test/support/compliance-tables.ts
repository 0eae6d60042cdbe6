// The flows of the least permission over tables in memory, behind a wire on which each call takes virtual time;
// Intune's Compliance Retrieval service is what a test says it is.

import { isIntuneDeviceId } from '../../shared/adapters/intune/intune-device-id.ts';
import { TableDeviceStore } from '../../shared/adapters/table-storage/table-device-store.ts';
import { TableIdentityStore } from '../../shared/adapters/table-storage/table-identity-store.ts';
import { TableSessionStore } from '../../shared/adapters/table-storage/table-session-store.ts';
import { TableTaskStore } from '../../shared/adapters/table-storage/table-task-store.ts';
import type { Tables } from '../../shared/adapters/table-storage/tables.ts';
import type { Device } from '../../shared/domain/device/device.ts';
import type { DeviceChange } from '../../shared/domain/device/device-change.ts';
import { pointReadsOfVerdicts } from '../../shared/polling/point-reads/point-reads.ts';
import { planObserved } from '../../shared/polling/records/plan-device-write.ts';
import { saveDevices } from '../../shared/polling/records/save-devices.ts';
import { type PollNoncompliantDeps, pollNoncompliant } from '../../shared/polling/without-sweep/poll-noncompliant.ts';
import { refreshAuthenticated } from '../../shared/polling/without-sweep/refresh-authenticated.ts';
import type {
  NoncompliantList,
  NoncompliantPage,
  RetrievedDevice,
  Verdicts,
} from '../../shared/ports/compliance-retrieval.ts';
import type { Telemetry } from '../../shared/ports/telemetry.ts';
import { collectingLogger, type LogEntry } from './collecting-logger.ts';
import { type SlowTables, slowTables } from './slow-tables.ts';

const STARTS_AT = Date.parse('2026-11-30T06:00:00.000Z');
const CALL_MS = 5;
const MASS = { share: 0.1, least: 10 };
const answersDiffer = (before: Device, after: Device): boolean => before.complianceState !== after.complianceState;

/** What the service says of whom. */
export interface Service {
  /** Devices on each page of the noncompliant list. */
  readonly pages: (readonly RetrievedDevice[])[];
  /** Called before each page is answered; throws where the service fails. */
  onPage?: (page: number) => void;
  compliantNow: (id: string) => boolean | undefined;
  /** Milliseconds that it takes to answer. */
  answersAfterMs: number;
}

export interface ComplianceTables {
  readonly slow: SlowTables;
  readonly service: Service;
  readonly log: LogEntry[];
  readonly changes: DeviceChange[];
  /** Pages asked for. */
  readonly askedPages: number[];
  /** Ids of devices asked about one by one. */
  readonly askedDevices: string[];
  /** Addresses asked about one by one. */
  readonly askedAddresses: string[];
  /** One tick, by a process whose calls never come back from a moment on. */
  list(budgetMs: number, killedAt?: number): Promise<string>;
  refresh(budgetMs: number): Promise<string>;
  store(devices: readonly Device[]): Promise<void>;
  readonly atOnce: PollNoncompliantDeps;
  /** Over the wire. */
  readonly deps: PollNoncompliantDeps;
}

export function complianceTables(telemetry?: Telemetry): ComplianceTables {
  const slow = slowTables(STARTS_AT, CALL_MS);
  const service: Service = { pages: [], compliantNow: () => undefined, answersAfterMs: 100 };
  const { logger, entries } = collectingLogger();
  const changes: DeviceChange[] = [];
  const askedPages: number[] = [];
  const askedDevices: string[] = [];
  const askedAddresses: string[] = [];
  const retrieval = retrievalOf(slow, service, { askedPages, askedDevices, askedAddresses });
  const source = { name: 'intune', isDeviceId: isIntuneDeviceId, verdicts: retrieval, noncompliant: retrieval };
  let owners = 0;
  const depsOf = (tables: Tables): PollNoncompliantDeps => ({
    source,
    outOfBand: false,
    tasks: new TableTaskStore(tables.polling),
    devices: new TableDeviceStore(tables.devices),
    identities: new TableIdentityStore(tables.identities),
    sessions: new TableSessionStore(tables.sessions),
    reads: pointReadsOfVerdicts(retrieval, 'intune', slow.clock, waitOf(slow)),
    onChange: async (change) => void changes.push(change),
    clock: slow.clock,
    random: { fraction: () => 0, hex: () => `owner-${owners++}` },
    log: logger,
    telemetry,
  });
  const limits = (budgetMs: number) => ({ massChange: MASS, answersDiffer, leaseMs: 180_000, budgetMs });
  return {
    slow,
    service,
    log: entries,
    changes,
    askedPages,
    askedDevices,
    askedAddresses,
    atOnce: depsOf(slow.atOnce),
    deps: depsOf(slow.tables),
    async list(budgetMs, killedAt) {
      const deps = depsOf(killedAt === undefined ? slow.tables : slow.openUntil(() => killedAt));
      const work = pollNoncompliant(deps, { ...limits(budgetMs), intervalMs: 4 * 3_600_000 });
      if (killedAt === undefined) return (await slow.run(() => work)).result;
      await slow.time.runUntil(killedAt + 1_000);
      return 'killed';
    },
    async refresh(budgetMs) {
      const work = refreshAuthenticated(depsOf(slow.tables), { ...limits(budgetMs), intervalMs: 3_600_000 });
      return (await slow.run(() => work)).result;
    },
    async store(devices) {
      const observedAt = new Date(slow.time.now).toISOString();
      const toSave = devices.map((device) => ({
        key: device,
        plan: () => planObserved(undefined, device, observedAt),
      }));
      await saveDevices(depsOf(slow.atOnce), toSave);
    },
  };
}

function waitOf({ time }: SlowTables): (milliseconds: number) => Promise<void> {
  return (milliseconds) => new Promise((resolve) => void time.after(milliseconds, resolve));
}

function retrievalOf(
  slow: SlowTables,
  service: Service,
  asked: { readonly askedPages: number[]; readonly askedDevices: string[]; readonly askedAddresses: string[] },
): Verdicts & NoncompliantList {
  const wait = waitOf(slow);
  const now = (): string => slow.clock.now().toISOString();
  return {
    pace: { capacity: 20, perSecond: 20 },
    atOnce: 8,
    leastIntervalMs: 4 * 3_600_000,
    spreadMs: 30 * 60_000,
    async readByDeviceId(id) {
      const requestedAt = now();
      asked.askedDevices.push(id);
      await wait(service.answersAfterMs);
      const compliant = service.compliantNow(id);
      return { requestedAt, ...(compliant !== undefined && { device: { id, compliant } }) };
    },
    async readByMac(mac) {
      const requestedAt = now();
      asked.askedAddresses.push(mac);
      await wait(service.answersAfterMs);
      return { requestedAt };
    },
    async listNoncompliant(cursor): Promise<NoncompliantPage> {
      const requestedAt = now();
      const page = Number(cursor ?? 0);
      asked.askedPages.push(page);
      await wait(service.answersAfterMs);
      service.onPage?.(page);
      const nextCursor = page + 1 < service.pages.length ? { nextCursor: String(page + 1) } : {};
      return { requestedAt, devices: service.pages[page] ?? [], problems: [], ...nextCursor };
    },
  };
}
