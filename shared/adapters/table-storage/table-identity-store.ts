// Pointers from identities to devices in Table Storage: one row per identity lists its holders, written under its etag.

import type { TableClient } from '@azure/data-tables';
import { concurrently } from '../../concurrently.ts';
import { deviceKeyText, parseDeviceKeyText, SHARDS } from '../../domain/device/device.ts';
import { identityText, type Pointer } from '../../domain/identity/identity.ts';
import { StoreError } from '../../errors.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type { IdentityOwner, IdentityOwners, IdentityStore, MacSearch } from '../../ports/identity-store.ts';
import type { Logger } from '../../ports/telemetry.ts';
import { ForeignRows } from './foreign-rows.ts';
import { MoreOwners } from './more-owners.ts';
import { identityRow, prefixFilter, shardPartition } from './row-keys.ts';
import { readRow, unlessOvertaken } from './rows.ts';
import { storePages } from './store-errors.ts';
import { WRITE_CONCURRENCY, writeUnits } from './transactions.ts';

/**
 * More owners than this are not listed: no device is recognised by an identity that two hundred devices share
 * (`Default string` as serial number, the MAC address of a dock in a meeting room).
 */
const MOST_OWNERS = 200;

/** Of one partition, above its even share of addresses that begin with the same digits. */
const SPARE_ROWS = 3;

/** Sources asked for at once, where many own one identity. */
const SOURCES_AT_ONCE = 4;

/** Attempts under contention; each lost one means that another writer got through. */
const ATTEMPTS = 20;

interface OwnersRow {
  /** Called as the column is, which rows of every version have. */
  readonly holders: string[];
  readonly more: boolean;
  /** Owners that are not listed have rows of their own. An earlier version did not write these. */
  readonly counted: boolean;
  readonly etag: string;
}

type Owners = Omit<OwnersRow, 'etag' | 'holders'> & { readonly holders: readonly string[] };
const NO_OWNERS: Owners = { holders: [], more: false, counted: true };

export class TableIdentityStore implements IdentityStore, MacSearch {
  readonly #table: TableClient;
  readonly #more: MoreOwners;
  readonly #foreign: ForeignRows;

  /** @param log of rows that something else wrote */
  constructor(table: TableClient, log?: Pick<Logger, 'error'>) {
    this.#table = table;
    this.#more = new MoreOwners(table);
    this.#foreign = new ForeignRows(log);
  }

  async readOwners(identity: Pointer, options: CallOptions = {}): Promise<IdentityOwners> {
    const row = await this.#read(identity, options);
    return { devices: row?.holders ?? [], more: row?.more ?? false };
  }

  async readOwnersOf(
    identity: Pointer,
    sources: readonly string[],
    options: CallOptions = {},
  ): Promise<IdentityOwners> {
    const row = await this.#read(identity, options);
    if (row === undefined) return { devices: [], more: false };
    const listed = row.holders.filter((device) => sources.includes(parseDeviceKeyText(device).source));
    if (!row.more) return { devices: listed, more: false };
    const beyond = await concurrently(sources, SOURCES_AT_ONCE, (source) =>
      this.#more.list(identity, { signal: options.signal, source }),
    );
    const devices = [...new Set([...listed, ...beyond.flatMap(({ devices: more }) => more)])];
    // An earlier version wrote no rows of those beyond: whose they are is not known.
    const more = !row.counted || beyond.some(({ others }) => others) || devices.length > MOST_OWNERS;
    return { devices: devices.slice(0, MOST_OWNERS), more };
  }

  /**
   * One short query of each partition, all at once. Addresses lie evenly in the partitions, so each is asked for a few
   * more than its share; `more` says that one has more still.
   */
  async findByMacStart(
    digits: string,
    most: number,
    { signal }: CallOptions = {},
  ): Promise<{ keys: readonly string[]; more: boolean }> {
    const found = await Promise.all(
      SHARDS.map(async (shard) => {
        const filter = prefixFilter(shardPartition(shard), `mac|${digits}`);
        const queryOptions = { filter, select: ['holders', 'more'] };
        const pages = this.#table
          .listEntities<{ holders?: unknown }>({ queryOptions, ...(signal && { abortSignal: signal }) })
          .byPage({ maxPageSize: Math.ceil(most / SHARDS.length) + SPARE_ROWS });
        for await (const page of storePages('searching addresses', pages)) {
          return { rows: page, more: page.continuationToken !== undefined };
        }
        return { rows: [], more: false };
      }),
    );
    const keys = new Set<string>();
    for (const { holders } of found.flatMap(({ rows }) => rows)) {
      if (typeof holders === 'string' && holders !== '') for (const key of holders.split('\n')) keys.add(key);
    }
    return { keys: [...keys].slice(0, most), more: keys.size > most || found.some(({ more }) => more) };
  }

