// Counts what goes wrong quietly, and logs the running total with each count.

import type { Logger, Metrics } from '../../ports/telemetry.ts';

export function createLogMetrics(log: Logger): Metrics {
  const totals = new Map<string, number>();
  return {
    count(name, by = 1) {
      const total = (totals.get(name) ?? 0) + by;
      totals.set(name, total);
      log.warn('metric', { name, total });
    },
  };
}
