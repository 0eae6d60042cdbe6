// One message of the results queue: a report, or an array of reports that a relay sent together.

import { ConnectorError } from '../errors.ts';
import { readReport } from './read-report.ts';
import { type ReportDeps, recordReport } from './record-report.ts';

/** Jobs written at once: enough to hide the store's latency, too few to be throttled by it. */
const AT_ONCE = 10;

/**
 * A report that is wrong, or cannot be written, does not hold up the others. Recording a report again changes nothing,
 * so the whole message may come again. What no one can read is logged and done with: it would be no better the tenth
 * time.
 * @throws the first thing that the stores threw, after all others have been recorded
 */
export async function recordReports(deps: ReportDeps, body: unknown): Promise<void> {
  const reports: readonly unknown[] = Array.isArray(body) ? body : [body];
  const failures: unknown[] = [];
  const record = async (report: unknown): Promise<void> => {
    try {
      await recordReport(deps, readReport(report));
    } catch (thrown) {
      if (thrown instanceof ConnectorError && thrown.code === 'NAC_REPORT') reportUnreadable(deps, thrown);
      else failures.push(thrown);
    }
  };
  for (let from = 0; from < reports.length; from += AT_ONCE) {
    await Promise.all(reports.slice(from, from + AT_ONCE).map(record));
  }
  if (failures.length > 0) throw failures[0];
}

/** Its content stays out of the log: it may be anything. */
function reportUnreadable({ log }: ReportDeps, { code, message, action, field }: ConnectorError): void {
  log.error('enforcement.report-unreadable', { code, message, action, field });
}
