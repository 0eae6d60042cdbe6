// The poll over tables in memory, behind a wire on which each call takes virtual time; Intune's list and point reads
// are what a test says they are.

import { sourceState } from '../../shared/adapters/table-storage/source-state.ts';
import { TableIdentityStore } from '../../shared/adapters/table-storage/table-identity-store.ts';
import type { Tables } from '../../shared/adapters/table-storage/tables.ts';
import type { Device } from '../../shared/domain/device/device.ts';
import type { DeviceChange } from '../../shared/domain/device/device-change.ts';
import { runTick, type TickDeps, type TickLimits } from '../../shared/polling/poll.ts';
import type { SliceResult } from '../../shared/polling/sweep/sweep.ts';
import type { ListedRecord } from '../../shared/ports/compliance-source.ts';
import { collectingLogger, type LogEntry } from './collecting-logger.ts';
import { type SlowTables, slowTables } from './slow-tables.ts';

const STARTS_AT = Date.parse('2026-11-30T00:00:00.000Z');
const HOUR_MS = 3_600_000;
const PAGE = 100;
/** Of the time that a function may run. */
export const SLICE_MS = 72_000;

export interface Tenant {
  /** What point reads find. */
  devices: Device[];
  /** What each page of the list shows; the devices in pages of a hundred, unless a test says otherwise. */
  pages: () => readonly (readonly Device[])[];
  /** Milliseconds until a page is answered. */
  pageAfterMs: number;
  /** Devices that checked in, as the filter shows them. */
  checkedIn: () => readonly Device[];
}

export interface SweepTables {
  readonly slow: SlowTables;
  readonly tenant: Tenant;
  readonly log: LogEntry[];
  readonly changes: DeviceChange[];
  /** When devices that checked in were asked for: virtual milliseconds. */
  readonly lookedAt: number[];
  readonly pagesAsked: number[];
  readonly deps: TickDeps;
  readonly limits: TickLimits;
  depsOf(tables: Tables): TickDeps;
  tick(): Promise<SliceResult>;
  /** An hour later, when the next sweep is due. */
  sweep(): Promise<SliceResult>;
  present(): Promise<number>;
}

export interface SweepOptions {
  /** Of the source. */
  readonly name?: string;
  /** Where several sources feed one store. */
  readonly slow?: SlowTables;
  readonly callMs?: number;
  readonly massChange?: { readonly share: number; readonly least: number };
  readonly changedDevicesIntervalMs?: number;
  readonly onChange?: (slow: SlowTables, change: DeviceChange) => Promise<void>;
}

export function sweepTables(options: SweepOptions = {}): SweepTables {
  const {
    name = 'intune',
    callMs = 1,
    massChange = { share: 0.1, least: 10 },
    changedDevicesIntervalMs,
    onChange,
  } = options;
  const slow = options.slow ?? slowTables(STARTS_AT, callMs);
  const { logger, entries } = collectingLogger();
  const changes: DeviceChange[] = [];
  const lookedAt: number[] = [];
  const pagesAsked: number[] = [];
  const tenant: Tenant = {
    devices: [],
    pages: () => pagesOf(tenant.devices),
    pageAfterMs: 10,
    checkedIn: () => [],
  };
  const now = (): string => slow.clock.now().toISOString();
  const wait = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => void slow.time.after(milliseconds, resolve));
  let owners = 0;
  const depsOf = (tables: Tables): TickDeps => ({
    source: {
      name,
      isDeviceId: () => true,
      list: {
        async listDevices(cursor) {
          const requestedAt = now();
          const page = Number(cursor ?? 0);
          pagesAsked.push(page);
          await wait(tenant.pageAfterMs);
          const pages = tenant.pages();
          const nextCursor = page + 1 < pages.length ? { nextCursor: String(page + 1) } : {};
          return { requestedAt, records: (pages[page] ?? []).map(recordOf), ...nextCursor };
        },
      },
      checkIns: {
        async listCheckedInSince() {
          const requestedAt = now();
          lookedAt.push(slow.time.now);
          await wait(10);
          return { requestedAt, devices: tenant.checkedIn(), filtered: true };
        },
      },
      devices: {
        async readDevices(ids) {
          const requestedAt = now();
          await wait(10);
          return ids.map((id) => {
            const device = tenant.devices.find((one) => one.id === id);
            return device
              ? { id, requestedAt, kind: 'found' as const, device, problems: [] }
              : { id, requestedAt, kind: 'absent' as const };
          });
        },
      },
    },
    ...sourceState(tables, name),
    identities: new TableIdentityStore(tables.identities),
    onChange: async (change) => {
      await onChange?.(slow, change);
      changes.push(change);
    },
    clock: slow.clock,
    timer: {
      elapsed: () => slow.time.now,
      after: (milliseconds, ring) => slow.time.after(milliseconds, ring),
      turn: async () => undefined,
    },
    random: { fraction: () => 0, hex: () => `${name}-${owners++}` },
    log: logger,
  });
  const deps = depsOf(slow.tables);
  const limits = {
    pollingIntervalMs: HOUR_MS,
    sliceBudgetMs: SLICE_MS,
    leaseMs: 180_000,
    massChange,
    answersDiffer: (before: Device, after: Device) => before.complianceState !== after.complianceState,
    changedDevicesIntervalMs,
    hardwareMaxAgeMs: undefined,
  };
  const tick = async (): Promise<SliceResult> => (await slow.run(() => runTick(deps, limits))).result;
  return {
    slow,
    tenant,
    log: entries,
    changes,
    lookedAt,
    pagesAsked,
    deps,
    limits,
    depsOf,
    tick,
    async sweep() {
      await slow.time.runUntil(slow.time.now + HOUR_MS);
      let result = await tick();
      while (result.kind === 'sliced') result = await tick();
      return result;
    },
    async present() {
      let count = 0;
      for (const { device } of await records(depsOf(slow.atOnce))) if (device) count += 1;
      return count;
    },
  };
}

export function pagesOf(devices: readonly Device[]): readonly (readonly Device[])[] {
  const pages: (readonly Device[])[] = [];
  for (let start = 0; start < devices.length; start += PAGE) pages.push(devices.slice(start, start + PAGE));
  return pages;
}

async function records({ devices }: TickDeps) {
  const found = [];
  for (const shard of '0123456789abcdef') {
    const { records: page } = await devices.listRecords(shard, undefined);
    found.push(...page.filter(({ presence }) => presence === 'present'));
  }
  return found;
}

/** What a record says is its fingerprint. */
function recordOf(device: Device): ListedRecord {
  const { source, id } = device;
  const text = JSON.stringify(device);
  let fingerprint = 1;
  for (let index = 0; index < text.length; index++) {
    fingerprint = (fingerprint * 31 + text.charCodeAt(index)) % 1_099_511_627_689;
  }
  return {
    key: { source, id },
    fingerprint: fingerprint + 1,
    graceExpiresAt: undefined,
    read: () => ({ device, problems: [] }),
  };
}
