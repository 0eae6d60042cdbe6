// What is counted of a sweep that has come to an end, and of a source that asks for less.

import { millisecondsBetween } from '../../domain/instant.ts';
import type { SourceError } from '../../errors.ts';
import type { SweepRunRecord } from '../../ports/sweep-store.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import { asksToSlowDown } from './sweep-schedule.ts';

export function countRun(
  telemetry: Telemetry,
  source: string,
  run: Pick<SweepRunRecord, 'startedAt' | 'finishedAt' | 'result' | 'pages' | 'held'>,
): void {
  const { startedAt, finishedAt, result, pages, held } = run;
  const labels = { 'nac.source': source };
  telemetry.record('nac.sweep.duration', Math.max(0, millisecondsBetween(startedAt, finishedAt)) / 1000, {
    ...labels,
    'nac.sweep.result': result,
  });
  telemetry.count('nac.sweep.pages', labels, pages);
  telemetry.set('nac.held.devices', held, labels);
}

/** Wherever the poll waits after a failure: sweeps, lists, rounds and tasks alike. */
export function countThrottled(
  telemetry: Telemetry | undefined,
  source: string,
  error: Pick<SourceError, 'code' | 'retryAfterMs'>,
): void {
  if (asksToSlowDown(error)) telemetry?.count('nac.source.throttled', { 'nac.source': source });
}
