// Whether the station's MAC address says that it is another device than the one its stronger identity leads to.

import { claims, type PresentedIdentity } from '../domain/identity.ts';
import { canIdentifyDevice, type MacAddress } from '../domain/mac-address.ts';
import type { CallOptions } from '../ports.ts';
import { type FindDeps, type FoundDevice, findDevice } from './find-device.ts';

/**
 * Costs nothing where the device holds the address itself. Where it does not, one pointer is read, and only if somebody
 * else holds the address a device: a laptop in another's dock, or a copied address.
 */
export async function macIsOfAnother(
  deps: FindDeps,
  mac: MacAddress | undefined,
  found: FoundDevice | undefined,
  options: CallOptions,
): Promise<boolean> {
  if (mac === undefined || !canIdentifyDevice(mac) || found?.kind !== 'found' || found.identity.kind === 'mac') {
    return false;
  }
  const identity: PresentedIdentity = { kind: 'mac', value: mac, assurance: 'mac', origin: 'Calling-Station-Id' };
  if (claims(found.stored, identity)) return false;
  // Memory is good enough for a remark.
  const { devices, more } = await deps.identities.readHolders(identity, options);
  if (devices.length === 0 || more) return false;
  const other = await findDevice(deps, [identity], options);
  return other.kind === 'found' && other.stored.device.id !== found.stored.device.id;
}
