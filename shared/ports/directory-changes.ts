// Where hints come from: the directory that says which devices changed.

import type { Instant } from '../domain/instant.ts';

/** Entra's device changes (`/devices/delta`): a hint which devices to read again, never a verdict. */
export interface DirectoryChanges {
  /**
   * @param link absent for "everything from now on"; else the next or delta link of the page before, as it was given
   * @throws SourceError NAC_SOURCE_DELTA_EXPIRED when the link is too old: read everything once, then begin again
   */
  read(link: string | undefined): Promise<DirectoryChangesPage>;
}

export interface DirectoryChangesPage {
  readonly requestedAt: Instant;
  readonly changes: readonly DirectoryChange[];
  /** Something changed that cannot be said of single devices: everything is to be read once. */
  readonly incomplete?: true;
  /** More pages follow now. */
  readonly nextLink?: string;
  /** Where to go on next time. */
  readonly deltaLink?: string;
}

export interface DirectoryChange {
  /** Directory object id, the only one a removed object still has. */
  readonly objectId: string;
  /** The id of the device in the source itself: where the directory is the source. */
  readonly id?: string;
  /** `deviceId`, which Intune calls azureADDeviceId. */
  readonly entraDeviceId?: string;
  readonly isCompliant?: boolean;
  readonly isManaged?: boolean;
  readonly removed: boolean;
}
