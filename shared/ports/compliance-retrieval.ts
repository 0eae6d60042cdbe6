// Where compliance comes from with the least permission: verdicts on single devices, and the list of noncompliant ones.

import type { Instant } from '../domain/instant.ts';
import type { MacAddress } from '../domain/mac-address.ts';
import type { CallOptions } from './call-options.ts';
import type { RecordProblem } from './compliance-source.ts';

/** Answers about single devices: little, but with the least permission. */
export interface Verdicts {
  /** How often the service may be asked: so many questions a second, so many at once after a rest. */
  readonly pace: { readonly capacity: number; readonly perSecond: number };
  /** Questions under way at once, at most. */
  readonly atOnce: number;
  readByDeviceId(id: string, options?: CallOptions): Promise<RetrievedCompliance>;
  readByMac(mac: MacAddress, options?: CallOptions): Promise<RetrievedCompliance>;
}

export interface NoncompliantList {
  /** Milliseconds from one list to the next, at least. */
  readonly leastIntervalMs: number;
  /** After a refusal the next list is asked for so many milliseconds later, at most: others may keep the same hours. */
  readonly spreadMs: number;
  /**
   * A page of the devices that it calls not compliant. The caller keeps the time between first pages; those that follow
   * belong to the list that was begun.
   * @param cursor absent for the first page
   * @throws SourceError NAC_SOURCE_THROTTLED when asked sooner; the same cursor may be asked again
   */
  listNoncompliant(cursor?: string): Promise<NoncompliantPage>;
}

export interface RetrievedCompliance {
  readonly requestedAt: Instant;
  /** Absent when the service knows no such device, or does not manage it. */
  readonly device?: RetrievedDevice;
}

export interface NoncompliantPage {
  readonly requestedAt: Instant;
  readonly devices: readonly RetrievedDevice[];
  readonly problems: readonly RecordProblem[];
  /** Absent on the last page. */
  readonly nextCursor?: string;
}

export interface RetrievedDevice {
  /** The source's device id; a list asked for by MAC may leave it out. */
  readonly id?: string;
  readonly mac?: MacAddress;
  /** Absent when the answer holds no verdict. */
  readonly compliant?: boolean;
}
