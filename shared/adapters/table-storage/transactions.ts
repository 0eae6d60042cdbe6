// Groups writes into entity group transactions: one partition each, a hundred operations at most.

import type { TableClient, TransactionAction } from '@azure/data-tables';
import { concurrently } from '../../concurrently.ts';
import { isConflict, toStoreError } from './store-errors.ts';

/** Limit of the Table service per transaction. */
const LARGEST_TRANSACTION = 100;

/** Transactions under way at once; more gain nothing at one storage account and cost memory. */
export const WRITE_CONCURRENCY = 8;

/** Operations that must happen together or not at all; all in one partition. */
export interface Unit<T> {
  readonly of: T;
  readonly partition: string;
  readonly actions: readonly TransactionAction[];
}

export interface UnitsWritten<T> {
  /** With the etag that the unit's first operation left behind. */
  readonly written: readonly { readonly of: T; readonly etag: string }[];
  /** Units that another writer overtook; nothing of them was written. */
  readonly overtaken: readonly T[];
}

/**
 * Writes every unit, many in one transaction. A transaction that meets a conflict is repeated unit by unit, so one
 * overtaken row holds back nothing but itself.
 */
export async function writeUnits<T>(table: TableClient, units: readonly Unit<T>[]): Promise<UnitsWritten<T>> {
  const written: { of: T; etag: string }[] = [];
  const overtaken: T[] = [];
  const attempt = async (pack: readonly Unit<T>[]): Promise<void> => {
    const etags = await submit(table, pack);
    if (etags) written.push(...pack.map((unit, index) => ({ of: unit.of, etag: etags[index] ?? '' })));
    else if (pack.length === 1) overtaken.push(...pack.map((unit) => unit.of));
    else for (const unit of pack) await attempt([unit]);
  };
  await concurrently(packUnits(units), WRITE_CONCURRENCY, attempt);
  return { written, overtaken };
}

/** The etag of each unit's first row; `undefined` on a conflict; anything else that goes wrong is thrown. */
async function submit<T>(table: TableClient, units: readonly Unit<T>[]): Promise<string[] | undefined> {
  try {
    const { subResponses } = await table.submitTransaction(units.flatMap((unit) => [...unit.actions]));
    let position = 0;
    return units.map((unit) => {
      const etag = subResponses[position]?.etag ?? '';
      position += unit.actions.length;
      return etag;
    });
  } catch (thrown) {
    if (isConflict(thrown)) return undefined;
    throw toStoreError(`writing to ${table.tableName}`, thrown);
  }
}

function packUnits<T>(units: readonly Unit<T>[]): Unit<T>[][] {
  const packs: Unit<T>[][] = [];
  const open = new Map<string, { pack: Unit<T>[]; size: number }>();
  for (const unit of units) {
    let current = open.get(unit.partition);
    if (current === undefined || current.size + unit.actions.length > LARGEST_TRANSACTION) {
      current = { pack: [], size: 0 };
      packs.push(current.pack);
      open.set(unit.partition, current);
    }
    current.pack.push(unit);
    current.size += unit.actions.length;
  }
  return packs;
}
