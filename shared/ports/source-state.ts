// What is kept of one source: its devices, how far its sweep is, and where its tasks stand, the breaker among them.

import type { DeviceStore } from './device-store.ts';
import type { SweepStore } from './sweep-store.ts';
import type { TaskStore } from './task-store.ts';

/** No list of it holds anything of another source: what one source's poll counts, holds or takes away is its own. */
export interface SourceState {
  readonly devices: DeviceStore;
  readonly sweeps: SweepStore;
  readonly tasks: TaskStore;
}
