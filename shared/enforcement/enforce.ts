// One round of the enforcement timer: the outbox goes on, what was noted or overridden is compared, dead letters are
// read, and all sessions are compared with policy when that is due. Rounds may overlap and be cut short: all they do
// may be done again.

import { addMilliseconds, type Instant, millisecondsBetween, toInstant } from '../domain/instant.ts';
import type { PolicySource } from '../ports/policy-source.ts';
import type { FleetStatus } from '../ports/sweep-status.ts';
import { compareListed } from './compare-listed.ts';
import { type CompareOverriddenDeps, compareOverridden } from './compare-overridden.ts';
import type { ComparisonState, ComparisonTrigger } from './comparison-task.ts';
import { newOutboxMemory } from './outbox-window.ts';
import { type PumpDeps, type PumpLimits, pumpOutbox } from './pump-outbox.ts';
import { overdueMs, type ReconcileDeps, reconcile } from './reconcile.ts';
import { takeDeadLetters } from './take-dead-letters.ts';

export interface EnforceDeps extends ReconcileDeps, PumpDeps, CompareOverriddenDeps {
  readonly fleetStatus: FleetStatus;
  readonly policies: PolicySource;
  /** When the sources in force came into force; `undefined` while some instance may go by those before. */
  readonly sourcesSettledSince: () => Promise<Instant | '' | undefined>;
}

export interface EnforceLimits extends PumpLimits {
  /** Milliseconds from one comparison of all sessions to the next, at most. */
  readonly compareEveryMs: number;
}

/**
 * A round is to end within 60 % of the time that a function may run, so it begins nothing after half of it. The tenth
 * in between, twelve seconds of two minutes, is for what was begun: a page of sessions (a second), a pass through the
 * outboxes of four sites (3,500 jobs each, two reads of 10 ms a job, sixteen at once: four to five seconds), dead
 * letters (five seconds).
 */
const ROUND_SHARE = 0.5;
const LEASE_SHARE = 1.5;
/** While all sessions are compared, the outbox and what was noted have their turn this often. */
const TURN_EVERY_MS = 5_000;
/** Each site takes a fifth of a second, and has its turn another time. */
const DEAD_LETTERS_MS = 5_000;
const REPORT_OVERDUE_EVERY_MS = 10 * 60_000;

export interface RoundResult {
  readonly decided: number;
  readonly queued: number;
}

export class Enforcer {
  readonly #deps: EnforceDeps;
  readonly #limits: EnforceLimits;
  /** Sites that had open jobs in the turn before: a job that ended meanwhile may have left a dead letter. */
  #sitesBefore: Set<string> = new Set();
  /** Where the outbox goes on that took more than one round. */
  #from: string | undefined;
  readonly #memory = newOutboxMemory();
  #overdueReportedAt: Instant | undefined;

  constructor(deps: EnforceDeps, limits: EnforceLimits) {
    this.#deps = deps;
    this.#limits = limits;
  }

  /**
   * @param functionTimeoutMs how long the host lets the round run before it ends the process
   * @throws QueueError, StoreError when a site could not be pumped, after everything else was done
   */
  async round(functionTimeoutMs: number): Promise<RoundResult> {
    const until = addMilliseconds(this.#now(), functionTimeoutMs * ROUND_SHARE);
    const turn = await this.#turn(until);
    let { open, queued, decided, failure, at } = turn;
    const betweenPages = async (): Promise<void> => {
      if (millisecondsBetween(at, this.#now()) < TURN_EVERY_MS) return;
      const next = await this.#turn(until);
      queued += next.queued;
      decided += next.decided;
      failure ??= next.failure;
      ({ open, at } = next);
    };
    const limits = { intervalMs: this.#limits.compareEveryMs, leaseMs: functionTimeoutMs * LEASE_SHARE };
    const compared = await reconcile(this.#deps, limits, await this.#trigger(turn.overrides), {
      until,
      open: () => open,
      betweenPages,
    });
    decided += compared.decided;
    // A site that has had nothing to do for long may have dead letters all the same.
    if (compared.completed) {
      for await (const site of this.#deps.jobs.listSites()) this.#sitesBefore.add(site);
    }
    if (compared.decided > 0) queued += (await this.#pump(until)).queued;
    this.#reportOverdue(compared.state, limits.intervalMs);
    if (failure !== undefined) throw failure;
    return { decided, queued };
  }

  /** Notes are no older than a round when they are compared, and their jobs go out in the same turn. */
  async #turn(until: Instant) {
    const pumped = await this.#pump(until);
    const { queued, sites, failure } = pumped;
    // Sites that this pass did not come to have their dead letters read all the same.
    const others = pumped.next === undefined ? [] : this.#sitesBefore;
    const overridden = await compareOverridden(this.#deps, pumped.open, until);
    const decided = overridden.decided + (await compareListed(this.#deps, pumped.open, until));
    const after = decided > 0 ? await this.#pump(until) : undefined;
    const open = after?.open ?? pumped.open;
    const time = addMilliseconds(this.#now(), DEAD_LETTERS_MS);
    const asked = new Set([...this.#sitesBefore, ...sites]);
    const left = await takeDeadLetters(this.#deps, asked, time < until ? time : until);
    this.#sitesBefore = new Set([...left, ...sites, ...others]);
    const overrides = overridden.occasion;
    return { open, decided, queued: queued + (after?.queued ?? 0), failure, at: this.#now(), overrides };
  }

  async #pump(until: Instant) {
    const pumped = await pumpOutbox(this.#deps, this.#limits, { from: this.#from, until, memory: this.#memory });
    this.#from = pumped.next;
    return pumped;
  }

  /** As long as some may still answer by the policy or the sources before, the new ones make no comparison due. */
  async #trigger(overrides: Instant | undefined): Promise<ComparisonTrigger> {
    const sweep = await this.#deps.fleetStatus.newestRunStartedAt({ fresh: true });
    const { since, outgoing } = await this.#deps.policies.current();
    const sources = await this.#deps.sourcesSettledSince();
    return {
      ...(sweep !== undefined && { sweep }),
      ...(outgoing.length === 0 && { policy: since }),
      ...(sources !== undefined && { sources }),
      ...(overrides !== undefined && { overrides }),
    };
  }

  #reportOverdue(state: ComparisonState, intervalMs: number): void {
    const now = this.#now();
    const ageMs = overdueMs(state, { intervalMs }, now);
    const reportedAt = this.#overdueReportedAt;
    if (ageMs === undefined) return;
    if (reportedAt !== undefined && millisecondsBetween(reportedAt, now) < REPORT_OVERDUE_EVERY_MS) return;
    this.#overdueReportedAt = now;
    this.#deps.log.error('enforcement.comparison-overdue', {
      ageMs,
      intervalMs,
      shard: state.run?.shard,
      compared: state.run?.compared,
    });
  }

  #now(): Instant {
    return toInstant(this.#deps.clock.now());
  }
}
