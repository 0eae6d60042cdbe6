// The sources in force. A new version of sources.yaml opens what is new, closes what is gone, opens again what has
// changed, and leaves the rest as it is: with its tokens, its pauses and its connections.

import type { Instant } from '../domain/instant.ts';
import { sameData } from '../domain/same-data.ts';
import type { SourceDefinition } from '../domain/source/source-definition.ts';
import { toConnectorError } from '../errors.ts';
import { orAborted } from '../or-aborted.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { SourceDefinitions } from '../ports/source-definitions.ts';
import type { Logger } from '../ports/telemetry.ts';
import { coalesced } from './lazy.ts';
import { type RememberedSource, removedSetup } from './remembered-sources.ts';
import type { SourceSetup } from './source-setup.ts';
import { type ConfiguredSource, type OpenedOnceDeps, openedOnce } from './sources.ts';

export interface SourceSet {
  /**
   * Those of the definitions in force, in their order; behind them those that are defined no more.
   * @throws StoreError while the definitions were never read
   */
  inForce(options?: CallOptions): Promise<readonly ConfiguredSource[]>;
  /** As {@link inForce} gave them last: for what cannot wait. */
  readonly known: readonly ConfiguredSource[];
  /** Version of the definitions that {@link inForce} went by last. */
  readonly version: string | undefined;
  /** When these definitions came into force; `undefined` while some process may still go by those before. */
  readonly settledSince: Instant | '' | undefined;
  /** Ends what waits for their answers. */
  leave(): Promise<void>;
  close(): Promise<void>;
}

export interface SourceSetDeps extends OpenedOnceDeps {
  readonly definitions: () => Promise<SourceDefinitions>;
  /** Sources that were polled, as they were defined last. */
  readonly remembered: () => Promise<readonly RememberedSource[]>;
  /** `undefined` for a kind that this version cannot open. */
  readonly setUp: (definition: SourceDefinition) => SourceSetup | undefined;
  /** Beside those that are defined. */
  readonly more: readonly SourceSetup[];
  readonly log: Logger;
}

interface Entry {
  /** What it was made from: the same again leaves it as it is. */
  readonly made: unknown;
  readonly source: ConfiguredSource;
}

/** For how long it is remembered what was polled before. */
const REMEMBERED_FOR_MS = 60_000;
/** Once something is known, a lookup waits no longer for what may be new; the next one sees it. */
const WITHIN_MS = 150;

export function createSourceSet(deps: SourceSetDeps): SourceSet {
  const set = new OpenedSources(deps);
  const refresh = coalesced(() => set.refresh());
  return {
    inForce: async () => {
      if (set.version === undefined) return refresh();
      const inTime = (signal: AbortSignal) => orAborted(refresh(), signal);
      return (await deps.clock.within(WITHIN_MS, inTime).catch(() => undefined)) ?? set.known;
    },
    get known() {
      return set.known;
    },
    get version() {
      return set.version;
    },
    get settledSince() {
      return set.settledSince;
    },
    leave: () => set.each((source) => source.leave()),
    close: () => set.each((source) => source.close()),
  };
}

class OpenedSources {
  readonly #deps: SourceSetDeps;
  readonly #more: readonly ConfiguredSource[];
  #entries = new Map<string, Entry>();
  #version: string | undefined;
  #before: readonly RememberedSource[] = [];
  #readAtMs = Number.NEGATIVE_INFINITY;
  known: readonly ConfiguredSource[] = [];
  settledSince: Instant | '' | undefined;

  get version(): string | undefined {
    return this.#version;
  }

  constructor(deps: SourceSetDeps) {
    this.#deps = deps;
    this.#more = deps.more.map((setup) => openedOnce(setup, deps));
  }

  async refresh(): Promise<readonly ConfiguredSource[]> {
    const { clock, definitions } = this.#deps;
    const { version, definitions: defined, since, settling } = await (await definitions()).definitionsInForce();
    const nowMs = clock.now().getTime();
    const isRecent = Math.abs(nowMs - this.#readAtMs) < REMEMBERED_FOR_MS;
    if (version !== this.#version || !isRecent) {
      if (!isRecent) this.#before = await this.#remembered();
      await this.#take(version, defined, this.#before);
      this.#readAtMs = nowMs;
    }
    this.settledSince = settling ? undefined : since;
    return this.known;
  }

  /** Once something is known no lookup waits long for it. */
  async #remembered(): Promise<readonly RememberedSource[]> {
    const { clock, remembered } = this.#deps;
    if (this.#version === undefined) return remembered();
    const inTime = (signal: AbortSignal) => orAborted(remembered(), signal);
    return (await clock.within(WITHIN_MS, inTime).catch(() => undefined)) ?? this.#before;
  }

  async each(work: (source: ConfiguredSource) => Promise<void>): Promise<void> {
    const all = [...[...this.#entries.values()].map(({ source }) => source), ...this.#more];
    await Promise.all(all.map(work));
  }

  async #take(
    version: string,
    defined: readonly SourceDefinition[],
    before: readonly RememberedSource[],
  ): Promise<void> {
    const { clock, log } = this.#deps;
    const entries = new Map<string, Entry>();
    for (const definition of defined) {
      const entry = this.#kept(definition.name, definition) ?? this.#opened(definition, this.#setUp(definition));
      if (entry !== undefined) entries.set(definition.name, entry);
    }
    const names = new Set([...defined, ...this.#more].map(({ name }) => name));
    for (const removed of before.filter(({ name }) => !names.has(name))) {
      const made = { removed };
      const entry =
        this.#kept(removed.name, made) ??
        this.#opened(
          made,
          removedSetup(removed, () => clock.now()),
        );
      if (entry !== undefined) entries.set(removed.name, entry);
    }
    const left = [...this.#entries].filter(([name, { source }]) => entries.get(name)?.source !== source);
    this.#entries = entries;
    this.known = [...[...entries.values()].map(({ source }) => source), ...this.#more];
    if (this.#version !== undefined && this.#version !== version) {
      log.info('sources.opened', { version, sources: this.known.map(({ name }) => name) });
    }
    this.#version = version;
    for (const [name, { source }] of left) {
      await source.close().catch((thrown) => log.warn('source.not-closed', { source: name, error: String(thrown) }));
    }
  }

  /** One that cannot be set up keeps no other from being in force. */
  #setUp(definition: SourceDefinition): SourceSetup | undefined {
    const { name, kind } = definition;
    try {
      const setup = this.#deps.setUp(definition);
      if (setup === undefined) this.#deps.log.error('source.not-opened', { source: name, kind });
      return setup;
    } catch (thrown) {
      const { code, message, action } = toConnectorError(thrown);
      this.#deps.log.error('source.not-opened', { source: name, kind, code, message, action });
      return undefined;
    }
  }

  #kept(name: string, made: unknown): Entry | undefined {
    const entry = this.#entries.get(name);
    return entry !== undefined && sameData(entry.made, made) ? entry : undefined;
  }

  #opened(made: unknown, setup: SourceSetup | undefined): Entry | undefined {
    return setup && { made, source: openedOnce(setup, this.#deps) };
  }
}
