// Changes that operators made at the command line, with an Azure role alone: nothing of the app saw them, so they are logged from
// the audit, for the alerts. Each is logged once, as far as memory and clocks go; twice does no harm.

import type { AuditEntry } from '../domain/audit-entry.ts';
import { addMilliseconds, type Instant, toInstant } from '../domain/instant.ts';
import { StoreError } from '../errors.ts';
import type { AuditStore } from '../ports/audit-store.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { Clock } from '../ports/clock.ts';
import type { TaskStore } from '../ports/task-store.ts';
import type { Logger } from '../ports/telemetry.ts';

export const TELL_TASK = 'audit-told';
/** Clocks of operators' machines may be off by so much: what was not told of this time is told. */
const OVERLAP_MS = 2 * 3_600_000;
/** So far back the first look goes. */
const FIRST_LOOK_MS = 24 * 3_600_000;
const PAGE = 500;
const MOST_PAGES = 10;
const MOST_REMEMBERED = 500;

interface ToldState {
  /** The look before began then. */
  readonly at: Instant;
  /** Entries told of the overlap. */
  readonly told: readonly string[];
}

export interface TellDeps {
  readonly audit: Pick<AuditStore, 'list'>;
  readonly tasks: TaskStore;
  readonly clock: Clock;
  readonly log: Logger;
}

/** @returns how many were told */
export async function tellCommandLine({ audit, tasks, clock, log }: TellDeps, options: CallOptions): Promise<number> {
  const { state, etag } = await tasks.read<ToldState>(TELL_TASK);
  const now = toInstant(clock.now());
  const since = addMilliseconds(state?.at ?? now, state === undefined ? -FIRST_LOOK_MS : -OVERLAP_MS);
  const known = new Set(state?.told);
  const made = (await listSince(audit, since, options)).filter(({ from }) => from === 'command-line');
  const news = made.filter((entry) => !known.has(nameOf(entry)));
  // Noted first: two instances at once tell it once.
  const told = made.map(nameOf).slice(0, MOST_REMEMBERED);
  if (!(await noted(tasks, { at: now, told }, etag))) return 0;
  for (const { at, by, action, target, site } of news.toReversed()) {
    log.warn('audit.command-line', { at, by, action, target, site });
  }
  return news.length;
}

async function listSince(audit: TellDeps['audit'], since: Instant, options: CallOptions): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = [];
  let after: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const listed = await audit.list({ since, after, limit: PAGE }, options);
    entries.push(...listed.entries);
    after = listed.next;
    if (after === undefined) break;
  }
  return entries;
}

function nameOf({ at, action, target }: AuditEntry): string {
  return `${at} ${action} ${target.slice(0, 80)}`;
}

/** @returns false when another instance was first: it tells */
async function noted(tasks: TaskStore, state: ToldState, etag: string | undefined): Promise<boolean> {
  try {
    await tasks.write(TELL_TASK, state, etag);
    return true;
  } catch (thrown) {
    if (thrown instanceof StoreError && thrown.code === 'NAC_POLL_LEASE_LOST') return false;
    throw thrown;
  }
}
