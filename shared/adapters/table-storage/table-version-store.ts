// Versions of a document and which of them is in force, in Table Storage. A version's row never changes; one row, under
// its etag, says what is in force.

import type { TableClient } from '@azure/data-tables';
import { type ActivationState, isActivationState, NOTHING_ACTIVATED } from '../../domain/version-activation.ts';
import { StoreError } from '../../errors.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type { StoredVersion, VersionStore, VersionSummary } from '../../ports/version-store.ts';
import { createOrReplace } from './create-or-replace.ts';
import { textColumns, textOfColumns } from './long-text.ts';
import { activationRow, type RowKey, type VersionedDocument, versionRow, versionRowsFilter } from './row-keys.ts';
import { readRow } from './rows.ts';
import { isConflict, storePages, toStoreError } from './store-errors.ts';

type VersionColumns = Record<string, unknown> & { version: string; createdAt: string; by: string; columns: number };

/** For errors: `reading a policy`. */
const WORDS: Readonly<Record<VersionedDocument, { readonly one: string; readonly many: string }>> = {
  policy: { one: 'a policy', many: 'policies' },
  sources: { one: 'a file of sources', many: 'files of sources' },
};

export class TableVersionStore implements VersionStore {
  readonly #table: TableClient;
  readonly #document: VersionedDocument;

  constructor(table: TableClient, document: VersionedDocument) {
    this.#table = table;
    this.#document = document;
  }

  async readState({ signal }: CallOptions = {}): Promise<{ state: ActivationState; etag?: string }> {
    const row = activationRow(this.#document);
    const what = `reading which of the ${WORDS[this.#document].many} is in force`;
    const stored = await readRow<{ state: string }>(what, this.#table, row, { signal });
    return stored === undefined ? { state: NOTHING_ACTIVATED } : { state: stateOf(stored, row), etag: stored.etag };
  }

  async writeState(state: ActivationState, etag: string | undefined): Promise<boolean> {
    const entity = { ...activationRow(this.#document), state: JSON.stringify(state) };
    try {
      await createOrReplace(this.#table, entity, etag);
      return true;
    } catch (thrown) {
      if (isConflict(thrown)) return false;
      throw toStoreError(`changing which of the ${WORDS[this.#document].many} is in force`, thrown);
    }
  }

  async createVersion({ version, text, createdAt, by }: StoredVersion): Promise<boolean> {
    const row = versionRow(this.#document, version);
    try {
      await this.#table.createEntity({ ...row, version, createdAt, by, ...textColumns(text) });
      return true;
    } catch (thrown) {
      if (isConflict(thrown)) return false;
      throw toStoreError(`storing ${WORDS[this.#document].one}`, thrown);
    }
  }

  async readVersion(version: string, { signal }: CallOptions = {}): Promise<StoredVersion | undefined> {
    const key = versionRow(this.#document, version);
    const what = `reading ${WORDS[this.#document].one}`;
    const row = await readRow<VersionColumns>(what, this.#table, key, { signal });
    if (row === undefined) return undefined;
    if (!Number.isInteger(row.columns) || row.columns < 0 || row.columns > MOST_COLUMNS) throw foreignRow(key);
    return { version, text: textOfColumns(row), createdAt: row.createdAt, by: row.by };
  }

  async listVersions(): Promise<VersionSummary[]> {
    const filter = versionRowsFilter(this.#document);
    const queryOptions = { filter, select: ['version', 'createdAt', 'by'] };
    const versions: VersionSummary[] = [];
    const pages = this.#table.listEntities<VersionColumns>({ queryOptions }).byPage();
    for await (const page of storePages(`listing ${WORDS[this.#document].many}`, pages)) {
      versions.push(...page.map(({ version, createdAt, by }) => ({ version, createdAt, by })));
    }
    return versions.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  }
}

/** A row holds 252 columns at most, its keys and time included. */
const MOST_COLUMNS = 252;

function stateOf({ state }: { readonly state: unknown }, row: RowKey): ActivationState {
  try {
    const parsed: unknown = JSON.parse(String(state));
    if (isActivationState(parsed)) return parsed;
  } catch {
    // Said below.
  }
  throw foreignRow(row);
}

function foreignRow({ partitionKey, rowKey }: RowKey): StoreError {
  return new StoreError('NAC_STORE_ROW', `The row ${partitionKey}, ${rowKey} was not written by this product.`, {
    action: 'Delete it in the table "policies", and upload or activate again what it stood for.',
  });
}
