// What the flows need from a source that gives compliance alone: single devices, and a list of the noncompliant ones.

import type { Instant } from '../domain/instant.ts';
import type { MacAddress } from '../domain/mac-address.ts';
import type { CallOptions } from './call-options.ts';
import type { RecordProblem } from './compliance-source.ts';

/** Intune's Compliance Retrieval service (NAC 2.0): little, but with the least permission. */
export interface ComplianceRetrieval {
  readByDeviceId(id: string, options?: CallOptions): Promise<RetrievedCompliance>;
  readByMac(mac: MacAddress, options?: CallOptions): Promise<RetrievedCompliance>;
  /**
   * A page of the devices that it calls not compliant. The first one never more often than every four hours: the caller
   * keeps the time; those that follow belong to the list that was begun.
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
  /** Intune device id; a list asked for by MAC may leave it out. */
  readonly id?: string;
  readonly mac?: MacAddress;
  /** Absent when the answer holds no verdict. */
  readonly compliant?: boolean;
}