  /** Most identities are new when they are added, so a plain create in large transactions is tried first. */
  async addOwners(entries: readonly IdentityOwner[]): Promise<void> {
    const additions = byIdentity(entries);
    const few = additions.filter(({ devices }) => devices.length <= MOST_OWNERS);
    const many = additions.filter(({ devices }) => devices.length > MOST_OWNERS);
    const units = few.map((addition) => {
      const entity = toEntity(addition.identity, { holders: addition.devices, more: false, counted: true });
      return {
        of: addition,
        partition: entity.partitionKey,
        actions: [['create', entity] as ['create', typeof entity]],
      };
    });
    const { overtaken } = await writeUnits(this.#table, units);
    await concurrently([...overtaken, ...many], WRITE_CONCURRENCY, ({ identity, devices }) =>
      this.#change(identity, (row) => this.#withAdded(identity, row, devices)),
    );
  }

  async removeOwners(entries: readonly IdentityOwner[]): Promise<void> {
    await concurrently(byIdentity(entries), WRITE_CONCURRENCY, ({ identity, devices }) =>
      this.#change(identity, (row) => this.#withRemoved(identity, row, devices)),
    );
  }

  /**
   * Devices without room in the row are written first, and the row itself in any case: so a writer that has counted
   * them meanwhile loses its etag, and counts again.
   */
  async #withAdded(identity: Pointer, row: Owners, devices: readonly string[]): Promise<Owners | undefined> {
    const missing = devices.filter((device) => !row.holders.includes(device));
    if (missing.length === 0) return undefined;
    const room = Math.max(0, MOST_OWNERS - row.holders.length);
    const overflow = missing.slice(room);
    if (overflow.length > 0) await this.#more.add(identity, overflow);
    const counted = row.counted || !row.more;
    return { holders: [...row.holders, ...missing.slice(0, room)], more: row.more || overflow.length > 0, counted };
  }

  /** Where there is room again, owners without a place in the row get one. */
  async #withRemoved(identity: Pointer, row: Owners, devices: readonly string[]): Promise<Owners | undefined> {
    const left = row.holders.filter((holder) => !devices.includes(holder));
    const isSame = left.length === row.holders.length;
    if (!row.more || !row.counted) return isSame ? undefined : { ...row, holders: left };
    await this.#more.remove(identity, devices);
    const { devices: listed, others } = await this.#more.list(identity);
    const overflow = listed.filter((device) => !left.includes(device) && !devices.includes(device));
    const promoted = overflow.slice(0, Math.max(0, MOST_OWNERS - left.length));
    const more = others || overflow.length > promoted.length;
    if (isSame && promoted.length === 0 && more) return undefined;
    return { holders: [...left, ...promoted], more, counted: true };
  }

  /** Read, change, write under the etag; again when another writer was faster. */
  async #change(identity: Pointer, edit: (row: Owners) => Promise<Owners | undefined>): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const row = await this.#read(identity);
      const edited = await edit(row ?? NO_OWNERS);
      if (edited === undefined) return;
      if (!(await this.#replace(toEntity(identity, edited), row?.etag))) continue;
      const isPromoted = (device: string): boolean => row?.more === true && !row.holders.includes(device);
      return this.#more.remove(identity, edited.holders.filter(isPromoted));
    }
    throw new StoreError('NAC_STORE_CONFLICT', `Too many writers at once on the pointer of a ${identity.kind}.`, {
      action: 'Nothing is lost: the next poll puts the pointer in place.',
    });
  }

  async #read(identity: Pointer, { signal }: CallOptions = {}): Promise<OwnersRow | undefined> {
    const key = identityRow(identity);
    const row = await readRow<OwnersColumns>('reading who holds an identity', this.#table, key, { signal });
    if (row === undefined) return undefined;
    // A row that something else wrote names no holder; the next write replaces it.
    const text: unknown = row.holders;
    const holders = typeof text === 'string' && text !== '' ? text.split('\n') : [];
    if (typeof text !== 'string') {
      const consequence = 'Nothing to do: the next write of the identity replaces the row.';
      this.#foreign.report({ table: 'identities', ...key, etag: row.etag }, consequence);
    }
    const { more, counted, etag } = row;
    return { holders, more: more === true, counted: counted === true, etag };
  }

  /** False when another writer was first. A row without holders is deleted. */
  #replace(entity: ReturnType<typeof toEntity>, etag: string | undefined): Promise<boolean> {
    return unlessOvertaken('writing who holds an identity', this.#written(entity, etag));
  }

  #written(entity: ReturnType<typeof toEntity>, etag: string | undefined): Promise<unknown> {
    if (etag === undefined) return this.#table.createEntity(entity);
    if (entity.holders === '') return this.#table.deleteEntity(entity.partitionKey, entity.rowKey, { etag });
    return this.#table.updateEntity(entity, 'Replace', { etag });
  }
}

type OwnersColumns = { holders: string; more?: boolean; counted?: boolean };

function toEntity(identity: Pointer, { holders, more, counted }: Owners) {
  return { ...identityRow(identity), value: identity.value, holders: holders.join('\n'), more, counted };
}

function byIdentity(entries: readonly IdentityOwner[]): { identity: Pointer; devices: string[] }[] {
  const grouped = new Map<string, { identity: Pointer; devices: string[] }>();
  for (const { identity, device } of entries) {
    const text = identityText(identity);
    const group = grouped.get(text) ?? { identity, devices: [] };
    const key = deviceKeyText(device);
    if (!group.devices.includes(key)) group.devices.push(key);
    grouped.set(text, group);
  }
  return [...grouped.values()];
}
