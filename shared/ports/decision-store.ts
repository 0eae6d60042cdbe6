// Where decisions are kept, to be explained and replayed.

import type { CountedDecision } from '../domain/decision-counts.ts';
import type { DeviceKey } from '../domain/device/device.ts';
import type { MethodWord } from '../domain/identity/authentication-word.ts';
import type { Instant } from '../domain/instant.ts';
import type { AnsweredSession } from '../domain/session/session.ts';
import type { Sites } from '../domain/sites.ts';
import type { CallOptions } from './call-options.ts';

/** Decisions that were made, for as long as they are kept. `writeDecision` of the session store writes them. */
export interface DecisionStore {
  /** One row, found by the id alone. */
  read(id: string, options?: CallOptions): Promise<DecisionRecord | undefined>;
  /** Newest first. @throws StoreError NAC_STORE_TIMEOUT when the signal ends it before anything was looked at */
  list(query: DecisionQuery, options?: CallOptions): Promise<DecisionPage>;
  /**
   * What is counted of the decisions of a shard (first digit of the ids) that were made since, and before `until`; a
   * page of them is in memory.
   */
  listCounted(
    shard: string,
    range: { readonly since: Instant; readonly until: Instant },
    options?: CallOptions,
  ): AsyncIterable<CountedDecision>;
  /**
   * Removes decisions of a shard (first digit of the ids) made before that time. When the signal ends it, what was
   * removed by then counts.
   * @returns how many
   */
  removeBefore(shard: string, before: Instant, options?: CallOptions): Promise<number>;
}

/** The session as it was when the decision was made. */
export type DecisionRecord = AnsweredSession;

export interface DecisionQuery extends DecisionRange {
  readonly filter: DecisionFilter;
  /** Only decisions at these sites. */
  readonly sites: Sites;
  readonly limit: number;
  /** Where a person waits for the list: the search goes back from here, and says how far it came. */
  readonly now?: Instant;
}

export interface DecisionRange {
  readonly since?: Instant;
  readonly until?: Instant;
  /** Only those older than the last one of the page before. */
  readonly after?: string;
}

export interface DecisionFilter {
  readonly sessionId?: string;
  readonly mac?: string;
  readonly userName?: string;
  /** About one of these. */
  readonly devices?: readonly DeviceKey[];
  readonly verdict?: string;
  readonly role?: string;
  readonly rule?: string;
  readonly policyVersion?: string;
  readonly standing?: string;
  readonly observed?: boolean;
  readonly waiting?: boolean;
  /** NAS-Identifier, in any case. */
  readonly nasName?: string;
  /** Address of the NAS, as NAS-IP-Address says it, NAS-IPv6-Address, or the packet itself. */
  readonly nasAddress?: string;
  /** NAS-Port-Id. */
  readonly port?: string;
  readonly method?: MethodWord;
  /** Kind of the identity that led to the device. */
  readonly identity?: string;
  readonly assurance?: string;
  /** Source of the device. */
  readonly source?: string;
}

export interface DecisionPage {
  readonly decisions: readonly DecisionRecord[];
  /** Give it as `after` to go on; absent after the oldest. */
  readonly next?: string;
  /** Time ran out: decisions made from then on were looked at, earlier ones were not. */
  readonly lookedUntil?: Instant;
}
