// Sweeps of a fleet in bits, slice by slice, with the time and the memory that each of them took.

import { FleetIndex } from '../../shared/polling/sweep/fleet-index.ts';
import { runSweepSlice } from '../../shared/polling/sweep/sweep.ts';
import { collectingLogger, type LogEntry } from './collecting-logger.ts';
import type { FleetOfBits } from './fleet-of-bits.ts';

const STARTS_AT = Date.parse('2026-11-30T00:00:00.000Z');
const INTERVAL_MS = 3_600_000;
/** As a tick gives it, of a function that may run for two minutes. */
const SLICE_MS = 54_000;
const MOST_SLICES = 2_000;

export interface SweepOfFleet {
  readonly result: string;
  /** Virtual milliseconds of each slice. */
  readonly slices: readonly number[];
}

export interface SweepsOfFleet {
  readonly log: LogEntry[];
  /** All devices are in the index, with this fingerprint. */
  fillIndex(numbers: Iterable<number>, fingerprint: number): Promise<void>;
  /** @param listed numbers of the devices that the list shows, with this fingerprint */
  sweep(listed: readonly number[], fingerprint: number): Promise<SweepOfFleet>;
}

export function sweepsOf(fleet: FleetOfBits): SweepsOfFleet {
  const { logger, entries } = collectingLogger();
  const now = (): Date => new Date(STARTS_AT + fleet.clock.at);
  const notUsed = (): never => {
    throw new Error('a sweep does not use this');
  };
  let owners = 0;
  return {
    log: entries,
    async fillIndex(numbers, fingerprint) {
      const index = await FleetIndex.load(fleet.sweeps, 0);
      for (const number of numbers) index.record(fleet.keyOf(number), fingerprint);
      await index.save(fleet.sweeps, false);
    },
    async sweep(listed, fingerprint) {
      fleet.clock.at += INTERVAL_MS;
      const slices: number[] = [];
      const deps = {
        ...fleet,
        source: {
          name: 'intune',
          list: {
            listDevices: async (cursor?: string) => {
              const first = Number(cursor ?? 0);
              fleet.clock.at += 300;
              const records = listed.slice(first, first + 1_000).map((number) => ({
                key: fleet.keyOf(number),
                fingerprint,
                graceExpiresAt: undefined,
                read: () => ({ device: fleet.deviceOf(number), problems: [] }),
              }));
              const next = first + 1_000 < listed.length ? { nextCursor: String(first + 1_000) } : {};
              return { requestedAt: now().toISOString(), records, ...next };
            },
          },
        },
        identities: {
          readOwners: async () => ({ devices: [], more: false }),
          readOwnersOf: async () => ({ devices: [], more: false }),
          addOwners: async () => undefined,
          removeOwners: async () => undefined,
        },
        onChange: async () => undefined,
        clock: { now, within: notUsed, deadline: notUsed },
        timer: { elapsed: () => fleet.clock.at, after: () => () => undefined, turn: async () => undefined },
        random: { fraction: () => 0, hex: () => `owner-${owners++}` },
        log: logger,
      };
      const limits = {
        pollingIntervalMs: INTERVAL_MS,
        sliceBudgetMs: SLICE_MS,
        leaseMs: 180_000,
        massChange: { share: 0.1, least: 50 },
        answersDiffer: () => false,
      };
      for (let slice = 0; slice < MOST_SLICES; slice++) {
        const from = fleet.clock.at;
        const { kind } = await runSweepSlice(deps, limits);
        slices.push(fleet.clock.at - from);
        if (kind !== 'sliced') return { result: kind, slices };
      }
      return { result: 'endless', slices };
    },
  };
}
