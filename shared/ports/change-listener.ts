// Where a change of a device goes on to.

import type { DeviceChange } from '../domain/device/device-change.ts';

/** Gets every change at least once; a change is removed only after this resolved. */
export type ChangeListener = (change: DeviceChange) => Promise<void>;
