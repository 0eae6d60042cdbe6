// Dispatches changes that were written outside the sweep. Each stands in the store until it is dispatched; the mark
// that was written with it keeps the sweep's fingerprints honest afterwards.
//
// So many at once are handed on and removed, as long as there is time: what is left the next tick goes on with.

import { concurrently } from '../../concurrently.ts';
import { deviceKeyText } from '../../domain/device/device.ts';
import type { DeviceChange } from '../../domain/device/device-change.ts';
import { inChunks } from '../../in-chunks.ts';
import type { ChangeListener } from '../../ports/change-listener.ts';
import type { DeviceStore } from '../../ports/device-store.ts';
import type { TaskStore } from '../../ports/task-store.ts';
import { editMassChange } from '../breaker/mass-change.ts';

/** Changes handed on at once. */
const CHANGES_AT_ONCE = 8;
/** Changes handed on before they are removed, and the time is looked at. */
const CHUNK = 200;

export interface DispatchDeps {
  readonly devices: DeviceStore;
  readonly tasks: TaskStore;
  readonly onChange: ChangeListener;
  /** Whether more may be begun; always, if left out. */
  readonly hasTime?: () => boolean;
}

/** They are of several devices as a rule: one that takes its time holds up few others. */
export async function notifyOfChanges(onChange: ChangeListener, changes: readonly DeviceChange[]): Promise<void> {
  await concurrently(changes, CHANGES_AT_ONCE, onChange);
}

/** Every change must have been written with a mark. @returns false when the time was over before all were handed on */
export async function dispatchChanges(deps: DispatchDeps, changes: readonly DeviceChange[]): Promise<boolean> {
  const noteLeft = () => editMassChange(deps.tasks, (state) => ({ ...state, changesLeft: true }));
  try {
    const isDone = await dispatchChunks(deps, changes);
    if (!isDone) await noteLeft();
    return isDone;
  } catch (thrown) {
    // What is stored by now brings no further change, however often the device is read again.
    await noteLeft().catch(() => undefined);
    throw thrown;
  }
}

async function dispatchChunks(
  { devices, onChange, hasTime = () => true }: DispatchDeps,
  changes: readonly DeviceChange[],
): Promise<boolean> {
  for (let start = 0; start < changes.length; start += CHUNK) {
    if (start > 0 && !hasTime()) return false;
    const chunk = changes.slice(start, start + CHUNK);
    await notifyOfChanges(onChange, chunk);
    await devices.removeChanges(chunk);
  }
  return true;
}

/** Changes that a crash left, of any writer: each gets a mark first, so that it may be removed. */
export async function redispatchPending(deps: DispatchDeps): Promise<boolean> {
  for await (const left of inChunks(deps.devices.pendingChanges(), CHUNK, deps.hasTime)) {
    if (left === 'no-time') {
      await editMassChange(deps.tasks, (state) => ({ ...state, changesLeft: true }));
      return false;
    }
    // One device may have several of them, and one transaction writes a row once.
    await deps.devices.addMarks([...new Map(left.map((change) => [deviceKeyText(change), change])).values()]);
    if (!(await dispatchChanges(deps, left))) return false;
  }
  return true;
}

/** Goes on with what an earlier tick had no time for. */
export async function dispatchRest(deps: DispatchDeps): Promise<void> {
  if (await redispatchPending(deps)) await editMassChange(deps.tasks, ({ changesLeft: _, ...state }) => state);
}
