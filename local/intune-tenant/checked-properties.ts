// Properties of a device as sent by someone else.

import { FleetError } from './fleet-error.ts';
import {
  isManagedDeviceProperty,
  MANAGED_DEVICE_PROPERTIES,
  type ManagedDevice,
  valueObjection,
} from './managed-device.ts';

/** The same properties, once their names and values are found to be those of a managedDevice. */
export function checkedProperties(properties: Readonly<Partial<ManagedDevice>>): Partial<ManagedDevice> {
  for (const [name, value] of Object.entries(properties)) {
    if (!isManagedDeviceProperty(name)) {
      throw new FleetError(
        'invalid_property',
        `managedDevice has no property '${name}' here: use one of ${MANAGED_DEVICE_PROPERTIES.join(', ')}`,
      );
    }
    const objection = valueObjection(name, value);
    if (objection !== undefined) {
      throw new FleetError('invalid_property', objection);
    }
  }
  return properties;
}
