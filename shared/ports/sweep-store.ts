// Where the sweep keeps how far it is, what its runs came to, and the fleet index.

import type { Instant } from '../domain/instant.ts';
import type { CallOptions } from './call-options.ts';

/** Where the sweep stands and who works on it: checkpoint and lease in one row, so that one write renews both. */
export interface SweepState {
  /** The instance that works on it now; absent when there is none. */
  readonly owner?: string;
  readonly leaseUntil?: Instant;
  /** Grows by one with every run; marks in the fleet index refer to it. */
  readonly runNumber: number;
  /** The run under way, if any. */
  readonly run?: SweepRun;
  readonly lastStartedAt?: Instant;
  /** How many times the polling interval lies between runs now; more than 1 after the source asked us to slow down. */
  readonly stretch?: number;
  /**
   * A slice ended before it had saved the index: its records may be in none, until a complete run has compared them.
   */
  readonly mayMissKeys?: boolean;
  /** As the newest run left it. */
  readonly fleetIndex?: FleetIndexRoom;
  /** The newest run that saw the whole list. */
  readonly lastComplete?: { readonly runId: string; readonly startedAt: Instant; readonly devices: number };
}

export interface FleetIndexRoom {
  /** Entries, one a device. */
  readonly devices: number;
  /** How much of its room the fullest of its shards takes. */
  readonly percent: number;
}

export interface SweepRun {
  readonly id: string;
  readonly startedAt: Instant;
  /** Where the next slice goes on; absent for the first page. */
  readonly cursor?: string;
  readonly slices: number;
  readonly pages: number;
  readonly devices: number;
  readonly saved: number;
  readonly rejected: number;
  /** False once a record came without a readable id: then no absence can be concluded. */
  readonly countsAbsences: boolean;
  /** Failed attempts in a row, and when the next one may be made. */
  readonly failures: number;
  readonly retryAt?: Instant;
  /** Answers that asked us to slow down. */
  readonly throttled?: number;
  /** At its end records are looked for that the fleet index does not know. */
  readonly comparesKeys?: boolean;
  /** Every page was read; how far the end of the run is. */
  readonly concluding?: ConcludingRun;
  /** Devices of which there was no record: they say nothing of how large the fleet was. */
  readonly fresh?: number;
  /** The store was empty when the run began: what the index does not know is most likely new. */
  readonly firstLoad?: boolean;
}

/** How far the end of a run is: what is counted, and how many shards are done with each step. */
export interface ConcludingRun {
  /** Shards whose records were compared with the index. */
  readonly compared: number;
  readonly looked: {
    readonly shards: number;
    /** Devices that are missing, and those of them that two lists or more have missed. */
    readonly missing: number;
    readonly twice: number;
    /** Ids of some of them, evenly from first to last: every `stride`th. */
    readonly sample: readonly string[];
    readonly stride: number;
  };
  /** What point reads said of missing devices. */
  readonly asked?: {
    /** Nothing may be concluded: the list left out devices that are there. */
    readonly shortList: boolean;
    /** False when the list is so short that it confirms nothing by itself. */
    readonly believable: boolean;
    /** Some of the missing ones were found by point reads: then only a point read says that one is gone. */
    readonly doubtful?: boolean;
    /** Ids of devices that a point read did not find, where one read is a witness. */
    readonly absent: readonly string[];
  };
  /** Shards whose missing devices are settled, and the last one that is settled of the next shard. */
  readonly settled: number;
  readonly settledUntil?: string;
  readonly gone: number;
  readonly turned: number;
}

export interface SweepRunRecord extends Omit<SweepRun, 'cursor' | 'retryAt' | 'concluding' | 'comparesKeys'> {
  /**
   * `partial`: every page was read, but no absence was concluded, since some record had no readable id or the list
   * proved short. `failed`: given up before the last page.
   */
  readonly result: 'complete' | 'partial' | 'failed';
  readonly finishedAt: Instant;
  readonly gone: number;
  /** Devices whose compliance turned, held ones not counted. */
  readonly turned: number;
  /** Devices that would have turned or gone, and are held instead. */
  readonly held: number;
  /** How many times the polling interval lies between this run and the next. */
  readonly stretch: number;
}

/** What a store must take of one shard of the fleet index, in bytes: sixteen shards of it hold 16,777,200 devices. */
export const LARGEST_FLEET_SHARD_BYTES = 16 * 1024 * 1024;

export interface SweepStore {
  read(options?: CallOptions): Promise<{ readonly state: SweepState; readonly etag?: string }>;
  /** @throws StoreError NAC_POLL_LEASE_LOST when another instance wrote since `etag` */
  write(state: SweepState, etag: string | undefined): Promise<string>;
  recordRun(record: SweepRunRecord): Promise<void>;
  /** Removes runs that began before a moment, at most so many. @returns how many were removed */
  removeRunsBefore(before: Instant, most: number): Promise<number>;
  /** Newest first. */
  listRuns(limit: number): Promise<SweepRunRecord[]>;
  readFleetShard(shard: string): Promise<{ readonly packed: Uint8Array; readonly etag?: string | undefined }>;
  /**
   * @throws StoreError NAC_POLL_LEASE_LOST when another instance wrote since `etag`
   * @throws StoreError NAC_POLL_INDEX_FULL beyond {@link LARGEST_FLEET_SHARD_BYTES}
   */
  writeFleetShard(shard: string, packed: Uint8Array, etag: string | undefined): Promise<string>;
}
