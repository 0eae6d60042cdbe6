// Intune, as the product's port sees it: a list in pages that lags behind, devices that checked in, point reads;
// throttled, away, short or empty now and then. What it says of the truth is all the product ever learns; the oracle
// reads the truth.

import { isIntuneDeviceId } from '../../../shared/adapters/intune/intune-device-id.ts';
import type { IntuneAccess } from '../../../shared/adapters/intune/open-intune-source.ts';
import type { ComplianceState } from '../../../shared/domain/device/compliance-state.ts';
import type { Device } from '../../../shared/domain/device/device.ts';
import type { MacAddress } from '../../../shared/domain/mac-address.ts';
import { SourceError } from '../../../shared/errors.ts';
import type { NoncompliantList, RetrievedCompliance, Verdicts } from '../../../shared/ports/compliance-retrieval.ts';
import type { ListedRecord } from '../../../shared/ports/compliance-source.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { SimProcess } from '../sim-process.ts';
import type { VirtualTime } from '../virtual-time.ts';

export type IntuneTrouble = 'none' | 'away' | 'throttles' | 'short-list' | 'empty-list';

/** What Intune holds of a device from a moment on; nothing once it is removed. */
interface Moment {
  readonly at: number;
  readonly device: Device | undefined;
}

export interface TrueDevice {
  readonly id: string;
  readonly complianceState: ComplianceState;
  readonly wifiMac: string;
  readonly serialNumber: string;
  /** Where a second source knows devices by it. */
  readonly entraDeviceId?: string;
}

const REQUEST_LIMIT_MS = 30_000;

export class IntuneModel {
  trouble: IntuneTrouble = 'none';
  readonly #time: VirtualTime;
  readonly #histories = new Map<string, Moment[]>();
  readonly #pageSize: number;
  /** How long a change takes until lists and filters show it. */
  readonly #lagMs: number;

  constructor(time: VirtualTime, random: SeededRandom) {
    this.#time = time;
    this.#pageSize = random.pick([2, 5, 50]);
    this.#lagMs = random.pick([0, 5_000, 30_000]);
  }

  /** Milliseconds until the lists say what is true. */
  get lagMs(): number {
    return this.#lagMs;
  }

