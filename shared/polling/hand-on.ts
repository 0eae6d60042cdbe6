// Handing on changes that were written besides the sweep. Each stands in the store until it was handed on; the mark that
// was written with it keeps the sweep's fingerprints honest afterwards.

import { concurrently } from '../concurrently.ts';
import type { DeviceChange } from '../domain/device-change.ts';
import type { ChangeListener } from '../ports/change-listener.ts';
import type { DeviceStore } from '../ports/device-store.ts';

/** Changes handed on at once. */
const CHANGES_AT_ONCE = 8;

export interface HandOnDeps {
  readonly devices: DeviceStore;
  readonly onChange: ChangeListener;
}

/** They are of several devices as a rule: one that takes its time holds up few others. */
export async function tellOfChanges(onChange: ChangeListener, changes: readonly DeviceChange[]): Promise<void> {
  await concurrently(changes, CHANGES_AT_ONCE, onChange);
}

/** Every change must have been written with a mark. */
export async function handOn({ devices, onChange }: HandOnDeps, changes: readonly DeviceChange[]): Promise<void> {
  await tellOfChanges(onChange, changes);
  await devices.removeChanges(changes);
}

/** Changes that a crash left. Whoever wrote them, a mark makes sure that they may go. */
export async function handOnLeft(deps: HandOnDeps): Promise<void> {
  const left = await Array.fromAsync(deps.devices.pendingChanges());
  if (left.length === 0) return;
  await deps.devices.addMarks(left);
  await handOn(deps, left);
}
