// Changes that operators made at the command line, with an Azure role alone: nothing of the app saw them, so they are
// logged from the audit, for the alerts. Each is logged once, as far as memory and clocks go; twice does no harm.

import type { AuditEntry } from '../domain/audit-entry.ts';
import { addMilliseconds, type Instant, toInstant } from '../domain/instant.ts';
import { StoreError } from '../errors.ts';
import type { AuditStore } from '../ports/audit-store.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { Clock } from '../ports/clock.ts';
import type { TaskStore } from '../ports/task-store.ts';
import type { Logger } from '../ports/telemetry.ts';

export const LOG_TASK = 'audit-logged';
/**
 * The store's clock and ours may be apart, and a look may have ended halfway: what is missing of this time is logged.
 */
const OVERLAP_MS = 2 * 3_600_000;
/** So far back the first look goes. */
const FIRST_LOOK_MS = 24 * 3_600_000;
/** The writer of an entry sets its time: a machine whose clock is behind, by mistake or not, must not hide a change. */
const ALL_TIMES: Instant = '1970-01-01T00:00:00.000Z';
const PAGE = 500;
const MOST_PAGES = 10;
const MOST_REMEMBERED = 500;

interface LoggedState {
  /** The look before began then. */
  readonly at: Instant;
  /** Entries of the overlap that are logged. */
  readonly logged: readonly string[];
}

export interface LogCommandLineDeps {
  readonly audit: Pick<AuditStore, 'list'>;
  readonly tasks: TaskStore;
  readonly clock: Clock;
  readonly log: Logger;
}

/** @returns how many were logged */
export async function logCommandLine(
  { audit, tasks, clock, log }: LogCommandLineDeps,
  options: CallOptions,
): Promise<number> {
  const { state, etag } = await tasks.read<LoggedState>(LOG_TASK);
  const now = toInstant(clock.now());
  const since = addMilliseconds(state?.at ?? now, state === undefined ? -FIRST_LOOK_MS : -OVERLAP_MS);
  const known = new Set(state?.logged);
  const made = (await listSince(audit, since, options)).filter(({ from }) => from === 'command-line');
  const news = made.filter((entry) => !known.has(nameOf(entry)));
  // Logged before it is noted: a process that is killed in between logs an entry twice, and never leaves one out.
  for (const { at, by, action, target, site, reason } of news.toReversed()) {
    log.warn('audit.command-line', { at, by, action, target, site, reason });
  }
  await note(tasks, { at: now, logged: made.map(nameOf).slice(0, MOST_REMEMBERED) }, etag);
  return news.length;
}

async function listSince(
  audit: LogCommandLineDeps['audit'],
  writtenSince: Instant,
  options: CallOptions,
): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = [];
  let after: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const listed = await audit.list(
      { since: ALL_TIMES, writtenSince, after, sites: 'every' as const, limit: PAGE },
      options,
    );
    entries.push(...listed.entries);
    after = listed.next;
    if (after === undefined) break;
  }
  return entries;
}

function nameOf({ at, action, target }: AuditEntry): string {
  return `${at} ${action} ${target.slice(0, 80)}`;
}

/** Another instance may have been first: it has logged the same. */
async function note(tasks: TaskStore, state: LoggedState, etag: string | undefined): Promise<void> {
  try {
    await tasks.write(LOG_TASK, state, etag);
  } catch (thrown) {
    if (!(thrown instanceof StoreError) || thrown.code !== 'NAC_POLL_LEASE_LOST') throw thrown;
  }
}
