// Counts failures that cause no error, and logs the running total with each count.

import { LABELS } from '../../ports/instruments.ts';
import type { Logger, Metrics, Telemetry } from '../../ports/telemetry.ts';

/** Other counts have an instrument of their own. */
const COUNTED: readonly string[] = LABELS['nac.quiet_failure'].values;

export function createLogMetrics(log: Logger, telemetry?: Telemetry): Metrics {
  const totals = new Map<string, number>();
  return {
    count(name, by = 1) {
      const total = (totals.get(name) ?? 0) + by;
      totals.set(name, total);
      log.warn('metric', { name, total });
      if (COUNTED.includes(name)) telemetry?.count('nac.quiet_failures', { 'nac.quiet_failure': name }, by);
    },
  };
}
