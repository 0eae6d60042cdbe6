// Opens telemetry for a collector. Nothing of it is loaded where there is none.

import { hostname } from 'node:os';
import { readCaFile } from '../adapters/https/ca-file.ts';
import type { OpenedTelemetry } from '../adapters/telemetry/open-telemetry.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/telemetry.ts';
import type { Settings } from '../settings.ts';
import { VERSION } from '../version.ts';

/** @returns `undefined` where neither Azure Monitor nor a collector is set */
export async function telemetryOf(
  { telemetry, network }: Pick<Settings, 'telemetry' | 'network'>,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Promise<OpenedTelemetry | undefined> {
  const { azureMonitor, otlpEndpoint, intervalMs, siteName, instanceId } = telemetry;
  if (azureMonitor === undefined && otlpEndpoint === undefined) return undefined;
  const { openCollected } = await import('../adapters/telemetry/open-collected.ts');
  return openCollected({
    ...(azureMonitor && {
      azureMonitor: {
        connectionString: azureMonitor.connectionString,
        ...(azureMonitor.identity && { credential: await managedIdentity(azureMonitor.identity) }),
      },
    }),
    extraCa: readCaFile(network.extraCaFile),
    ...(otlpEndpoint !== undefined && { otlp: { endpoint: otlpEndpoint } }),
    intervalMs,
    resource: {
      'service.name': siteName ?? 'nac-connector',
      'service.version': VERSION,
      'service.instance.id': instanceId ?? `${hostname()}:${process.pid}`,
    },
    clock,
    log,
  });
}

async function managedIdentity({ clientId }: { readonly clientId?: string }) {
  const { ManagedIdentityCredential } = await import('@azure/identity');
  return new ManagedIdentityCredential(clientId === undefined ? {} : { clientId });
}
