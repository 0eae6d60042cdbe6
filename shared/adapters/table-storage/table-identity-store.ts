// Pointers from identities to devices in Table Storage: one row per identity lists its holders, written under its etag.

import type { TableClient } from '@azure/data-tables';
import { concurrently } from '../../concurrently.ts';
import { deviceKeyText } from '../../domain/device.ts';
import { type Identity, identityText } from '../../domain/identity.ts';
import { StoreError } from '../../errors.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type { IdentityHolder, IdentityHolders, IdentityStore } from '../../ports/identity-store.ts';
import type { Logger } from '../../ports/telemetry.ts';
import { ForeignRows } from './foreign-rows.ts';
import { identityRow } from './row-keys.ts';
import { isConflict, isNotFound, toStoreError } from './store-errors.ts';
import { WRITE_CONCURRENCY, writeUnits } from './transactions.ts';

/**
 * More holders than this are not listed: nobody is recognised by an identity that two hundred devices share
 * (`Default string` as serial number, the MAC address of a dock in a meeting room).
 */
const MOST_HOLDERS = 200;

/** Attempts under contention; each lost one means that another writer got through. */
const ATTEMPTS = 20;

interface HolderRow {
  readonly holders: string[];
  readonly more: boolean;
  readonly etag: string;
}

export class TableIdentityStore implements IdentityStore {
  readonly #table: TableClient;
  readonly #foreign: ForeignRows;

  /** @param log of rows that something else wrote */
  constructor(table: TableClient, log?: Pick<Logger, 'error'>) {
    this.#table = table;
    this.#foreign = new ForeignRows(log);
  }

  async readHolders(identity: Identity, options: CallOptions = {}): Promise<IdentityHolders> {
    const row = await this.#read(identity, options);
    return { devices: row?.holders ?? [], more: row?.more ?? false };
  }

  /** Most identities are new when they are added, so a plain create in large transactions is tried first. */
  async addHolders(entries: readonly IdentityHolder[]): Promise<void> {
    const additions = byIdentity(entries);
    const units = additions.map((addition) => {
      const entity = toEntity(addition.identity, addition.devices, false);
      return {
        of: addition,
        partition: entity.partitionKey,
        actions: [['create', entity] as ['create', typeof entity]],
      };
    });
    const { overtaken } = await writeUnits(this.#table, units);
    await concurrently(overtaken, WRITE_CONCURRENCY, ({ identity, devices }) =>
      this.#change(identity, (holders) => {
        const missing = devices.filter((device) => !holders.includes(device));
        return missing.length === 0 ? undefined : [...holders, ...missing];
      }),
    );
  }

  async removeHolders(entries: readonly IdentityHolder[]): Promise<void> {
    await concurrently(byIdentity(entries), WRITE_CONCURRENCY, ({ identity, devices }) =>
      this.#change(identity, (holders) => {
        const left = holders.filter((holder) => !devices.includes(holder));
        return left.length === holders.length ? undefined : left;
      }),
    );
  }

  /** Read, change, write under the etag; again when somebody else was faster. */
  async #change(identity: Identity, edit: (holders: string[]) => string[] | undefined): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const row = await this.#read(identity);
      const holders = edit(row?.holders ?? []);
      if (holders === undefined) return;
      if (await this.#replace(toEntity(identity, holders, row?.more ?? false), row?.etag)) return;
    }
    throw new StoreError('NAC_STORE_CONFLICT', `Too many writers at once on the pointer of a ${identity.kind}.`, {
      action: 'Nothing is lost: the next poll puts the pointer in place.',
    });
  }

  async #read(identity: Identity, { signal }: CallOptions = {}): Promise<HolderRow | undefined> {
    const { partitionKey, rowKey } = identityRow(identity);
    try {
      const entity = await this.#table.getEntity<{ holders: string; more?: boolean }>(
        partitionKey,
        rowKey,
        signal ? { abortSignal: signal } : {},
      );
      // A row that something else wrote names no holder; the next write replaces it.
      const text: unknown = entity.holders;
      const holders = typeof text === 'string' && text !== '' ? text.split('\n') : [];
      if (typeof text !== 'string') {
        const consequence = 'Nothing to do: the next write of the identity replaces the row.';
        this.#foreign.report({ table: 'identities', partitionKey, rowKey, etag: entity.etag }, consequence);
      }
      return { holders, more: entity.more === true, etag: entity.etag };
    } catch (thrown) {
      if (isNotFound(thrown)) return undefined;
      throw toStoreError('reading who holds an identity', thrown);
    }
  }

  /** False when somebody else wrote first. A row without holders is deleted. */
  async #replace(entity: ReturnType<typeof toEntity>, etag: string | undefined): Promise<boolean> {
    try {
      if (etag === undefined) await this.#table.createEntity(entity);
      else if (entity.holders === '') await this.#table.deleteEntity(entity.partitionKey, entity.rowKey, { etag });
      else await this.#table.updateEntity(entity, 'Replace', { etag });
      return true;
    } catch (thrown) {
      if (isConflict(thrown) || isNotFound(thrown)) return false;
      throw toStoreError('writing who holds an identity', thrown);
    }
  }
}

/** @param more whether some were left out before: then some may still be, until the row is empty */
function toEntity(identity: Identity, holders: readonly string[], more: boolean) {
  const listed = holders.slice(0, MOST_HOLDERS);
  return {
    ...identityRow(identity),
    value: identity.value,
    holders: listed.join('\n'),
    more: more || listed.length < holders.length,
  };
}

function byIdentity(entries: readonly IdentityHolder[]): { identity: Identity; devices: string[] }[] {
  const grouped = new Map<string, { identity: Identity; devices: string[] }>();
  for (const { identity, device } of entries) {
    const text = identityText(identity);
    const group = grouped.get(text) ?? { identity, devices: [] };
    const key = deviceKeyText(device);
    if (!group.devices.includes(key)) group.devices.push(key);
    grouped.set(text, group);
  }
  return [...grouped.values()];
}
