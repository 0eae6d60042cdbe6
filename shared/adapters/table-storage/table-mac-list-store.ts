// Lists of MAC addresses that policies name, in the table of policies. A row never changes.

import type { TableClient } from '@azure/data-tables';
import type { CallOptions } from '../../ports/call-options.ts';
import type { MacList, MacListStore, MacListSummary } from '../../ports/mac-list-store.ts';
import { textColumns, textOfColumns } from './long-text.ts';
import { MAC_LISTS_PARTITION, macListRow } from './row-keys.ts';
import { readRow } from './rows.ts';
import { isConflict, storePages, toStoreError } from './store-errors.ts';

type ListColumns = Record<string, unknown> & {
  name: string;
  createdAt: string;
  by: string;
  addresses: number;
  columns: number;
};

export class TableMacListStore implements MacListStore {
  readonly #table: TableClient;

  constructor(table: TableClient) {
    this.#table = table;
  }

  async createMacList({ text, ...summary }: MacList): Promise<boolean> {
    try {
      await this.#table.createEntity({ ...macListRow(summary.name), ...summary, ...textColumns(text) });
      return true;
    } catch (thrown) {
      if (isConflict(thrown)) return false;
      throw toStoreError('storing a list of addresses', thrown);
    }
  }

  async readMacList(list: string, { signal }: CallOptions = {}): Promise<MacList | undefined> {
    const row = await readRow<ListColumns>('reading a list of addresses', this.#table, macListRow(list), { signal });
    return row && { ...summaryOf(row), text: textOfColumns(row) };
  }

  async listMacLists(): Promise<MacListSummary[]> {
    const filter = `PartitionKey eq '${MAC_LISTS_PARTITION}'`;
    const queryOptions = { filter, select: ['name', 'createdAt', 'by', 'addresses'] };
    const lists: MacListSummary[] = [];
    const pages = this.#table.listEntities<ListColumns>({ queryOptions }).byPage();
    for await (const page of storePages('listing lists of addresses', pages)) lists.push(...page.map(summaryOf));
    return lists.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  }
}

function summaryOf({ name, createdAt, by, addresses }: ListColumns): MacListSummary {
  return { name, createdAt, by, addresses };
}
