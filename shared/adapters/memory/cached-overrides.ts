// The list of overrides, kept in memory for ten seconds. Without the store the last list known is good: a block that
// cannot be read must not open, and a let-on stops at its end.

import { OVERRIDE_MEMORY_MS, type Override } from '../../domain/policy/override.ts';
import { toConnectorError } from '../../errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { KnownOverrides, OverrideSource } from '../../ports/override-source.ts';
import type { OverrideStore } from '../../ports/override-store.ts';
import type { Logger } from '../../ports/telemetry.ts';

/** After a failed read the last list known is used this long before the store is asked again. */
const RETRY_AFTER_MS = 2_000;

export interface CachedOverridesDeps {
  readonly store: Pick<OverrideStore, 'list'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Milliseconds that a read may take: the first one, and one while a list is known already. */
  readonly withinMs: { readonly first: number; readonly again: number };
}

interface Known {
  readonly overrides: readonly Override[];
  /** When the read began, milliseconds since 1970. */
  readonly readAtMs: number;
}

export class CachedOverrides implements OverrideSource {
  readonly #deps: CachedOverridesDeps;
  #known: Known | undefined;
  #reading: Promise<Known> | undefined;
  #notBefore = Number.NEGATIVE_INFINITY;

  constructor(deps: CachedOverridesDeps) {
    this.#deps = deps;
  }

  async current({ fresh = false }: { readonly fresh?: boolean } = {}): Promise<KnownOverrides> {
    const now = this.#deps.clock.now().getTime();
    const known = this.#known;
    if (known !== undefined && !fresh) {
      // After a clock was set back, nothing may look younger.
      if (Math.abs(now - known.readAtMs) < OVERRIDE_MEMORY_MS) return { overrides: known.overrides, isRecent: true };
      if (Math.abs(this.#notBefore - now) < RETRY_AFTER_MS) return { overrides: known.overrides, isRecent: false };
    }
    try {
      return { overrides: (await this.#read(now)).overrides, isRecent: true };
    } catch (thrown) {
      const last = this.#known;
      if (last === undefined || fresh) throw thrown;
      return { overrides: last.overrides, isRecent: false };
    }
  }

  /** One read at a time, which all who wait share. It ends by its own deadline, not by that of one of them. */
  #read(now: number): Promise<Known> {
    this.#reading ??= this.#readOnce(now).finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readOnce(now: number): Promise<Known> {
    const { store, clock, log, withinMs } = this.#deps;
    const { first, again } = withinMs;
    try {
      const stored = await clock.within(this.#known === undefined ? first : again, (signal) => store.list({ signal }));
      this.#known = { overrides: stored.map(({ override }) => override), readAtMs: now };
      return this.#known;
    } catch (thrown) {
      this.#notBefore = now;
      const { code, message, action } = toConnectorError(thrown);
      const ageSeconds = this.#known && Math.round((now - this.#known.readAtMs) / 1000);
      log.error('override.list-not-read', { code, message, action, ageSeconds });
      throw thrown;
    }
  }
}
