// Metrics and traces of the relay, for a Prometheus server that scrapes the health endpoint, a collector, or Azure
// Monitor. Loads nothing where none of them is configured.

import type { TokenCredential } from '@azure/core-auth';
import { systemClock } from '../shared/adapters/system/system-clock.ts';
import type { OpenedTelemetry } from '../shared/adapters/telemetry/open-telemetry.ts';
import { SettingsError } from '../shared/errors.ts';
import type { Logger } from '../shared/ports/telemetry.ts';
import { SettingsReader } from '../shared/settings/settings-reader.ts';
import { readTelemetrySettings, type TelemetrySettings } from '../shared/settings/telemetry-settings.ts';
import type { RelayConfig } from './relay-config.ts';
import { RelayError } from './relay-error.ts';
import { RELAY_VERSION } from './version.ts';

export interface RelayTelemetry {
  readonly telemetry: OpenedTelemetry;
  /** Absent where relay.yaml does not ask for it. */
  readonly scraped?: { text(): Promise<string> };
}

export interface RelayTelemetryOptions {
  readonly config: Pick<RelayConfig, 'site' | 'relay' | 'healthz'>;
  /** As for the function app: OTEL_EXPORTER_OTLP_ENDPOINT, APPLICATIONINSIGHTS_CONNECTION_STRING. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The relay's own identity; absent with a connection string. */
  readonly credential: TokenCredential | undefined;
  readonly log: Logger;
}

/** @throws RelayError NAC_RELAY_TELEMETRY when a variable cannot be used */
export async function openRelayTelemetry({
  config: { site, relay, healthz },
  env,
  credential,
  log,
}: RelayTelemetryOptions): Promise<RelayTelemetry | undefined> {
  const { azureMonitor, otlpEndpoint, intervalMs } = readVariables(env);
  const isScraped = healthz?.metrics === true;
  if (azureMonitor === undefined && otlpEndpoint === undefined && !isScraped) return undefined;
  const { openCollected } = await import('../shared/adapters/telemetry/open-collected.ts');
  const scraped = isScraped ? await openScraped() : undefined;
  const telemetry = await openCollected({
    ...(azureMonitor && {
      azureMonitor: { connectionString: azureMonitor.connectionString, ...(credential && { credential }) },
    }),
    ...(otlpEndpoint !== undefined && { otlp: { endpoint: otlpEndpoint } }),
    ...(scraped && { readers: [scraped] }),
    intervalMs,
    resource: {
      'service.name': 'nac-relay',
      'service.version': RELAY_VERSION,
      'service.instance.id': relay,
      'nac.site': site,
    },
    clock: systemClock,
    log,
  });
  return { telemetry, ...(scraped && { scraped }) };
}

async function openScraped() {
  const { ScrapedMetrics } = await import('../shared/adapters/telemetry/prometheus-text.ts');
  return new ScrapedMetrics();
}

function readVariables(env: RelayTelemetryOptions['env']): TelemetrySettings {
  const reader = new SettingsReader(env);
  const settings = readTelemetrySettings(reader);
  try {
    reader.throwIfProblems();
  } catch (cause) {
    if (!(cause instanceof SettingsError)) throw cause;
    throw new RelayError('NAC_RELAY_TELEMETRY', cause.problems.join('; '), {
      action: 'Correct the variable in the environment of the relay, or take it out: then nothing is sent there.',
      cause,
    });
  }
  return settings;
}
