// The policy in force, kept in memory for a set time. Without the store the last one known is good: a policy that
// cannot be read must not let everybody in, nor lock everybody out.

import { LRUCache } from 'lru-cache';
import { type Instant, toInstant } from '../../domain/instant.ts';
import { BUILT_IN } from '../../domain/policy/built-in-policy.ts';
import type { Policy } from '../../domain/policy/policy.ts';
import { outgoingVersions, type PolicyState, versionInForce } from '../../domain/policy/policy-activation.ts';
import { StoreError, toConnectorError } from '../../errors.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type { Clock } from '../../ports/clock.ts';
import type { PolicyInForce, PolicySource, ReadPolicy } from '../../ports/policy-source.ts';
import type { PolicyStore } from '../../ports/policy-store.ts';
import type { Logger } from '../../ports/telemetry.ts';

/** Versions never change, so those in use stay compiled. */
const MOST_COMPILED = 10;
/** After a failed read the last policy known is used this long before the store is asked again. */
const RETRY_AFTER_MS = 5_000;

export interface CachedPolicySourceDeps {
  readonly store: PolicyStore;
  readonly builtIn: Policy;
  readonly readPolicy: ReadPolicy;
  readonly clock: Clock;
  readonly log: Logger;
  readonly youngEnoughMs: number;
}

interface Known {
  readonly state: PolicyState;
  readonly policy: Policy;
  /** Those that were in force a moment ago. */
  readonly outgoing: ReadonlyMap<string, Policy>;
  /** When the read began, so that the policy never counts as younger than it is. */
  readonly readAt: Instant;
  readonly readAtMs: number;
}

export class CachedPolicySource implements PolicySource {
  readonly #deps: CachedPolicySourceDeps;
  readonly #compiled = new LRUCache<string, Policy>({ max: MOST_COMPILED });
  #known: Known | undefined;
  #reading: Promise<Known> | undefined;
  /** When a read failed last, milliseconds since 1970. */
  #failedAtMs = Number.NEGATIVE_INFINITY;

  constructor(deps: CachedPolicySourceDeps) {
    this.#deps = deps;
  }

  async current(options: CallOptions = {}): Promise<PolicyInForce> {
    const { clock, youngEnoughMs } = this.#deps;
    const now = clock.now().getTime();
    const known = this.#known;
    // After a clock was set back, nothing may look younger.
    const isWithin = (atMs: number, milliseconds: number): boolean => Math.abs(now - atMs) < milliseconds;
    const isYoung = known !== undefined && isWithin(known.readAtMs, youngEnoughMs);
    const mayWait = isYoung || isWithin(this.#failedAtMs, RETRY_AFTER_MS);
    if (known && !options.fresh && mayWait) return this.#inForce(known);
    return this.#inForce(await this.#readOrKeep(now, options));
  }

  /** One read at a time, which all who wait share. */
  async #readOrKeep(now: number, options: CallOptions): Promise<Known> {
    this.#reading ??= this.#read(now, options).finally(() => {
      this.#reading = undefined;
    });
    try {
      return await this.#reading;
    } catch (thrown) {
      if (this.#known === undefined) throw thrown;
      return this.#known;
    }
  }

  async #read(now: number, { signal }: CallOptions): Promise<Known> {
    const { store, clock, log } = this.#deps;
    try {
      const { state } = await store.readState({ signal });
      const policy = await this.#compile(versionInForce(state), { signal });
      const outgoing = new Map<string, Policy>();
      for (const version of outgoingVersions(state, toInstant(clock.now()))) {
        outgoing.set(version, await this.#compile(version, { signal }));
      }
      this.#known = { state, policy, outgoing, readAt: toInstant(new Date(now)), readAtMs: now };
      return this.#known;
    } catch (thrown) {
      this.#failedAtMs = now;
      const { code, message, action } = toConnectorError(thrown);
      const ageSeconds = this.#known && Math.round((now - this.#known.readAtMs) / 1000);
      log.error('policy.not-read', { code, message, action, ageSeconds });
      throw thrown;
    }
  }

  async #compile(version: string, options: CallOptions): Promise<Policy> {
    const { store, builtIn, readPolicy } = this.#deps;
    if (version === BUILT_IN) return builtIn;
    const compiled = this.#compiled.get(version);
    if (compiled) return compiled;
    const stored = await store.readVersion(version, options);
    if (stored === undefined) throw missingVersion(version);
    const policy = await readPolicy(stored.text, { version }, options);
    this.#compiled.set(version, policy);
    return policy;
  }

  #inForce({ state, policy, outgoing, readAt }: Known): PolicyInForce {
    return { policy, outgoing: this.#stillOutgoing(state, outgoing), since: state.changedAt ?? '', readAt };
  }

  #stillOutgoing(state: PolicyState, outgoing: ReadonlyMap<string, Policy>): Policy[] {
    if (outgoing.size === 0) return [];
    const versions = outgoingVersions(state, toInstant(this.#deps.clock.now()));
    return versions.flatMap((version) => outgoing.get(version) ?? []);
  }
}

function missingVersion(version: string): StoreError {
  return new StoreError('NAC_STORE_ROW', `The policy version "${version}" is in force, but its row is missing.`, {
    action: 'Upload the version again, or put another one into force.',
  });
}
