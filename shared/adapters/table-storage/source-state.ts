// The state of one source in Table Storage.

import type { SourceState } from '../../ports/source-state.ts';
import type { Logger, Tracing } from '../../ports/telemetry.ts';
import { TableDeviceStore } from './table-device-store.ts';
import { TableSweepStore } from './table-sweep-store.ts';
import { TableTaskStore } from './table-task-store.ts';
import type { Tables } from './tables.ts';

/**
 * @param log of rows that something else wrote
 * @param tracing whose trace changes are written with
 */
export function sourceState(
  { devices, polling }: Pick<Tables, 'devices' | 'polling'>,
  source: string,
  log?: Pick<Logger, 'error'>,
  tracing?: Pick<Tracing, 'traceparent'>,
): SourceState {
  return {
    devices: new TableDeviceStore(devices, log, tracing, source),
    sweeps: new TableSweepStore(polling, log, source),
    tasks: new TableTaskStore(polling, log, source),
  };
}
