// An exporter whose failures are logged: the SDK would swallow them. The lines are the log that alerts read, whatever becomes
// of metrics and traces.

import type { Logger } from '../../ports/telemetry.ts';

interface ExportResult {
  readonly code: number;
  readonly error?: Error;
}

interface Exporter<Batch> {
  export(batch: Batch, done: (result: ExportResult) => void): unknown;
}

/** Of ExportResultCode in @opentelemetry/core. */
const FAILED = 1;
/** A collector that is away is said once in that time. */
const SAID_EVERY_MS = 60 * 60_000;

export function reportingExporter<Batch, Of extends Exporter<Batch>>(
  exporter: Of,
  { name, log }: { readonly name: string; readonly log: Pick<Logger, 'warn'> },
): Of {
  const send = exporter.export.bind(exporter) as Exporter<Batch>['export'];
  let saidAt = Number.NEGATIVE_INFINITY;
  exporter.export = ((batch: Batch, done: (result: ExportResult) => void) =>
    send(batch, (result) => {
      if (result.code === FAILED && performance.now() - saidAt >= SAID_EVERY_MS) {
        saidAt = performance.now();
        log.warn('telemetry.not-sent', {
          code: 'NAC_TELEMETRY',
          collector: name,
          message: result.error?.message ?? 'the collector did not take it',
          action: 'Check the address of the collector, the right to send to it and the network. Lookups and CoA go on.',
        });
      }
      done(result);
    })) as Of['export'];
  return exporter;
}
