// Where background tasks stand, in Table Storage: one row each, under its etag, so that two instances never both go on.

import type { TableClient, TableEntity } from '@azure/data-tables';
import { StoreError } from '../../errors.ts';
import type { TaskStore } from '../../ports/task-store.ts';
import type { Logger } from '../../ports/telemetry.ts';
import { createOrReplace } from './create-or-replace.ts';
import { ForeignRows, parseObject } from './foreign-rows.ts';
import { FIRST_SOURCE, type RowKey, taskRow } from './row-keys.ts';
import { readRow } from './rows.ts';
import { isConflict, isNotFound, toStoreError } from './store-errors.ts';

/** A text column holds 32,768 UTF-16 units (Table service data model); a state that is longer stands in several. */
const LONGEST_COLUMN = 32_000;
/** A row holds a mebibyte; more than this is no state any more. */
const MOST_COLUMNS = 15;

export class TableTaskStore implements TaskStore {
  readonly #table: TableClient;
  readonly #source: string;
  readonly #foreign: ForeignRows;

  /** @param log of rows that something else wrote @param source whose tasks they are; of no one's, if left out */
  constructor(table: TableClient, log?: Pick<Logger, 'error'>, source = FIRST_SOURCE) {
    this.#table = table;
    this.#source = source;
    this.#foreign = new ForeignRows(log);
  }

  /** A row that something else wrote is no state: the task begins again, and its next write replaces the row. */
  async read<State>(task: string): Promise<{ state?: State; etag?: string }> {
    const key = taskRow(task, this.#source);
    const row = await readRow<Record<string, unknown>>(`reading the state of ${task}`, this.#table, key);
    if (row === undefined) return {};
    const state = parseObject(joined(row));
    if (state !== undefined) return { state: state as State, etag: row.etag };
    const consequence = `Nothing to do: ${task} begins again, and its next write replaces the row.`;
    this.#foreign.report({ table: 'polling', ...key, etag: row.etag }, consequence);
    return { etag: row.etag };
  }

  async write<State>(task: string, state: State, etag: string | undefined): Promise<string> {
    const row = taskRow(task, this.#source);
    const entity: TableEntity<Record<string, unknown>> = {
      ...row,
      ...columnsOf(task, row, asciiJson(state)),
    };
    try {
      return await createOrReplace(this.#table, entity, etag);
    } catch (thrown) {
      if (!isConflict(thrown) && !isNotFound(thrown)) throw toStoreError(`writing the state of ${task}`, thrown);
      throw new StoreError('NAC_POLL_LEASE_LOST', `Another instance has taken over ${task}.`, {
        action: 'Nothing to do: the other instance goes on from where it stood.',
        cause: thrown,
      });
    }
  }
}

/** JSON in ASCII alone: a column that ended between the two halves of a character would lose both. */
function asciiJson(state: unknown): string {
  const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(state).replace(/[\u007f-\uffff]/g, escaped);
}

/** @param row of the task @throws StoreError NAC_STORE_STATE when the state does not fit into a row */
function columnsOf(task: string, row: RowKey, text: string): Record<string, unknown> {
  const columns = Math.ceil(text.length / LONGEST_COLUMN);
  if (columns > MOST_COLUMNS) throw tooLong(task, row, text.length);
  const parts = Array.from({ length: columns }, (_, index) => {
    return [`state${index}`, text.slice(index * LONGEST_COLUMN, (index + 1) * LONGEST_COLUMN)];
  });
  return { columns, ...Object.fromEntries(parts) };
}

function joined(row: Record<string, unknown>): string {
  const columns = Math.min(Number(row['columns']) || 0, MOST_COLUMNS);
  return Array.from({ length: columns }, (_, index) => String(row[`state${index}`] ?? '')).join('');
}

function tooLong(task: string, { partitionKey }: RowKey, length: number): StoreError {
  return new StoreError('NAC_STORE_STATE', `The state of ${task} is too long for a row: ${length} characters.`, {
    action: `The other tasks go on. Delete the row ${partitionKey} of the table polling: ${task} begins again.`,
  });
}
