// What is under way where no sweep is: a run of the noncompliant list, and a round of the refresh. Each stages what it
// would turn under a name of its own, and none of that counts before the run that staged it has come to its end.

import type { Instant } from '../../domain/instant.ts';
import type { TaskStore } from '../../ports/task-store.ts';
import { readTask } from '../tasks/leased-task.ts';

export const NONCOMPLIANT_TASK = 'noncompliant-list';
export const REFRESH_TASK = 'refresh-authenticated';

/** How far a run of the noncompliant list is. */
export interface NoncompliantRun {
  /** When its first page was asked for: a device that was called noncompliant since then is on the list. */
  readonly requestedAt: Instant;
  readonly step: 'pages' | 'reads' | 'lifts' | 'conclusion' | 'done';
  /** Where the step goes on: the cursor of a page, the id of the last session, the key of the last device. */
  readonly at?: string;
  readonly pages: number;
  readonly listed: number;
  readonly problems: number;
  /** Devices that were read one by one. */
  readonly read: number;
}

export interface NoncompliantState {
  /** Not before this the list may be asked for; stored before it is, so that no crash makes it sooner. */
  readonly notBefore?: Instant;
  readonly askedAt?: Instant;
  readonly lastComplete?: { readonly askedAt: Instant; readonly listed: number };
  /** The list that is being saved. */
  readonly run?: NoncompliantRun;
  /** Failures in a row. */
  readonly failures: number;
  /** Not before this the run goes on. */
  readonly retryAt?: Instant;
}

export interface RefreshRound {
  readonly startedAt: Instant;
  /** Id of the last session that is done. */
  readonly after?: string;
  readonly read: number;
  readonly saved: number;
  readonly absent: number;
  readonly failed: number;
  /** Addresses without a record that were asked about. Rounds of the version before do not count them. */
  readonly addresses?: number;
}

export interface RefreshState {
  readonly round?: RefreshRound;
  /** Id of the last session whose address, which has no record, was asked about; absent when all were. */
  readonly addressesAfter?: string;
  readonly lastComplete?: { readonly startedAt: Instant; readonly read: number };
  readonly failures: number;
  readonly retryAt?: Instant;
}

/** One name for all of it, also after a crash, so that an operator's release means all of it. */
export function runIdOfList({ requestedAt }: Pick<NoncompliantRun, 'requestedAt'>): string {
  return `noncompliant-${Date.parse(requestedAt)}`;
}

export function runIdOfRound({ startedAt }: Pick<RefreshRound, 'startedAt'>): string {
  return `refresh-${Date.parse(startedAt)}`;
}

/** Names of runs that are not at their end, and may have staged something. */
export async function runsUnderWay(tasks: TaskStore): Promise<ReadonlySet<string>> {
  const [list, refresh] = await Promise.all([
    readTask<NoncompliantState>(tasks, NONCOMPLIANT_TASK),
    readTask<RefreshState>(tasks, REFRESH_TASK),
  ]);
  const { run } = list.state ?? {};
  const { round } = refresh.state ?? {};
  return new Set([...(run ? [runIdOfList(run)] : []), ...(round ? [runIdOfRound(round)] : [])]);
}
