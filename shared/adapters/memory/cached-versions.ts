// The version of a document that is in force, compiled and kept in memory for a set time. Without the store the last
// one known is good.

import { LRUCache } from 'lru-cache';
import { type Instant, toInstant } from '../../domain/instant.ts';
import {
  type ActivationState,
  BUILT_IN,
  lastGoodVersions,
  outgoingVersions,
  versionInForce,
} from '../../domain/version-activation.ts';
import { type ConnectorError, DocumentError, StoreError, toConnectorError } from '../../errors.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type { Clock } from '../../ports/clock.ts';
import type { VersionStore } from '../../ports/version-store.ts';

/** Versions never change, so those in use stay compiled. */
const MOST_COMPILED = 10;
/** After a failed read the last version known is used this long before the store is asked again. */
const RETRY_AFTER_MS = 5_000;

export interface CachedVersionsDeps<Compiled> {
  readonly store: Pick<VersionStore, 'readState' | 'readVersion'>;
  /** What is in force until a version is activated. */
  readonly builtIn: Compiled;
  readonly compile: (
    text: string,
    about: { readonly version: string },
    options?: CallOptions,
  ) => Compiled | Promise<Compiled>;
  readonly clock: Clock;
  readonly youngEnoughMs: number;
  /** Whether one of those before is in force where the activated one cannot be used; else none is. */
  readonly fallsBack?: boolean;
  /**
   * Called after each read of the store.
   * @param problem absent where all is as it was activated
   * @param ageSeconds of what is known; absent where nothing is
   */
  readonly report: (problem: ConnectorError | undefined, ageSeconds: number | undefined) => void;
}

export interface CompiledInForce<Compiled> {
  readonly version: string;
  readonly compiled: Compiled;
  /** Those before, as long as another instance may still go by them. */
  readonly outgoing: readonly Compiled[];
  /** The activated version, where that one could not be used. */
  readonly insteadOf?: string;
  /** When it came into force; empty when none was ever activated. */
  readonly since: Instant | '';
  /** When the store was asked last; grows older while it does not answer. */
  readonly readAt: Instant;
}

interface Known<Compiled> {
  readonly state: ActivationState;
  readonly version: string;
  readonly compiled: Compiled;
  /** Those that were in force a moment ago. */
  readonly outgoing: ReadonlyMap<string, Compiled>;
  /** When the read began, so that nothing ever counts as younger than it is. */
  readonly readAt: Instant;
  readonly readAtMs: number;
}

export class CachedVersions<Compiled extends object> {
  readonly #deps: CachedVersionsDeps<Compiled>;
  readonly #compiled = new LRUCache<string, Compiled>({ max: MOST_COMPILED });
  #known: Known<Compiled> | undefined;
  #reading: Promise<Known<Compiled>> | undefined;
  /** When a read failed last, milliseconds since 1970. */
  #failedAtMs = Number.NEGATIVE_INFINITY;

  constructor(deps: CachedVersionsDeps<Compiled>) {
    this.#deps = deps;
  }

  /** @throws StoreError, DocumentError while nothing was ever read */
  async current(options: CallOptions = {}): Promise<CompiledInForce<Compiled>> {
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
  async #readOrKeep(now: number, options: CallOptions): Promise<Known<Compiled>> {
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

  async #read(now: number, { signal }: CallOptions): Promise<Known<Compiled>> {
    const { store, clock, report } = this.#deps;
    try {
      const { state } = await store.readState({ signal });
      const { version, compiled, problem } = await this.#usable(state, { signal });
      const outgoing = new Map<string, Compiled>();
      for (const before of outgoingVersions(state, toInstant(clock.now()))) {
        const earlier = await this.#unlessUnusable(before, { signal });
        if (earlier !== undefined) outgoing.set(before, earlier);
      }
      this.#known = { state, version, compiled, outgoing, readAt: toInstant(new Date(now)), readAtMs: now };
      report(problem, 0);
      return this.#known;
    } catch (thrown) {
      this.#failedAtMs = now;
      report(toConnectorError(thrown), this.#known && Math.round((now - this.#known.readAtMs) / 1000));
      throw thrown;
    }
  }

  async #usable(
    state: ActivationState,
    options: CallOptions,
  ): Promise<{ readonly version: string; readonly compiled: Compiled; readonly problem?: ConnectorError }> {
    const activated = versionInForce(state);
    try {
      return { version: activated, compiled: await this.#compile(activated, options) };
    } catch (thrown) {
      if (!this.#deps.fallsBack || !isOfTheVersion(thrown)) throw thrown;
      for (const version of lastGoodVersions(state)) {
        const compiled = await this.#unlessUnusable(version, options);
        if (compiled !== undefined) return { version, compiled, problem: thrown };
      }
      throw thrown;
    }
  }

  /** A version that cannot be used, no instance goes by. */
  async #unlessUnusable(version: string, options: CallOptions): Promise<Compiled | undefined> {
    try {
      return await this.#compile(version, options);
    } catch (thrown) {
      if (isOfTheVersion(thrown)) return undefined;
      throw thrown;
    }
  }

  async #compile(version: string, options: CallOptions): Promise<Compiled> {
    const { store, builtIn, compile } = this.#deps;
    if (version === BUILT_IN) return builtIn;
    const remembered = this.#compiled.get(version);
    if (remembered) return remembered;
    const stored = await store.readVersion(version, options);
    if (stored === undefined) throw missingVersion(version);
    const compiled = await compile(stored.text, { version }, options);
    this.#compiled.set(version, compiled);
    return compiled;
  }

  #inForce({ state, version, compiled, outgoing, readAt }: Known<Compiled>): CompiledInForce<Compiled> {
    const activated = versionInForce(state);
    return {
      version,
      compiled,
      outgoing: this.#stillOutgoing(state, outgoing),
      ...(activated !== version && { insteadOf: activated }),
      since: state.changedAt ?? '',
      readAt,
    };
  }

  #stillOutgoing(state: ActivationState, outgoing: ReadonlyMap<string, Compiled>): Compiled[] {
    if (outgoing.size === 0) return [];
    const versions = outgoingVersions(state, toInstant(this.#deps.clock.now()));
    return versions.flatMap((version) => outgoing.get(version) ?? []);
  }
}

/** Not of the way there: the same version stays as it is, whatever the store does next. */
function isOfTheVersion(thrown: unknown): thrown is ConnectorError {
  return thrown instanceof DocumentError || (thrown instanceof StoreError && thrown.code === 'NAC_STORE_ROW');
}

function missingVersion(version: string): StoreError {
  return new StoreError('NAC_STORE_ROW', `The version "${version}" is in force, but its row is missing.`, {
    action: 'Upload the version again, or put another one into force.',
  });
}
