// Another MDM beside Intune, with a list of its own that lags, fails, and is short now and then. It knows some of
// Intune's devices, by their Entra ids and by nothing weaker; what it says of the truth is all the product ever learns.

import type { SourceSetup } from '../../../shared/app/source-setup.ts';
import type { ComplianceState } from '../../../shared/domain/device/compliance-state.ts';
import type { Device } from '../../../shared/domain/device/device.ts';
import { SourceError } from '../../../shared/errors.ts';
import type { MdmSource } from '../../../shared/ports/mdm-source.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { SimProcess } from '../sim-process.ts';
import type { VirtualTime } from '../virtual-time.ts';

export const SECOND = 'jamf';
export type SecondTrouble = 'none' | 'away' | 'hangs' | 'short-list' | 'empty-list';

interface Moment {
  readonly at: number;
  readonly device: Device | undefined;
}

const HANGS_MS = 30_000;

export class SecondSource {
  trouble: SecondTrouble = 'none';
  readonly lagMs: number;
  readonly #time: VirtualTime;
  readonly #pageSize: number;
  readonly #histories = new Map<string, Moment[]>();

  constructor(time: VirtualTime, random: SeededRandom) {
    this.#time = time;
    this.#pageSize = random.pick([2, 50]);
    this.lagMs = random.pick([0, 20_000]);
  }

  put(id: string, entraDeviceId: string, complianceState: ComplianceState): void {
    this.#note(id, { source: SECOND, id, complianceState, entraDeviceId, name: `MAC-${id}` });
  }

  remove(id: string): void {
    this.#note(id, undefined);
  }

  get(id: string): Device | undefined {
    return this.#histories.get(id)?.at(-1)?.device;
  }

  /** What is true at this moment. */
  truth(): Device[] {
    return [...this.#histories.keys()].flatMap((id) => this.get(id) ?? []);
  }

  /** The one record with this Entra id, as it is now. */
  partnerOf(entraDeviceId: string): Device | undefined {
    return this.truth().find((device) => device.entraDeviceId === entraDeviceId);
  }

  /** Until when a record with this Entra id was in one of these states; a state that is true now ends never. */
  lastTimeOf(entraDeviceId: string, states: readonly string[]): number | undefined {
    const times = [...this.#histories.values()].flatMap((history) => {
      const is = ({ device }: Moment): boolean =>
        device?.entraDeviceId === entraDeviceId && states.includes(device.complianceState);
      const last = history.findLastIndex(is);
      return last < 0 ? [] : (history[last + 1]?.at ?? Number.POSITIVE_INFINITY);
    });
    return times.length === 0 ? undefined : Math.max(...times);
  }

  /** As one process opens it. */
  setup(process: SimProcess, pollingIntervalMs: number): SourceSetup {
    const isDeviceId = (text: string): boolean => /^[0-9]{1,6}$/.test(text);
    const source: MdmSource = {
      name: SECOND,
      isDeviceId,
      list: {
        listDevices: (cursor) =>
          this.#ask(process, (requestedAt) => {
            const listed = this.#listed();
            const from = cursor === undefined ? 0 : listed.findIndex(({ id }) => id > cursor);
            const page = from < 0 ? [] : listed.slice(from, from + this.#pageSize);
            const last = page.at(-1)?.id;
            const more = last !== undefined && listed.some(({ id }) => id > last);
            return { requestedAt, records: page.map(recordOf), ...(more && { nextCursor: last }) };
          }),
      },
    };
    return {
      name: SECOND,
      isDeviceId,
      sweeps: true,
      limits: {
        pollingIntervalMs,
        changedDevicesIntervalMs: undefined,
        hardwareMaxAgeMs: undefined,
        reauthIntervalMs: pollingIntervalMs,
        fastLaneMs: undefined,
        massChange: { share: 0.4, least: 4 },
        asksLive: false,
      },
      reachableMs: 4 * pollingIntervalMs,
      callMs: 45_000,
      open: async () => ({ source, close: async () => undefined }),
      examine: async () => ({ checks: [], close: async () => undefined }),
    };
  }

  #ask<T>(process: SimProcess, read: (requestedAt: string) => T): Promise<T> {
    if (!process.alive) return new Promise(() => undefined);
    const requestedAt = process.clock.now().toISOString();
    const takesMs = 50 + process.random.below(300);
    return new Promise((resolve, reject) => {
      if (this.trouble === 'away') return void process.after(200, () => reject(away()));
      if (this.trouble === 'hangs') return void process.after(HANGS_MS, () => reject(away()));
      process.after(takesMs / 2, () => {
        const value = read(requestedAt);
        process.after(takesMs / 2, () => resolve(value));
      });
    });
  }

  #listed(): Device[] {
    const until = this.#time.now - this.lagMs;
    const seen = [...this.#histories.values()].flatMap(
      (history) => history.findLast(({ at }) => at <= until)?.device ?? [],
    );
    if (this.trouble === 'empty-list') return [];
    const listed = seen.sort((a, b) => (a.id < b.id ? -1 : 1));
    return this.trouble === 'short-list' ? listed.filter((_, index) => index % 2 === 0) : listed;
  }

  #note(id: string, device: Device | undefined): void {
    const history = this.#histories.get(id) ?? [];
    history.push({ at: this.#time.now, device });
    this.#histories.set(id, history);
  }
}

function recordOf(device: Device) {
  return {
    key: { source: SECOND, id: device.id },
    fingerprint: fingerprintOf(JSON.stringify(device)),
    graceExpiresAt: undefined,
    read: () => ({ device, problems: [] }),
  };
}

/** Thirty-two bits (FNV-1a). */
function fingerprintOf(text: string): number {
  let sum = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) sum = Math.imul(sum ^ text.charCodeAt(index), 0x01000193);
  return sum >>> 0;
}

function away(): SourceError {
  return new SourceError('NAC_SOURCE_UNAVAILABLE', 'The second source does not answer.', { action: 'Wait.' });
}
