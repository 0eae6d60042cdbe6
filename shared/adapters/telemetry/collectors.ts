// The collectors: Azure Monitor, an OTLP collector, or both. Each is loaded only where it is used.

import { rootCertificates } from 'node:tls';
import type { TokenCredential } from '@azure/core-auth';
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics';
import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import { withoutTrailing } from '../../domain/trailing.ts';
import type { Logger } from '../../ports/telemetry.ts';
import { failureReport, type ReportFailure, reportingExporter, reportingPolicy } from './reporting-exporter.ts';

export interface AzureMonitorCollector {
  readonly connectionString: string;
  /** Absent where the resource takes data by its key. */
  readonly credential?: TokenCredential;
}

export interface OtlpCollector {
  /** Base URL, as in OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly endpoint: string;
}

export interface CollectorOptions {
  readonly azureMonitor?: AzureMonitorCollector | undefined;
  readonly otlp?: OtlpCollector | undefined;
  /** PEM of certificate authorities trusted in addition to the usual ones. */
  readonly extraCa?: string | undefined;
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
  readonly report: ReportFailure;
  readonly metrics: PushMetricExporter;
  readonly spans: SpanExporter;
}

export async function openCollectors({
  azureMonitor,
  otlp,
  extraCa,
  intervalMs,
  log,
}: CollectorOptions): Promise<Collectors> {
  const ca = extraCa === undefined ? undefined : [...rootCertificates, extraCa];
  const pairs = [
    ...(azureMonitor ? [await azureMonitorPair(azureMonitor, ca, failureReport('azure-monitor', log))] : []),
    ...(otlp ? [await otlpPair(otlp, ca, failureReport('otlp', log))] : []),
  ];
  return {
    readers: pairs.map(
      ({ report, metrics }) =>
        new PeriodicExportingMetricReader({
          exporter: reportingExporter(metrics, report),
          exportIntervalMillis: intervalMs,
          exportTimeoutMillis: Math.min(EXPORT_TIMEOUT_MS, intervalMs),
        }),
    ),
    processors: pairs.map(
      ({ report, spans }) =>
        new BatchSpanProcessor(reportingExporter(spans, report), { exportTimeoutMillis: EXPORT_TIMEOUT_MS }),
    ),
  };
}

/** Data that it cannot send is lost: the next instance would not have the disk that it was kept on. */
async function azureMonitorPair(
  collector: AzureMonitorCollector,
  ca: string[] | undefined,
  report: ReportFailure,
): Promise<Pair> {
  const { AzureMonitorMetricExporter, AzureMonitorTraceExporter } = await import(
    '@azure/monitor-opentelemetry-exporter'
  );
  const options = {
    ...collector,
    disableOfflineStorage: true,
    ...(ca && { tlsOptions: { ca } }),
    additionalPolicies: [{ policy: reportingPolicy(report), position: 'perCall' as const }],
  };
  return {
    report,
    metrics: new AzureMonitorMetricExporter(options),
    spans: new AzureMonitorTraceExporter(options),
  };
}

/**
 * By HTTP and JSON, which every collector takes on the same port as protobuf. Headers come from
 * OTEL_EXPORTER_OTLP_HEADERS.
 */
async function otlpPair({ endpoint }: OtlpCollector, ca: string[] | undefined, report: ReportFailure): Promise<Pair> {
  const [{ OTLPMetricExporter }, { OTLPTraceExporter }] = await Promise.all([
    import('@opentelemetry/exporter-metrics-otlp-http'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ]);
  const base = withoutTrailing(endpoint, '/');
  const options = { timeoutMillis: EXPORT_TIMEOUT_MS, ...(ca && { httpAgentOptions: { ca } }) };
  return {
    report,
    metrics: new OTLPMetricExporter({ ...options, url: `${base}/v1/metrics` }),
    spans: new OTLPTraceExporter({ ...options, url: `${base}/v1/traces` }),
  };
}
