// Who collects: Azure Monitor, an OTLP collector, or both. Each is loaded only where it is used.

import type { TokenCredential } from '@azure/core-auth';
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics';
import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { Logger } from '../../ports/telemetry.ts';
import { reportingExporter } from './reporting-exporter.ts';

export interface AzureMonitorCollector {
  readonly connectionString: string;
  /** Absent where the resource takes data by its key. */
  readonly credential?: TokenCredential;
  /** For a receiver of a test, which has no certificate. */
  readonly allowInsecureConnection?: boolean;
}

export interface OtlpCollector {
  /** Base URL, as in OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly endpoint: string;
}

export interface CollectorOptions {
  readonly azureMonitor?: AzureMonitorCollector | undefined;
  readonly otlp?: OtlpCollector | undefined;
  /** Milliseconds from one export of metrics to the next. */
  readonly intervalMs: number;
  readonly log: Logger;
}

export interface Collectors {
  readonly readers: readonly PeriodicExportingMetricReader[];
  readonly processors: readonly BatchSpanProcessor[];
}

/** Of one export; the host gives a process five seconds to end. */
const EXPORT_TIMEOUT_MS = 3_000;

interface Pair {
  readonly name: string;
  readonly metrics: PushMetricExporter;
  readonly spans: SpanExporter;
}

export async function openCollectors({ azureMonitor, otlp, intervalMs, log }: CollectorOptions): Promise<Collectors> {
  const pairs = [
    ...(azureMonitor ? [await azureMonitorPair(azureMonitor)] : []),
    ...(otlp ? [await otlpPair(otlp)] : []),
  ];
  return {
    readers: pairs.map(
      ({ name, metrics }) =>
        new PeriodicExportingMetricReader({
          exporter: reportingExporter(metrics, { name, log }),
          exportIntervalMillis: intervalMs,
          exportTimeoutMillis: Math.min(EXPORT_TIMEOUT_MS, intervalMs),
        }),
    ),
    processors: pairs.map(
      ({ name, spans }) =>
        new BatchSpanProcessor(reportingExporter(spans, { name, log }), { exportTimeoutMillis: EXPORT_TIMEOUT_MS }),
    ),
  };
}

/** What it cannot send is lost rather than kept on a disk that the next instance does not have. */
async function azureMonitorPair(collector: AzureMonitorCollector): Promise<Pair> {
  const { AzureMonitorMetricExporter, AzureMonitorTraceExporter } = await import(
    '@azure/monitor-opentelemetry-exporter'
  );
  const options = { ...collector, disableOfflineStorage: true };
  return {
    name: 'azure-monitor',
    metrics: new AzureMonitorMetricExporter(options),
    spans: new AzureMonitorTraceExporter(options),
  };
}

/** By HTTP and JSON, which every collector takes on the same port as protobuf. Headers come from OTEL_EXPORTER_OTLP_HEADERS. */
async function otlpPair({ endpoint }: OtlpCollector): Promise<Pair> {
  const [{ OTLPMetricExporter }, { OTLPTraceExporter }] = await Promise.all([
    import('@opentelemetry/exporter-metrics-otlp-http'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ]);
  const base = endpoint.replace(/\/+$/, '');
  return {
    name: 'otlp',
    metrics: new OTLPMetricExporter({ url: `${base}/v1/metrics`, timeoutMillis: EXPORT_TIMEOUT_MS }),
    spans: new OTLPTraceExporter({ url: `${base}/v1/traces`, timeoutMillis: EXPORT_TIMEOUT_MS }),
  };
}
