// One message of the results queue: a report, or an array of reports that a relay sent together.

import { readReport } from './read-report.ts';
import { type ReportDeps, recordReport } from './record-report.ts';

/** Jobs written at once: enough to hide the store's latency, too few to be throttled by it. */
const AT_ONCE = 10;

/**
 * A report that is wrong, or cannot be written, does not hold up the others. Recording a report again changes nothing, so the
 * whole message may come again.
 * @throws the first error there was, after all others have been recorded: NAC_REPORT, or what the stores throw
 */
export async function recordReports(deps: ReportDeps, body: unknown): Promise<void> {
  const reports: readonly unknown[] = Array.isArray(body) ? body : [body];
  const failures: unknown[] = [];
  const record = async (report: unknown): Promise<void> => {
    try {
      await recordReport(deps, readReport(report));
    } catch (thrown) {
      failures.push(thrown);
    }
  };
  for (let from = 0; from < reports.length; from += AT_ONCE) {
    await Promise.all(reports.slice(from, from + AT_ONCE).map(record));
  }
  if (failures.length > 0) throw failures[0];
}
