// What is counted of a sweep that has come to an end.

import { millisecondsBetween } from '../domain/instant.ts';
import type { SweepRunRecord } from '../ports/sweep-store.ts';
import type { Telemetry } from '../ports/telemetry.ts';

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
