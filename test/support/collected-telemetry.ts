// Telemetry into memory, by the SDK's own exporters: what a collector would get.

import {
  AggregationTemporality,
  InMemoryMetricExporter,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { type OpenedTelemetry, openTelemetry } from '../../shared/adapters/telemetry/open-telemetry.ts';

export interface CollectedPoint {
  readonly labels: Readonly<Record<string, unknown>>;
  /** A number, or what a histogram knows. */
  readonly value: unknown;
}

export interface CollectedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly failed: boolean;
}

export interface CollectedTelemetry {
  readonly telemetry: OpenedTelemetry;
  /** By instrument, all that has been counted since the beginning. */
  points(): Promise<ReadonlyMap<string, readonly CollectedPoint[]>>;
  /** What every label says, of every instrument. */
  labelValues(): Promise<readonly string[]>;
  spans(): readonly CollectedSpan[];
}

const NEVER_MS = 2 ** 31 - 1;

export function collectedTelemetry(now: () => Date = () => new Date()): CollectedTelemetry {
  const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: NEVER_MS });
  const spans = new InMemorySpanExporter();
  const telemetry = openTelemetry({
    resource: { 'service.name': 'test' },
    readers: [reader],
    processors: [new SimpleSpanProcessor(spans)],
    now,
  });
  const points = async (): Promise<Map<string, CollectedPoint[]>> => {
    await reader.forceFlush();
    const newest =
      metrics
        .getMetrics()
        .at(-1)
        ?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
    return new Map(
      newest.map(({ descriptor, dataPoints }) => [
        descriptor.name,
        dataPoints.map(({ attributes, value }) => ({ labels: attributes, value })),
      ]),
    );
  };
  return {
    telemetry,
    points,
    async labelValues() {
      const all = [...(await points()).values()].flat();
      return all.flatMap(({ labels }) => Object.values(labels).map(String));
    },
    spans: () =>
      spans.getFinishedSpans().map((span) => ({
        name: span.name,
        traceId: span.spanContext().traceId,
        spanId: span.spanContext().spanId,
        parentId: span.parentSpanContext?.spanId,
        attributes: span.attributes,
        failed: span.status.code === 2,
      })),
  };
}
