// Hands changes on, and takes each out of the store only after it was handed on: a crash repeats, it never loses.

import type { DeviceChange } from '../domain/device-change.ts';
import type { ChangeListener, DeviceStore } from '../ports.ts';

/** Changes handed on before their rows are removed together. */
const BATCH = 100;

export async function dispatchChanges(
  devices: DeviceStore,
  changes: Iterable<DeviceChange> | AsyncIterable<DeviceChange>,
  listener: ChangeListener,
): Promise<number> {
  let dispatched = 0;
  let batch: DeviceChange[] = [];
  const finishBatch = async (): Promise<void> => {
    await devices.removeChanges(batch);
    dispatched += batch.length;
    batch = [];
  };
  for await (const change of changes) {
    await listener(change);
    batch.push(change);
    if (batch.length === BATCH) await finishBatch();
  }
  if (batch.length > 0) await finishBatch();
  return dispatched;
}
