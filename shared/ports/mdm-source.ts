// What an MDM source is, and what it can do. A flow asks for an ability, never for a kind of source.

import type { CallOptions } from './call-options.ts';
import type { NoncompliantList, RetrievedCompliance, Verdicts } from './compliance-retrieval.ts';
import type { DeviceList } from './compliance-source.ts';
import type { CheckIns, DeviceReads, HardwareReads } from './device-reader.ts';
import type { DirectoryChanges } from './directory-changes.ts';

/** What is known of a source before it is opened. */
export interface SourceName {
  /**
   * First part of every device key from this source, and part of the keys of its state: letters, digits and hyphens,
   * beginning with a letter, e.g. `intune`, `intune-emea`.
   */
  readonly name: string;
  /** Under which name certificates give ids of its devices; absent: its own. */
  readonly certificateIds?: string | undefined;
  /** Sites at which its devices count; absent: all. */
  readonly sites?: readonly string[] | undefined;
  /** The form of the source's own device ids: no other text is worth a question. */
  isDeviceId(text: string): boolean;
}

/**
 * Each ability is absent where the source has it not, or the permission was not given. With `list` the poll sweeps;
 * without it, with `noncompliant` and `verdicts`, it asks about devices that have authenticated.
 */
export interface MdmSource extends SourceName {
  /** The whole list, page by page. */
  readonly list?: DeviceList | undefined;
  /** Devices that checked in lately. */
  readonly checkIns?: CheckIns | undefined;
  /** Single devices, with everything that the list says of them. */
  readonly devices?: DeviceReads | undefined;
  /** What the list leaves out of each device. */
  readonly hardware?: HardwareReads | undefined;
  /** Single devices: managed or not, compliant or not. */
  readonly verdicts?: Verdicts | undefined;
  /** Devices that the source calls not compliant. */
  readonly noncompliant?: NoncompliantList | undefined;
  /** Which devices a directory says have changed. */
  readonly hints?: DirectoryChanges | undefined;
  /** Where {@link live} is asked, found by the poll and left in the store for lookups. */
  readonly address?: ServiceAddress | undefined;
  /**
   * Verdicts as a lookup asks for them.
   * @param readAddress gives what the poll has left; `undefined` until it has found one
   */
  live?(readAddress: () => Promise<string | undefined>): LiveVerdicts;
}

export interface ServiceAddress {
  /** Asks the source again, without memory. @throws SourceError NAC_SOURCE_DISCOVERY */
  locate(): Promise<string>;
}

export interface LiveVerdicts {
  readByDeviceId(id: string, options?: CallOptions): Promise<RetrievedCompliance>;
}
