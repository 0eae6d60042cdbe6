// Which device it is: follows the presented identities to the one record that still claims them.

import { parseDeviceKeyText } from '../domain/device.ts';
import { claims, type Identity, type PresentedIdentity } from '../domain/identity.ts';
import type { CallOptions, DeviceStore, IdentityStore, StoredDevice } from '../ports.ts';

export interface FindDeps {
  readonly devices: DeviceStore;
  readonly identities: IdentityStore;
  /** Source whose device ids certificates carry. */
  readonly certificateSource: string;
}

export type FoundDevice =
  | { readonly kind: 'found'; readonly stored: StoredDevice; readonly identity: PresentedIdentity }
  | { readonly kind: 'ambiguous' }
  | { readonly kind: 'notEnrolled' };

/** Holders read at once; two that still claim the identity settle the matter. */
const HOLDERS_AT_ONCE = 8;

/** @param identities strongest first; a weaker one is tried only where the caller lets it stand in the list */
export async function findDevice(
  deps: FindDeps,
  identities: readonly PresentedIdentity[],
  options: CallOptions,
): Promise<FoundDevice> {
  for (const identity of identities) {
    const candidates = await claimants(deps, identity, options);
    if (candidates === 'too-many') return { kind: 'ambiguous' };
    const [stored, other] = candidates;
    if (other !== undefined) return { kind: 'ambiguous' };
    if (stored !== undefined) return { kind: 'found', stored, identity };
  }
  return { kind: 'notEnrolled' };
}

/** At most two records that claim the identity now; `too-many` when not even all that may are known. */
async function claimants(
  deps: FindDeps,
  identity: Identity,
  options: CallOptions,
): Promise<StoredDevice[] | 'too-many'> {
  if (identity.kind === 'deviceId') {
    return readClaimants(deps, identity, [`${deps.certificateSource}|${identity.value}`], options);
  }
  const holders = await deps.identities.readHolders(identity, options);
  if (holders.more) return 'too-many';
  const found = await readClaimants(deps, identity, holders.devices, options);
  if (found.length > 0 || options.fresh) return found;
  // Memory may be behind by a minute: nobody is called unknown on its word alone.
  const current = await deps.identities.readHolders(identity, { ...options, fresh: true });
  if (current.more) return 'too-many';
  if (sameHolders(holders.devices, current.devices)) return [];
  return readClaimants(deps, identity, current.devices, options);
}

async function readClaimants(
  { devices }: FindDeps,
  identity: Identity,
  holders: readonly string[],
  options: CallOptions,
): Promise<StoredDevice[]> {
  const found: StoredDevice[] = [];
  for (let start = 0; start < holders.length && found.length < 2; start += HOLDERS_AT_ONCE) {
    const keys = holders.slice(start, start + HOLDERS_AT_ONCE).map(parseDeviceKeyText);
    const records = await Promise.all(keys.map((key) => devices.read(key, options)));
    found.push(...records.filter((record) => record !== undefined).filter((record) => claims(record, identity)));
  }
  return found.slice(0, 2);
}

function sameHolders(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((holder) => b.includes(holder));
}
