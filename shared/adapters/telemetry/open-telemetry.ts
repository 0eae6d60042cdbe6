// The telemetry port by OpenTelemetry's SDK. Nothing global is set: other users of the API in the process stay silent.

import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Attributes,
  type Context,
  type Counter,
  type Gauge,
  type Histogram,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AggregationType, type IMetricReader, MeterProvider } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { formatTraceparent, parseTraceparent } from '../../domain/traceparent.ts';
import { INSTRUMENTS, type InstrumentDescription, type InstrumentName } from '../../ports/instruments.ts';
import type { SpanName, SpanOptions, Telemetry } from '../../ports/telemetry.ts';
import { BoundedLabels } from './bounded-labels.ts';
import { type DroppedSpans, withoutDropped } from './dropped-spans.ts';
import { SPAN_NAME, TraceSampler } from './trace-sampler.ts';

export interface OpenTelemetryParts {
  /** The sender: `service.name`, `service.version`, `service.instance.id` and the like. */
  readonly resource: Attributes;
  readonly readers: readonly IMetricReader[];
  readonly processors: readonly SpanProcessor[];
  readonly now: () => Date;
}

export interface OpenedTelemetry extends Telemetry {
  /** Hands on what has been counted and measured so far. It never fails. */
  flush(): Promise<void>;
  /** As flush, and then nothing more. */
  close(): Promise<void>;
}

const SCOPE = 'nac-connector';
const KINDS = {
  internal: SpanKind.INTERNAL,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  client: SpanKind.CLIENT,
} as const;

/** A span under way, and how many below it are worth recording. */
interface UnderWay {
  readonly context: Context;
  readonly span: Span;
  parts: number;
}

export function openTelemetry({ resource, readers, processors, now }: OpenTelemetryParts): OpenedTelemetry {
  const from = resourceFromAttributes(resource);
  const meters = new MeterProvider({
    resource: from,
    readers: [...readers],
    views: Object.entries<InstrumentDescription>(INSTRUMENTS).flatMap(([instrumentName, { bounds }]) =>
      bounds === undefined
        ? []
        : [
            {
              instrumentName,
              aggregation: { type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM, options: { boundaries: [...bounds] } },
            } as const,
          ],
    ),
  });
  const meter = meters.getMeter(SCOPE);
  const dropped: DroppedSpans = new WeakSet();
  const traces = new BasicTracerProvider({
    resource: from,
    sampler: new TraceSampler(() => now().getTime()),
    spanProcessors: processors.map((processor) => withoutDropped(processor, dropped)),
  });
  const tracer = traces.getTracer(SCOPE);
  const labels = new BoundedLabels();
  const current = new AsyncLocalStorage<UnderWay>();
  const made = new Map<InstrumentName, Counter | Histogram | Gauge>();

  function instrument<Kind extends Counter | Histogram | Gauge>(name: InstrumentName): Kind {
    let found = made.get(name);
    if (found === undefined) {
      const { kind, unit, meaning: description }: InstrumentDescription = INSTRUMENTS[name];
      const options = { unit, description };
      if (kind === 'counter') found = meter.createCounter(name, options);
      else found = kind === 'histogram' ? meter.createHistogram(name, options) : meter.createGauge(name, options);
      made.set(name, found);
    }
    return found as Kind;
  }

  function contextOf({ parent }: SpanOptions, around: UnderWay | undefined): Context {
    const remote = parseTraceparent(parent);
    if (remote === undefined) return around?.context ?? ROOT_CONTEXT;
    const { traceId, spanId, sampled } = remote;
    const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
    return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
  }

  async function span<Value>(name: SpanName, options: SpanOptions, work: () => Promise<Value>): Promise<Value> {
    const around = current.getStore();
    const outer = contextOf(options, around);
    const { attributes = {}, kind = 'internal', startedAt = now(), reportIf } = options;
    const begun = tracer.startSpan(name, { kind: KINDS[kind], attributes, startTime: startedAt }, outer);
    const context = trace.setSpan(outer, begun).setValue(SPAN_NAME, name);
    const underWay: UnderWay = { context, span: begun, parts: 0 };
    let isReported = true;
    try {
      const value = await current.run(underWay, work);
      isReported = reportIf?.(underWay.parts, value) ?? true;
      return value;
    } catch (thrown) {
      begun.setStatus({ code: SpanStatusCode.ERROR });
      begun.setAttribute('error.type', codeOf(thrown));
      throw thrown;
    } finally {
      if (!isReported) dropped.add(begun.spanContext());
      // What goes on with another trace is no part of what is under way here.
      else if (around !== undefined && options.parent === undefined) around.parts += 1;
      begun.end(now());
    }
  }

  async function flush(): Promise<void> {
    await Promise.allSettled([meters.forceFlush(), traces.forceFlush()]);
  }

  return {
    count: (name, ofCount, by = 1) => instrument<Counter>(name).add(by, labels.bound(ofCount)),
    record: (name, value, ofValue) => instrument<Histogram>(name).record(value, labels.bound(ofValue)),
    set: (name, value, ofValue) => instrument<Gauge>(name).record(value, labels.bound(ofValue)),
    observe(name, read) {
      const { unit, meaning: description }: InstrumentDescription = INSTRUMENTS[name];
      meter.createObservableGauge(name, { unit, description }).addCallback((result) => result.observe(read()));
    },
    span,
    traceparent() {
      const context = current.getStore()?.span.spanContext();
      if (context === undefined) return undefined;
      const { traceId, spanId, traceFlags } = context;
      return formatTraceparent({ traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 });
    },
    flush,
    async close() {
      await flush();
      await Promise.allSettled([meters.shutdown(), traces.shutdown()]);
    },
  };
}

/** A code, or the name of an error's class; never its message, which may speak of people. */
function codeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'unknown';
  return 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : thrown.name;
}
