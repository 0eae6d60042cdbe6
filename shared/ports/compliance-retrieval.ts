import type { Instant } from '../domain/instant.ts';
import type { MacAddress } from '../domain/mac-address.ts';
import type { CallOptions } from './call-options.ts';
import type { RecordProblem } from './compliance-source.ts';

/** Intune's Compliance Retrieval service (NAC 2.0): little, but with the least permission. */
export interface ComplianceRetrieval {
  readByDeviceId(id: string, options?: CallOptions): Promise<RetrievedCompliance>;
  readByMac(mac: MacAddress, options?: CallOptions): Promise<RetrievedCompliance>;
  /**
   * Every device it calls not compliant, all its pages. Never more often than every four hours: the caller keeps the time.
   * @throws SourceError NAC_INTUNE_THROTTLED when asked sooner
   */
  listNoncompliant(): Promise<NoncompliantList>;
}

export interface RetrievedCompliance {
  readonly requestedAt: Instant;
  /** Absent when the service knows no such device, or does not manage it. */
  readonly device?: RetrievedDevice;
}

export interface NoncompliantList {
  readonly requestedAt: Instant;
  readonly devices: readonly RetrievedDevice[];
  readonly problems: readonly RecordProblem[];
}

export interface RetrievedDevice {
  /** Intune device id; a list asked for by MAC may leave it out. */
  readonly id?: string;
  readonly mac?: MacAddress;
  /** Absent when the answer holds no verdict. */
  readonly compliant?: boolean;
}