  /** Enrols the device, or has it check in with what it is now. */
  put({ id, complianceState, wifiMac, serialNumber, entraDeviceId }: TrueDevice, checksIn = true): void {
    const before = this.#histories.get(id)?.at(-1)?.device;
    const now = new Date(this.#time.now).toISOString();
    const device: Device = {
      source: 'intune',
      id,
      complianceState,
      name: `PC-${id.slice(0, 4)}`,
      wifiMac: wifiMac as MacAddress,
      serialNumber,
      ...(entraDeviceId !== undefined && { entraDeviceId }),
      enrolledAt: before?.enrolledAt ?? now,
      lastSyncAt: checksIn ? now : (before?.lastSyncAt ?? now),
    };
    this.#note(id, device);
  }

  remove(id: string): void {
    this.#note(id, undefined);
  }

  /** What is true at this moment. */
  truth(): Device[] {
    return [...this.#histories.values()].flatMap((history) => history.at(-1)?.device ?? []);
  }

  get(id: string): Device | undefined {
    return this.#histories.get(id)?.at(-1)?.device;
  }

  /** What tells a machine, as far as the device ever had it: addresses and serial numbers. */
  marksOf(id: string): ReadonlySet<string> {
    const devices = (this.#histories.get(id) ?? []).flatMap(({ device }) => device ?? []);
    return new Set(devices.flatMap(({ wifiMac, serialNumber }) => [wifiMac ?? '', serialNumber ?? '']));
  }

  /** Since when the device is as it is. */
  changedAt(id: string): number | undefined {
    return this.#histories.get(id)?.at(-1)?.at;
  }

  /**
   * Until when the device was in one of these states; `undefined` where it never was. A state that is true now ends
   * never.
   */
  lastTimeOf(id: string, states: readonly string[]): number | undefined {
    const history = this.#histories.get(id) ?? [];
    const last = history.findLastIndex(({ device }) => device !== undefined && states.includes(device.complianceState));
    return last < 0 ? undefined : (history[last + 1]?.at ?? Number.POSITIVE_INFINITY);
  }

  /** As one process asks it. */
  access(process: SimProcess): IntuneAccess {
    const ask = <T>(what: string, read: (requestedAt: string) => T): Promise<T> => this.#ask(process, what, read);
    const retrieval = this.#retrieval(ask);
    return {
      name: 'intune',
      isDeviceId: isIntuneDeviceId,
      list: {
        listDevices: (cursor) =>
          ask('list', (requestedAt) => {
            const devices = this.#listed();
            const from = cursor === undefined ? 0 : devices.findIndex(({ id }) => id > cursor);
            const page = from < 0 ? [] : devices.slice(from, from + this.#pageSize);
            const last = page.at(-1)?.id;
            const more = last !== undefined && devices.some(({ id }) => id > last);
            return { requestedAt, records: page.map(recordOf), ...(more && { nextCursor: last }) };
          }),
      },
      checkIns: {
        listCheckedInSince: (since, cursor) =>
          ask('changed', (requestedAt) => {
            const devices = this.#seen().filter(
              ({ id, lastSyncAt }) => (lastSyncAt ?? '') > since && (cursor === undefined || id > cursor),
            );
            const page = devices.slice(0, this.#pageSize);
            const last = page.at(-1)?.id;
            return {
              requestedAt,
              devices: page,
              filtered: true,
              ...(devices.length > page.length && last !== undefined && { nextCursor: last }),
            };
          }),
      },
      devices: {
        readDevices: (ids) =>
          ask('read', (requestedAt) =>
            ids.map((id) => {
              const device = this.#readOne(id);
              return device === undefined
                ? ({ id, requestedAt, kind: 'absent' } as const)
                : ({ id, requestedAt, kind: 'found', device, problems: [] } as const);
            }),
          ),
      },
      hardware: {
        batchSize: 20,
        batchesPerTick: 50,
        readHardware: (ids) =>
          ask('hardware', (requestedAt) =>
            ids.map((id) => ({ id, requestedAt, kind: this.get(id) ? ('found' as const) : ('absent' as const) })),
          ),
      },
      hints: { read: () => ask('delta', (requestedAt) => ({ requestedAt, changes: [], deltaLink: 'delta' })) },
      verdicts: retrieval,
      noncompliant: retrieval,
      live: () => retrieval,
      address: { locate: () => ask('locate', () => 'https://fef.msua01.manage.microsoft.com/StatelessNACService') },
      tokens: { getToken: async () => 'token', refused: () => undefined, credentials: async () => [] },
      close: async () => undefined,
    };
  }

  #retrieval(ask: <T>(what: string, read: (requestedAt: string) => T) => Promise<T>): Verdicts & NoncompliantList {
    const answer = (requestedAt: string, device: Device | undefined): RetrievedCompliance => ({
      requestedAt,
      ...(device && { device: { id: device.id, compliant: isCompliant(device) } }),
    });
    return {
      pace: { capacity: 20, perSecond: 20 },
      atOnce: 8,
      leastIntervalMs: 4 * 3_600_000,
      spreadMs: 30 * 60_000,
      readByDeviceId: (id) => ask('retrieve', (at) => answer(at, this.#readOne(id))),
      readByMac: (mac) =>
        ask('retrieve', (at) =>
          answer(
            at,
            this.truth().find(({ wifiMac }) => wifiMac === mac),
          ),
        ),
      listNoncompliant: () =>
        ask('noncompliant', (requestedAt) => ({
          requestedAt,
          devices: this.#seen()
            .filter((device) => !isCompliant(device))
            .map(({ id }) => ({ id, compliant: false })),
          problems: [],
        })),
    };
  }

  #ask<T>(process: SimProcess, what: string, read: (requestedAt: string) => T): Promise<T> {
    if (!process.alive) return new Promise(() => undefined);
    const requestedAt = process.clock.now().toISOString();
    const { random } = process;
    const answerAfter = 50 + random.below(random.chance(0.05) ? 3_000 : 300);
    return new Promise((resolve, reject) => {
      const say = (milliseconds: number, done: () => void): void => void process.after(milliseconds, done);
      if (this.trouble === 'away') return say(random.chance(0.5) ? REQUEST_LIMIT_MS : 200, () => reject(away(what)));
      if (this.trouble === 'throttles' && random.chance(0.6)) return say(100, () => reject(throttled(what)));
      process.after(answerAfter / 2, () => {
        const value = read(requestedAt);
        say(answerAfter / 2, () => resolve(value));
      });
    });
  }

  #listed(): Device[] {
    const devices = this.#seen();
    if (this.trouble === 'empty-list') return [];
    return this.trouble === 'short-list' ? devices.filter((_, index) => index % 3 !== 1) : devices;
  }

  /** A point read lags no less than a list; a tenant that lists nothing knows no device. */
  #readOne(id: string): Device | undefined {
    return this.trouble === 'empty-list' ? undefined : this.#seenOf(this.#histories.get(id) ?? []);
  }

  #seen(): Device[] {
    const devices = [...this.#histories.values()].flatMap((history) => this.#seenOf(history) ?? []);
    return devices.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  #seenOf(history: readonly Moment[]): Device | undefined {
    const until = this.#time.now - this.#lagMs;
    return history.findLast(({ at }) => at <= until)?.device;
  }

  #note(id: string, device: Device | undefined): void {
    const history = this.#histories.get(id) ?? [];
    history.push({ at: this.#time.now, device });
    this.#histories.set(id, history);
  }
}

function isCompliant({ complianceState }: Device): boolean {
  return complianceState === 'compliant' || complianceState === 'inGracePeriod';
}

function recordOf(device: Device): ListedRecord {
  return {
    key: { source: device.source, id: device.id },
    fingerprint: fingerprintOf(JSON.stringify({ ...device, lastSyncAt: device.lastSyncAt?.slice(0, 10) })),
    graceExpiresAt: undefined,
    read: () => ({ device, problems: [] }),
  };
}

/** Forty bits (FNV-1a, twice). */
function fingerprintOf(text: string): number {
  let high = 0x811c9dc5;
  let low = 0x1000193;
  for (let index = 0; index < text.length; index++) {
    high = Math.imul(high ^ text.charCodeAt(index), 0x01000193);
    low = Math.imul(low ^ text.charCodeAt(index), 0x01000193) + 1;
  }
  return (high >>> 0) * 256 + (low & 0xff);
}

function away(what: string): SourceError {
  return new SourceError('NAC_SOURCE_UNAVAILABLE', `Intune does not answer: ${what}.`, { action: 'Wait.' });
}

function throttled(what: string): SourceError {
  return new SourceError('NAC_SOURCE_THROTTLED', `Intune asks to wait: ${what}.`, {
    action: 'Wait.',
    retryAfterMs: 20_000,
  });
}
