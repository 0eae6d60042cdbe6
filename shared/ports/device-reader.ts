// Where compliance comes from: single devices of an MDM source, and those that checked in lately.

import type { Device } from '../domain/device/device.ts';
import type { Instant } from '../domain/instant.ts';
import type { MacAddress } from '../domain/mac-address.ts';
import type { SourceError } from '../errors.ts';
import type { RecordProblem } from './compliance-source.ts';

export interface CheckIns {
  /** One page of the devices that checked in after `since`, first page without cursor. @throws SourceError */
  listCheckedInSince(since: Instant, cursor: string | undefined): Promise<CheckedInPage>;
}

export interface DeviceReads {
  /**
   * Point reads, all at once as far as the source lets them. One that fails does not spoil the others.
   * @throws SourceError
   */
  readDevices(ids: readonly string[]): Promise<readonly DeviceReading[]>;
}

export interface HardwareReads {
  /** Devices of one call, at most. */
  readonly batchSize: number;
  /** Calls of one tick, at most. */
  readonly batchesPerTick: number;
  /** What lists leave out: Ethernet MAC, UDID. @throws SourceError */
  readHardware(ids: readonly string[]): Promise<readonly HardwareReading[]>;
}

export interface CheckedInPage {
  /** When the request was started: how old the content may be at most. */
  readonly requestedAt: Instant;
  /** The devices that could be read: nothing is concluded from the rest. */
  readonly devices: readonly Device[];
  /**
   * False when the page holds devices the filter should have kept out: the source ignored it, nothing may be concluded.
   */
  readonly filtered: boolean;
  /** Absent on the last page. */
  readonly nextCursor?: string;
}

/** What a point read said of one device. */
export type DeviceReading = { readonly id: string; readonly requestedAt: Instant } & (
  | { readonly kind: 'found'; readonly device: Device; readonly problems: readonly RecordProblem[] }
  /** The source knows no such device: a proof of absence. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly error: SourceError }
);

export type HardwareReading = { readonly id: string; readonly requestedAt: Instant } & (
  | { readonly kind: 'found'; readonly ethernetMac?: MacAddress; readonly udid?: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly error: SourceError }
);
