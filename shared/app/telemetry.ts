// Opens telemetry for whoever collects it. Nothing of it is loaded where nobody does.

import { hostname } from 'node:os';
import type { CollectorOptions } from '../adapters/telemetry/collectors.ts';
import type { OpenedTelemetry } from '../adapters/telemetry/open-telemetry.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/telemetry.ts';
import type { Settings } from '../settings.ts';
import { VERSION } from '../version.ts';

/** Of a flush, of which there are two at the end: the host gives a process five seconds. */
const FLUSH_MS = 1_500;

/** @returns `undefined` where neither Azure Monitor nor a collector is set */
export async function telemetryOf(
  { telemetry }: Pick<Settings, 'telemetry'>,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Promise<OpenedTelemetry | undefined> {
  const { azureMonitor, otlpEndpoint, intervalMs } = telemetry;
  if (azureMonitor === undefined && otlpEndpoint === undefined) return undefined;
  const options: CollectorOptions = {
    ...(azureMonitor && {
      azureMonitor: {
        connectionString: azureMonitor.connectionString,
        ...(azureMonitor.identity && { credential: await managedIdentity(azureMonitor.identity) }),
      },
    }),
    ...(otlpEndpoint !== undefined && { otlp: { endpoint: otlpEndpoint } }),
    intervalMs,
    log,
  };
  return openWith(options, telemetry, clock);
}

async function openWith(
  options: CollectorOptions,
  { siteName, instanceId }: Settings['telemetry'],
  clock: Clock,
): Promise<OpenedTelemetry> {
  const [{ openTelemetry }, { openCollectors }] = await Promise.all([
    import('../adapters/telemetry/open-telemetry.ts'),
    import('../adapters/telemetry/collectors.ts'),
  ]);
  const opened = openTelemetry({
    ...(await openCollectors(options)),
    resource: {
      'service.name': siteName ?? 'nac-connector',
      'service.version': VERSION,
      'service.instance.id': instanceId ?? `${hostname()}:${process.pid}`,
    },
    now: () => clock.now(),
  });
  const inTime = (work: () => Promise<void>): Promise<void> =>
    clock.within(FLUSH_MS, (signal) => untilAborted(work(), signal)).catch(() => undefined);
  return { ...opened, flush: () => inTime(opened.flush), close: () => inTime(opened.close) };
}

async function managedIdentity({ clientId }: { readonly clientId?: string }) {
  const { ManagedIdentityCredential } = await import('@azure/identity');
  return new ManagedIdentityCredential(clientId === undefined ? {} : { clientId });
}

/** A collector that hangs is left behind: what it was to get is lost, and the process ends in time. */
function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return Promise.race([
    work,
    new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
  ]);
}
