// The device that an operator names, in whatever notation; one that is not stored is refused by name.

import { TableDeviceStore } from '../adapters/table-storage/table-device-store.ts';
import { isDeviceId } from '../domain/device.ts';
import { RequestError } from '../errors.ts';
import { CERTIFICATE_SOURCE, type Context } from './context.ts';

/** @returns what gives the id as it is stored @throws RequestError NAC_DEVICE_UNKNOWN */
export async function openStoredDevice({ openTables }: Pick<Context, 'openTables'>) {
  const devices = new TableDeviceStore((await openTables('background')).devices);
  return async (text: string): Promise<string> => {
    const id = deviceIdOf(text);
    if (isDeviceId(id) && (await devices.read({ source: CERTIFICATE_SOURCE, id })) !== undefined) return id;
    throw new RequestError(400, 'NAC_DEVICE_UNKNOWN', 'No such device is stored.', {
      action: 'Give the Intune device id, as managedDevices of Microsoft Graph shows it.',
      field: 'id',
    });
  };
}

/** Consoles and registries show ids in upper case, and in braces. */
function deviceIdOf(text: string): string {
  return text
    .trim()
    .replace(/^\{(.*)\}$/, '$1')
    .toLowerCase();
}
