// Where a source has no list of devices, the only list there is: every device that it calls noncompliant, as often as
// it may be asked for (Intune: once in four hours).
//
//   is it time? -> note that it was asked for -> page after page: listed devices are noncompliant -> read one by one
//   those that left it, and those listed by address alone -> drop what is held and not listed any more -> changes of
//   compliance apply, unless they are too many at once
//
// The list may be had so seldom, so none of it is lost: after every page, and every few hundred sessions, it
// is stored where the run goes on. A run that is interrupted goes on there in the next tick, or in another instance.

import { addMilliseconds, type Instant, millisecondsBetween, toInstant } from '../../domain/instant.ts';
import { SourceError } from '../../errors.ts';
import type { NoncompliantList, NoncompliantPage } from '../../ports/compliance-retrieval.ts';
import type { SourceName } from '../../ports/mdm-source.ts';
import type { SessionStore } from '../../ports/session-store.ts';
import type { Logger } from '../../ports/telemetry.ts';
import {
  NONCOMPLIANT_TASK,
  type NoncompliantRun,
  type NoncompliantState,
  runIdOfList,
} from '../point-reads/point-read-runs.ts';
import type { PointReads } from '../point-reads/point-reads.ts';
import type { SavePointReadsDeps } from '../point-reads/save-point-reads.ts';
import { countThrottled } from '../tasks/count-run.ts';
import { type NoLease, type TaskDeps, type TaskLease, withTask } from '../tasks/leased-task.ts';
import { retryAfterFailure } from '../tasks/sweep-schedule.ts';
import { type BreakerLimits, concludePointReads, stagingRule } from './conclude-point-reads.ts';
import { dropWithdrawnHolds } from './drop-withdrawn-holds.ts';
import { readUnlisted } from './read-unlisted.ts';
import { saveListed } from './save-listed.ts';

/** A page holds a hundred devices as a rule: more pages than any tenant has. */
const MOST_PAGES = 20_000;
/** After this many failures in a row on one page, or when the next list is due, what is left of a list is given up. */
const FAILURES_UNTIL_GIVEN_UP = 6;

export interface PollNoncompliantDeps extends TaskDeps, SavePointReadsDeps {
  readonly source: SourceName & { readonly noncompliant: NoncompliantList };
  readonly reads: PointReads;
  readonly sessions: SessionStore;
  readonly log: Logger;
}

export interface PollNoncompliantLimits extends BreakerLimits {
  /** Time between lists, raised to what the source lets us where it is less. */
  readonly intervalMs: number;
  readonly leaseMs: number;
  /** No further step is begun after this long. */
  readonly budgetMs: number;
}

type Ended = 'complete' | 'sliced' | 'failed';

export function pollNoncompliant(deps: PollNoncompliantDeps, limits: PollNoncompliantLimits): Promise<Ended | NoLease> {
  const task = { name: NONCOMPLIANT_TASK, initial: { failures: 0 } as NoncompliantState, leaseMs: limits.leaseMs };
  const isDue = ({ notBefore, run, retryAt }: NoncompliantState, now: Instant): boolean =>
    run === undefined ? notBefore === undefined || notBefore <= now : retryAt === undefined || retryAt <= now;
  return withTask(deps, task, isDue, (held) => new ListRun(deps, held, limits).work());
}

class ListRun {
  readonly #deps: PollNoncompliantDeps;
  readonly #task: TaskLease<NoncompliantState>;
  readonly #limits: PollNoncompliantLimits;
  readonly #intervalMs: number;
  readonly #begunAt: Instant;
  /** Cursors of this slice: pages that lead round in a circle end here. */
  readonly #visited = new Set<string>();

  constructor(deps: PollNoncompliantDeps, task: TaskLease<NoncompliantState>, limits: PollNoncompliantLimits) {
    this.#deps = deps;
    this.#task = task;
    this.#limits = limits;
    this.#intervalMs = Math.max(limits.intervalMs, deps.source.noncompliant.leastIntervalMs);
    this.#begunAt = toInstant(deps.clock.now());
  }

