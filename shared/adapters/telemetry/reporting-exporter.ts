// An exporter whose failures are logged: the SDK would swallow them. Alerts read these lines even when metrics and
// traces fail.

import type { PipelinePolicy } from '@azure/core-rest-pipeline';
import type { Logger } from '../../ports/telemetry.ts';

interface ExportResult {
  readonly code: number;
  readonly error?: Error;
}

interface Exporter<Batch> {
  export(batch: Batch, done: (result: ExportResult) => void): unknown;
}

/** Says why a collector did not take something. */
export type ReportFailure = (message: string) => void;

/** Of ExportResultCode in @opentelemetry/core. */
const FAILED = 1;
/** A collector that is away is said once in that time. */
const SAID_EVERY_MS = 60 * 60_000;

export function failureReport(collector: string, log: Pick<Logger, 'warn'>): ReportFailure {
  let saidAt = Number.NEGATIVE_INFINITY;
  return (message) => {
    if (performance.now() - saidAt < SAID_EVERY_MS) return;
    saidAt = performance.now();
    log.warn('telemetry.not-sent', {
      code: 'NAC_TELEMETRY',
      collector,
      message,
      action: 'Check the address of the collector, the right to send to it and the network. Lookups and CoA go on.',
    });
  };
}

export function reportingExporter<Batch, Of extends Exporter<Batch>>(exporter: Of, report: ReportFailure): Of {
  const send = exporter.export.bind(exporter) as Exporter<Batch>['export'];
  exporter.export = ((batch: Batch, done: (result: ExportResult) => void) =>
    send(batch, (result) => {
      if (result.code === FAILED) report(result.error?.message ?? 'the collector did not take it');
      done(result);
    })) as Of['export'];
  return exporter;
}

/**
 * Microsoft's exporter calls a refusal that it may not keep on disk a success: what it was answered is looked at here.
 */
export function reportingPolicy(report: ReportFailure): PipelinePolicy {
  return {
    name: 'reportRefusals',
    async sendRequest(request, next) {
      try {
        const answer = await next(request);
        if (answer.status >= 400) report(`answered ${answer.status}`);
        return answer;
      } catch (thrown) {
        report(thrown instanceof Error ? thrown.message : 'no answer');
        throw thrown;
      }
    },
  };
}
