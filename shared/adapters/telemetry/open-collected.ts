// Telemetry for a collector. Its end is bounded: a collector that hangs does not hold up the process.

import type { Attributes } from '@opentelemetry/api';
import type { IMetricReader } from '@opentelemetry/sdk-metrics';
import type { Clock } from '../../ports/clock.ts';
import { type CollectorOptions, openCollectors } from './collectors.ts';
import { type OpenedTelemetry, openTelemetry } from './open-telemetry.ts';

export interface CollectedOptions extends CollectorOptions {
  readonly resource: Attributes;
  readonly clock: Pick<Clock, 'now' | 'within'>;
  /** In addition to those of the collectors. */
  readonly readers?: readonly IMetricReader[];
}

/** Of a flush, of which there are two at the end: the host gives a process five seconds. */
const FLUSH_MS = 1_500;

export async function openCollected({ resource, clock, ...options }: CollectedOptions): Promise<OpenedTelemetry> {
  const { readers, processors } = await openCollectors(options);
  const opened = openTelemetry({
    resource,
    readers: [...readers, ...(options.readers ?? [])],
    processors,
    now: () => clock.now(),
  });
  const inTime = (work: () => Promise<void>): Promise<void> =>
    clock.within(FLUSH_MS, (signal) => Promise.race([work(), aborted(signal)])).catch(() => undefined);
  return { ...opened, flush: () => inTime(opened.flush), close: () => inTime(opened.close) };
}

/** What was to be sent by then is lost, and the process ends in time. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
