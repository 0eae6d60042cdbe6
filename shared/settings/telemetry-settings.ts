// Where metrics and traces go. Without a collector, nothing is loaded and nothing is counted.

import type { SettingsReader } from './settings-reader.ts';

export interface TelemetrySettings {
  readonly azureMonitor?: {
    readonly connectionString: string;
    /** Of the user-assigned identity that signs in; absent where the resource takes data by its key. */
    readonly identity?: { readonly clientId?: string };
  };
  /** Base URL of an OTLP collector. */
  readonly otlpEndpoint?: string;
  readonly intervalMs: number;
  /** Names of the app and of this instance, as the host's own telemetry has them; absent outside Azure. */
  readonly siteName?: string;
  readonly instanceId?: string;
}

const MINUTE_MS = 60_000;
/** Answers are as old as the last sweep, which may be late by as much again. */
const INTERVALS_OF_OBJECTIVE = 2;

export function readTelemetrySettings(reader: SettingsReader): TelemetrySettings {
  const connectionString = reader.text('APPLICATIONINSIGHTS_CONNECTION_STRING');
  const authentication = reader.text('APPLICATIONINSIGHTS_AUTHENTICATION_STRING');
  const otlpEndpoint = reader.text('OTEL_EXPORTER_OTLP_ENDPOINT');
  const siteName = reader.platform('WEBSITE_SITE_NAME');
  const instanceId = reader.platform('WEBSITE_INSTANCE_ID');
  if (connectionString && !/(?:^|;)InstrumentationKey=[0-9a-f-]{36}(?:;|$)/i.test(connectionString)) {
    reader.problem(
      'APPLICATIONINSIGHTS_CONNECTION_STRING',
      'is not a connection string of Application Insights (InstrumentationKey=<guid>;IngestionEndpoint=https://…)',
    );
  }
  if (otlpEndpoint && !isHttpUrl(otlpEndpoint)) {
    reader.problem('OTEL_EXPORTER_OTLP_ENDPOINT', 'is not an http:// or https:// URL, as in http://collector:4318');
  }
  return {
    ...(connectionString && { azureMonitor: { connectionString, ...identityOf(authentication) } }),
    ...(otlpEndpoint && { otlpEndpoint }),
    intervalMs: reader.duration('OTEL_METRIC_EXPORT_INTERVAL', { from: '1s', to: '1h', unit: 'ms' }),
    ...(siteName && { siteName }),
    ...(instanceId && { instanceId }),
  };
}

export function readFreshnessObjective(reader: SettingsReader, pollingIntervalMs: number): number {
  if (reader.text('FRESHNESS_OBJECTIVE') === undefined) {
    return Math.max(MINUTE_MS, INTERVALS_OF_OBJECTIVE * pollingIntervalMs);
  }
  return reader.duration('FRESHNESS_OBJECTIVE', { from: '1m', to: '30d', unit: 'm' });
}

/** As the Functions host takes it: `Authorization=AAD`, with `ClientId=…` for a user-assigned identity. */
function identityOf(authentication: string | undefined): { identity?: { clientId?: string } } {
  if (authentication === undefined || !/(?:^|;)\s*Authorization=AAD\s*(?:;|$)/i.test(authentication)) return {};
  const [, clientId] = /(?:^|;)\s*ClientId=([^;]+)/i.exec(authentication) ?? [];
  return { identity: clientId === undefined ? {} : { clientId: clientId.trim() } };
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}
