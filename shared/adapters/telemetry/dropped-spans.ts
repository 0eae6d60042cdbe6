// Spans that begin before it is known whether they are worth recording.

import type { SpanContext } from '@opentelemetry/api';
import type { SpanProcessor } from '@opentelemetry/sdk-trace-base';

/** Contexts of spans that end unsaid. */
export type DroppedSpans = WeakSet<SpanContext>;

/** @param dropped holds the context of a span by the time that it ends */
export function withoutDropped(processor: SpanProcessor, dropped: DroppedSpans): SpanProcessor {
  return {
    onStart: (span, context) => processor.onStart(span, context),
    onEnd(span) {
      if (!dropped.has(span.spanContext())) processor.onEnd(span);
    },
    forceFlush: () => processor.forceFlush(),
    shutdown: () => processor.shutdown(),
  };
}
