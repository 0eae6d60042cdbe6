// Restarts of NASes, one row each in their site's partition, applied to sessions when these are read.

import type { TableClient } from '@azure/data-tables';
import { coaTargetOf } from '../../domain/coa/coa-target.ts';
import type { CoaNas } from '../../domain/coa-job.ts';
import { type Instant, millisecondsBetween, toInstant } from '../../domain/instant.ts';
import { isRestartOf, type NasRestart, namesOfNas } from '../../domain/session/nas-restart.ts';
import type { Session } from '../../domain/session/session.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type { Clock } from '../../ports/clock.ts';
import { parseObject } from './foreign-rows.ts';
import { restartRow, restartsPartition } from './row-keys.ts';
import { isInstant } from './row-shapes.ts';
import { readRow } from './rows.ts';
import { isConflict, storePages, toStoreError } from './store-errors.ts';

/**
 * Sessions of a site are read many at a time: a restart that another instance noted is applied so much later at most,
 * unless it is asked for.
 */
const KEPT_MS = 10_000;
const ATTEMPTS = 10;

type Restarts = ReadonlyMap<string, readonly NasRestart[]>;
type RestartRow = { nas: string; at: Instant };

export class NasRestarts {
  readonly #table: TableClient;
  readonly #clock: Pick<Clock, 'now'> | undefined;
  readonly #bySite = new Map<string, { readonly readAt: Instant; readonly restarts: Promise<Restarts> }>();

  /** @param clock without one, nothing is kept in memory */
  constructor(table: TableClient, clock: Pick<Clock, 'now'> | undefined) {
    this.#table = table;
    this.#clock = clock;
  }

  /** @returns false when it, or a later one, is noted already */
  async note(restart: NasRestart, { signal }: CallOptions = {}): Promise<boolean> {
    const key = restartRow(restart.site, restart.nas);
    const options = signal ? { abortSignal: signal } : {};
    const row = { ...key, nas: JSON.stringify(restart.nas), at: restart.at };
    for (let attempt = 1; ; attempt++) {
      try {
        const noted = await readRow<RestartRow>('noting the restart of a NAS', this.#table, key, { signal });
        if (noted !== undefined && noted.at >= restart.at) return false;
        if (noted === undefined) await this.#table.createEntity(row, options);
        else await this.#table.updateEntity(row, 'Replace', { etag: noted.etag, ...options });
        this.#bySite.delete(restart.site);
        return true;
      } catch (thrown) {
        if (attempt === ATTEMPTS || !isConflict(thrown)) throw toStoreError('noting the restart of a NAS', thrown);
      }
    }
  }

  /** The next session of the site is held against what is noted then. */
  forget(site: string): void {
    this.#bySite.delete(site);
  }

  async applyTo(session: Session, options: CallOptions = {}): Promise<Session> {
    const restarts = await this.#ofSite(session.site, options);
    if (restarts.size === 0) return session;
    const { nas } = coaTargetOf(session);
    const ofNas = namesOfNas(nas).flatMap((name) => restarts.get(name) ?? []);
    const times = ofNas.filter((restart) => isRestartOf(restart.nas, nas)).map(({ at }) => at);
    const newest = times.reduce((newer, at) => (at > newer ? at : newer), '');
    return newest === '' ? session : { ...session, nasRestartedAt: newest };
  }

  #ofSite(site: string, options: CallOptions): Promise<Restarts> {
    const now = this.#clock && toInstant(this.#clock.now());
    const kept = this.#bySite.get(site);
    if (kept && now && Math.abs(millisecondsBetween(kept.readAt, now)) < KEPT_MS) return kept.restarts;
    const restarts = this.#list(site, options);
    if (now) {
      this.#bySite.set(site, { readAt: now, restarts });
      // What could not be read is asked for again.
      restarts.catch(() => this.#bySite.delete(site));
    }
    return restarts;
  }

  async #list(site: string, { signal }: CallOptions): Promise<Restarts> {
    const restarts = new Map<string, NasRestart[]>();
    const queryOptions = { filter: `PartitionKey eq '${restartsPartition(site)}'` };
    const rows = this.#table.listEntities<RestartRow>({ queryOptions, ...(signal && { abortSignal: signal }) });
    for await (const row of storePages('listing restarts of NASes', rows)) {
      const nas = parsedNas(row.nas);
      if (nas === undefined || !isInstant(row.at)) continue;
      for (const name of namesOfNas(nas)) {
        restarts.set(name, [...(restarts.get(name) ?? []), { site, nas, at: row.at }]);
      }
    }
    return restarts;
  }
}

/** A row that something else wrote restarts nothing. */
function parsedNas(text: unknown): CoaNas | undefined {
  return parseObject(text) as CoaNas | undefined;
}
