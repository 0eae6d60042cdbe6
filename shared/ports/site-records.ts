// What is stored of devices, as one site may see it. Every flow that decides about a station reads through this: a
// device of a source that does not count at the site is not there, and makes nothing ambiguous.

import type { DeviceKey } from '../domain/device/device.ts';
import type { Identity, Pointer, PresentedIdentity } from '../domain/identity/identity.ts';
import type { Sites } from '../domain/sites.ts';
import type { CallOptions } from './call-options.ts';
import type { StoredDevice } from './device-store.ts';
import type { IdentityOwners } from './identity-store.ts';

/** Keeps a store of all sources from being taken for what one site may see. */
declare const OF_SITE: unique symbol;

/** Made by `siteRecords` alone. */
export interface SiteRecords extends SeenRecords {
  readonly [OF_SITE]: true;
}

export interface SeenRecords {
  /** Whether devices of the source are among them. */
  counts(source: string): boolean;
  /** Where a device with this id of a certificate may be stored: a key for each source that it may be an id of. */
  keysOf(id: Pick<PresentedIdentity, 'value' | 'source'>): readonly DeviceKey[];
  /** Where a device with this id may be stored, of whatever source. */
  everyKeyOf(id: string): readonly DeviceKey[];
  read(key: DeviceKey, options?: CallOptions): Promise<StoredDevice | undefined>;
  readOwners(identity: Pointer, options?: CallOptions): Promise<IdentityOwners>;
  /** Those of one source alone, also beyond what {@link readOwners} lists. */
  readOwnersIn(source: string, identity: Identity, options?: CallOptions): Promise<IdentityOwners>;
}

export interface RecordsBySite {
  at(site: string, options?: CallOptions): Promise<SiteRecords>;
  /** Of these sites together: for people. No flow that decides about a station takes it. */
  seenAt(sites: Sites, options?: CallOptions): Promise<SeenRecords>;
}
