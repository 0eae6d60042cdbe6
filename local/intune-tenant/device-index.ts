// Finds devices by MAC address and by Entra device ID without going through the whole fleet.

import type { ManagedDevice } from './managed-device.ts';

const NO_DEVICE = '00000000-0000-0000-0000-000000000000';

/** Only letters and digits, in upper case: the way Intune writes MAC addresses. */
export function macDigits(mac: string): string {
  return mac.replaceAll(/[^0-9a-z]/gi, '').toUpperCase();
}

/** The Entra device ID in lower case; undefined for a device that Entra does not know. */
export function entraDeviceId(device: ManagedDevice): string | undefined {
  const id = device.azureADDeviceId?.toLowerCase() ?? '';
  return id === '' || id === NO_DEVICE ? undefined : id;
}

export class DeviceIndex {
  /** One id, or several in the order in which they came: one is by far the usual case. */
  readonly #ids = new Map<string, string | readonly string[]>();

  add(device: ManagedDevice): void {
    for (const key of keys(device)) {
      const ids = this.#ids.get(key);
      this.#ids.set(key, ids === undefined ? device.id : [...listOf(ids), device.id]);
    }
  }

  remove(device: ManagedDevice): void {
    for (const key of keys(device)) {
      const left = listOf(this.#ids.get(key)).filter((id) => id !== device.id);
      if (left.length === 0) {
        this.#ids.delete(key);
      } else {
        this.#ids.set(key, left);
      }
    }
  }

  idsWithMac(mac: string): readonly string[] {
    return listOf(this.#ids.get(macDigits(mac)));
  }

  idsWithEntraId(entraId: string): readonly string[] {
    return listOf(this.#ids.get(entraId.toLowerCase()));
  }
}

function listOf(ids: string | readonly string[] | undefined): readonly string[] {
  return ids === undefined ? [] : typeof ids === 'string' ? [ids] : ids;
}

/** MAC addresses in upper case and Entra IDs in lower case with hyphens cannot be taken for one another. */
function keys(device: ManagedDevice): ReadonlySet<string> {
  const found = new Set<string>();
  for (const mac of [device.wiFiMacAddress, device.ethernetMacAddress]) {
    const digits = macDigits(mac ?? '');
    if (digits !== '') {
      found.add(digits);
    }
  }
  const entraId = entraDeviceId(device);
  if (entraId !== undefined) {
    found.add(entraId);
  }
  return found;
}
