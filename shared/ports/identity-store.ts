// Where pointers from identities to devices are kept.

import type { DeviceKey } from '../domain/device/device.ts';
import type { Pointer } from '../domain/identity/identity.ts';
import type { CallOptions } from './call-options.ts';

/** Pointers from identities to the devices that hold them. */
export interface IdentityStore {
  readOwners(identity: Pointer, options?: CallOptions): Promise<IdentityOwners>;
  /** Owners of these sources alone, also beyond those that {@link readOwners} lists; never from memory. */
  readOwnersOf(identity: Pointer, sources: readonly string[], options?: CallOptions): Promise<IdentityOwners>;
  addOwners(entries: readonly IdentityOwner[]): Promise<void>;
  removeOwners(entries: readonly IdentityOwner[]): Promise<void>;
}

/** MAC addresses by their first digits. */
export interface MacSearch {
  /**
   * @param digits at least six, in lower case @param most devices
   * @returns keys (as text) of devices that may hold such an address; `more` where there are others
   */
  findByMacStart(
    digits: string,
    most: number,
    options?: CallOptions,
  ): Promise<{ readonly keys: readonly string[]; readonly more: boolean }>;
}

export interface IdentityOwners {
  /** Keys (as text) of the devices that may hold the identity; whether they still do, their records say. */
  readonly devices: readonly string[];
  /** There have been more than are listed: no device can be recognised by this identity. */
  readonly more: boolean;
  /** Not read just now: another device may have got the identity since. */
  readonly remembered?: true;
}

export interface IdentityOwner {
  readonly identity: Pointer;
  readonly device: DeviceKey;
}
