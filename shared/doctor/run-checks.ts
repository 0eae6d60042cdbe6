// Walks the checks in order. What rests on a check that failed is skipped, so that one cause shows once.

import type { Check, CheckReport, CheckStatus, DoctorReport, Outcome } from '../ports/check.ts';
import type { Clock } from '../ports/clock.ts';
import { explainFailure } from './explain-failure.ts';

/** Longer than every deadline below it. */
const LONGEST_CHECK_MS = 75_000;

/** @param onReport gets the report of each check as soon as it is done */
export async function runChecks(
  checks: readonly Check[],
  clock: Clock,
  onReport: (report: CheckReport) => void = () => {},
): Promise<DoctorReport> {
  const at = clock.now().toISOString();
  const reports = new Map<string, CheckReport>();
  /** What a skipped check was skipped for in the end. */
  const causes = new Map<string, CheckReport>();
  for (const check of checks) {
    const { name, title } = check;
    const blocker = (check.needs ?? []).map((need) => reports.get(need)).find(blocks);
    const cause = blocker && (causes.get(blocker.name) ?? blocker);
    if (cause) causes.set(name, cause);
    const outcome: Outcome = cause ? skippedBecauseOf(cause) : await outcomeOf(check, clock);
    const report = { name, title, ...outcome };
    reports.set(name, report);
    onReport(report);
  }
  const all = [...reports.values()];
  const count = (status: CheckStatus): number => all.filter((report) => report.status === status).length;
  const counts = { ok: count('ok'), warn: count('warn'), failed: count('failed'), skipped: count('skipped') };
  return { at, ok: counts.failed === 0, counts, checks: all };
}

function blocks(report: CheckReport | undefined): report is CheckReport {
  return report?.status === 'failed' || report?.status === 'skipped';
}

function skippedBecauseOf({ title, status }: CheckReport): Outcome {
  return { status: 'skipped', saw: `It needs “${title}”, which ${status === 'failed' ? 'failed' : 'was left out'}.` };
}

async function outcomeOf(check: Check, clock: Clock): Promise<Outcome> {
  const { promise: tooLong, resolve } = Promise.withResolvers<Outcome>();
  const deadline = clock.deadline(LONGEST_CHECK_MS);
  const giveUp = (): void => resolve(endless());
  deadline.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([check.run(), tooLong]);
  } catch (thrown) {
    return explainFailure(thrown);
  } finally {
    deadline.removeEventListener('abort', giveUp);
  }
}

function endless(): Outcome {
  return {
    status: 'failed',
    saw: `No result after ${LONGEST_CHECK_MS / 1000} seconds.`,
    means: 'Something on the way takes connections and does not answer.',
    action: 'Check firewalls and proxies between this machine and the service.',
  };
}
