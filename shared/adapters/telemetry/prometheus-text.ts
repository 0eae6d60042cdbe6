// Metrics as a Prometheus server scrapes them, text format 0.0.4.
// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format

import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { MetricReader } from '@opentelemetry/sdk-metrics';

/** Collects when it is asked: sums since the start of the process, as a scraper wants them. */
export class ScrapedMetrics extends MetricReader {
  readonly #serializer = new PrometheusSerializer('', false, undefined, false, true);

  async text(): Promise<string> {
    const { resourceMetrics } = await this.collect();
    return this.#serializer.serialize(resourceMetrics);
  }

  protected override async onForceFlush(): Promise<void> {}

  protected override async onShutdown(): Promise<void> {}
}