  async work(): Promise<Ended> {
    try {
      let run = this.#task.state.run ?? (await this.#begin());
      while (run.step !== 'done') {
        if (this.#isTimeUp()) return 'sliced';
        run = await this.#next(run);
        await this.#save(run);
      }
      return 'complete';
    } catch (thrown) {
      if (!(thrown instanceof SourceError)) throw thrown;
      // The process ends, and with it its connections: no failure of the service.
      if (this.#deps.stopping?.aborted) return 'sliced';
      await this.#stop(thrown);
      return 'failed';
    }
  }

  #isTimeUp(): boolean {
    if (this.#deps.stopping?.aborted) return true;
    return millisecondsBetween(this.#begunAt, this.#now()) >= this.#limits.budgetMs;
  }

  /** Noted before it is asked for, so that no crash makes it sooner. */
  async #begin(): Promise<NoncompliantRun> {
    const askedAt = this.#now();
    await this.#task.save({ ...this.#task.state, askedAt, notBefore: addMilliseconds(askedAt, this.#intervalMs) });
    const page = await this.#deps.source.noncompliant.listNoncompliant();
    const begun = { requestedAt: page.requestedAt, step: 'pages', pages: 0, listed: 0, problems: 0, read: 0 } as const;
    // Stored with its first page saved, or not at all: saving it again is no other than saving it once.
    const run = await this.#savePage(begun, page);
    await this.#save(run);
    return run;
  }

  async #next(run: NoncompliantRun): Promise<NoncompliantRun> {
    switch (run.step) {
      case 'pages':
        return this.#savePage(run, await this.#deps.source.noncompliant.listNoncompliant(run.at));
      case 'reads': {
        const { read, after } = await readUnlisted(this.#deps, run, this.#rules(run));
        return movedOn({ ...run, read: run.read + read }, after, 'lifts');
      }
      case 'lifts': {
        const after = await dropWithdrawnHolds(this.#deps, this.#deps.source.name, run.requestedAt, run.at);
        return movedOn(run, after, 'conclusion');
      }
      case 'conclusion':
        return this.#conclude(run);
      case 'done':
        return run;
    }
  }

  async #savePage(run: NoncompliantRun, page: NoncompliantPage): Promise<NoncompliantRun> {
    const { nextCursor } = page;
    if (nextCursor !== undefined && (this.#visited.has(nextCursor) || run.pages >= MOST_PAGES)) throw pageLoop();
    if (nextCursor !== undefined) this.#visited.add(nextCursor);
    const listed = await saveListed(this.#deps, page, this.#rules(run));
    const counted = {
      ...run,
      pages: run.pages + 1,
      listed: run.listed + listed,
      problems: run.problems + page.problems.length,
    };
    return movedOn(counted, nextCursor, 'reads');
  }

  async #conclude(run: NoncompliantRun): Promise<NoncompliantRun> {
    const held = await concludePointReads(this.#deps, this.#limits, runIdOfList(run));
    if (held === undefined) return run;
    const { listed, read, problems, pages } = run;
    this.#deps.log.info('noncompliant.listed', { listed, read, pages, problems, held });
    return { ...run, step: 'done' };
  }

  /** Saving it renews the lease. */
  async #save(run: NoncompliantRun): Promise<void> {
    const { askedAt = run.requestedAt, notBefore, lastComplete } = this.#task.state;
    const when = { askedAt, ...(notBefore !== undefined && { notBefore }), failures: 0 };
    const done = { lastComplete: { askedAt, listed: run.listed } };
    const goesOn = { ...(lastComplete && { lastComplete }), run };
    await this.#task.save({ ...when, ...(run.step === 'done' ? done : goesOn) });
  }

  /** The list goes on at the page that failed, unless it fails and fails, or the next one is due. */
  async #stop(error: SourceError): Promise<void> {
    const { random, log, telemetry, source } = this.#deps;
    countThrottled(telemetry, source.name, error);
    const { run, retryAt: _, ...state } = this.#task.state;
    const now = this.#now();
    const failures = state.failures + 1;
    const spreadMs = Math.floor(random.fraction() * source.noncompliant.spreadMs);
    const atTheWall = addMilliseconds(now, Math.max(this.#intervalMs, error.retryAfterMs ?? 0) + spreadMs);
    const soon = retryAfterFailure(now, failures, error.retryAfterMs, random.fraction());
    const { code, message, action } = error;
    if (run === undefined) {
      const notBefore = wasAsked(error) ? atTheWall : soon;
      log.warn('noncompliant.failed', { code, message, action, notBefore });
      return this.#task.save({ ...state, notBefore, failures });
    }
    const isOver =
      code === 'NAC_SOURCE_PAGE_LOOP' ||
      failures >= FAILURES_UNTIL_GIVEN_UP ||
      (state.notBefore !== undefined && state.notBefore <= now);
    if (!isOver) {
      log.warn('noncompliant.failed', { code, message, action, step: run.step, retryAt: soon });
      return this.#task.save({ ...state, run, failures, retryAt: soon });
    }
    // What was staged waits for the end of the next list, or round.
    const notBefore = code === 'NAC_SOURCE_THROTTLED' ? atTheWall : (state.notBefore ?? atTheWall);
    log.warn('noncompliant.given-up', { code, message, action, pages: run.pages, listed: run.listed, notBefore });
    return this.#task.save({ ...state, notBefore, failures: 0 });
  }

  #rules(run: NoncompliantRun) {
    return { source: this.#deps.source.name, holdAbsences: true, flips: stagingRule(this.#limits, runIdOfList(run)) };
  }

  #now(): Instant {
    return toInstant(this.#deps.clock.now());
  }
}

/** @param at where the step goes on; `undefined` when it is done */
function movedOn(
  { at: _, ...run }: NoncompliantRun,
  at: string | undefined,
  next: NoncompliantRun['step'],
): NoncompliantRun {
  return at === undefined ? { ...run, step: next } : { ...run, at };
}

/** Without token or address the list was never asked for, and without permission nothing was given: no wall stands. */
function wasAsked({ code }: SourceError): boolean {
  return !NEVER_ASKED.has(code);
}

const NEVER_ASKED = new Set<string>([
  'NAC_SOURCE_TOKEN',
  'NAC_SOURCE_DISCOVERY',
  'NAC_SOURCE_UNTRUSTED',
  'NAC_SOURCE_UNAUTHORIZED',
  'NAC_SOURCE_FORBIDDEN',
]);

function pageLoop(): SourceError {
  return new SourceError('NAC_SOURCE_PAGE_LOOP', 'Pages of the noncompliant list lead round in a circle.', {
    action: 'The list is asked for again by itself, when it may be.',
    field: 'nextCursor',
  });
}
