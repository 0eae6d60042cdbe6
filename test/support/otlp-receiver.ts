// A collector on loopback that takes OTLP by HTTP and JSON, and keeps what it was sent.
// https://opentelemetry.io/docs/specs/otlp/#otlphttp

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

interface AnyValue {
  readonly stringValue?: string;
  readonly intValue?: string | number;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
}
interface KeyValue {
  readonly key: string;
  readonly value: AnyValue;
}
interface Point {
  readonly attributes?: readonly KeyValue[];
  readonly asInt?: string | number;
  readonly asDouble?: number;
  readonly count?: string | number;
  readonly sum?: number;
}
interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly sum?: { readonly dataPoints: readonly Point[] };
  readonly gauge?: { readonly dataPoints: readonly Point[] };
  readonly histogram?: { readonly dataPoints: readonly Point[] };
}
interface WireSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes?: readonly KeyValue[];
}

export interface ReceivedSpan {
  readonly name: string;
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface OtlpReceiver extends AsyncDisposable {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  /** Of all that came: the newest value of each series, by instrument; of a histogram its count. */
  series(name: string): readonly { readonly labels: Readonly<Record<string, unknown>>; readonly value: number }[];
  /** Everything that came, as it came. */
  readonly texts: readonly string[];
  /** All names of instruments. */
  readonly names: ReadonlySet<string>;
  /** What every label of a metric says. */
  labelValues(): readonly string[];
}

export async function startOtlpReceiver(options: { readonly hangs?: boolean } = {}): Promise<OtlpReceiver> {
  const texts: string[] = [];
  const spans: ReceivedSpan[] = [];
  const metrics = new Map<string, Map<string, { labels: Record<string, unknown>; value: number }>>();
  const server = createServer(async (request, answer) => {
    const text = (await buffer(request)).toString();
    if (options.hangs) return;
    texts.push(text);
    const body = JSON.parse(text);
    if (request.url === '/v1/traces') spans.push(...spansOf(body));
    else if (request.url === '/v1/metrics') keep(metrics, metricsOf(body));
    else return void answer.writeHead(404).end();
    answer.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    series: (name) => [...(metrics.get(name)?.values() ?? [])],
    texts,
    get names() {
      return new Set(metrics.keys());
    },
    labelValues: () =>
      [...metrics.values()].flatMap((points) =>
        [...points.values()].flatMap(({ labels }) => Object.values(labels).map(String)),
      ),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function spansOf(body: {
  resourceSpans: { resource: { attributes: KeyValue[] }; scopeSpans: { spans: WireSpan[] }[] }[];
}) {
  return body.resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ name, traceId, spanId, parentSpanId, attributes = [] }) => ({
        name,
        service: String(plain(resource.attributes)['service.name']),
        traceId,
        spanId,
        parentSpanId: parentSpanId || undefined,
        attributes: plain(attributes),
      })),
    ),
  );
}

function metricsOf(body: { resourceMetrics: { scopeMetrics: { metrics: Metric[] }[] }[] }): Metric[] {
  return body.resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
}

function keep(
  into: Map<string, Map<string, { labels: Record<string, unknown>; value: number }>>,
  found: Metric[],
): void {
  for (const { name, sum, gauge, histogram } of found) {
    const series = into.get(name) ?? new Map();
    into.set(name, series);
    for (const point of (sum ?? gauge ?? histogram)?.dataPoints ?? []) {
      const labels = plain(point.attributes ?? []);
      series.set(JSON.stringify(labels), { labels, value: Number(point.asInt ?? point.asDouble ?? point.count) });
    }
  }
}

function plain(attributes: readonly KeyValue[]): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.stringValue ??
        value.boolValue ??
        (value.intValue === undefined ? value.doubleValue : Number(value.intValue)),
    ]),
  );
}
