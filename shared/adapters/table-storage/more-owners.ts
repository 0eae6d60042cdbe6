// Owners of an identity beyond those that its row lists: a row each in the same partition. So it is known when none is
// left, and an identity that two hundred devices claimed once is one device's again when the others have gone.

import type { TableClient, TableEntityResultPage, TransactionAction } from '@azure/data-tables';
import { deviceHash, parseDeviceKeyText } from '../../domain/device/device.ts';
import type { Pointer } from '../../domain/identity/identity.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import { moreHolderRow, prefixFilter } from './row-keys.ts';
import { unlessGone } from './rows.ts';
import { storeCall } from './store-errors.ts';

/** Limit of the Table service per transaction. */
const LARGEST_TRANSACTION = 100;
/** Limit of the Table service per answer. */
const LARGEST_PAGE = 1_000;

export class MoreOwners {
  readonly #table: TableClient;

  constructor(table: TableClient) {
    this.#table = table;
  }

  /** Written again it is no other row. */
  async add(identity: Pointer, devices: readonly string[]): Promise<void> {
    const rows = devices.map((device) => ({ ...rowOf(identity, device), device }));
    for (let start = 0; start < rows.length; start += LARGEST_TRANSACTION) {
      const actions = rows
        .slice(start, start + LARGEST_TRANSACTION)
        .map((row): TransactionAction => ['upsert', row, 'Replace']);
      await storeCall('writing who holds an identity', this.#table.submitTransaction(actions));
    }
  }

  async remove(identity: Pointer, devices: readonly string[]): Promise<void> {
    for (const device of devices) {
      const { partitionKey, rowKey } = rowOf(identity, device);
      await unlessGone('removing who holds an identity', this.#table.deleteEntity(partitionKey, rowKey));
    }
  }

  /**
   * @param source whose devices alone are wanted; those of all, unless given
   * @returns up to a thousand of them, and whether there are others
   */
  async list(
    identity: Pointer,
    { signal, source }: CallOptions & { readonly source?: string } = {},
  ): Promise<{ readonly devices: readonly string[]; readonly others: boolean }> {
    const { partitionKey, rowKey } = moreHolderRow(identity, '');
    const filter = [prefixFilter(partitionKey, rowKey), ...(source ? [ofSource(source)] : [])].join(' and ');
    const queryOptions = { filter, select: ['device'] };
    const pages = this.#table
      .listEntities<{ device?: unknown }>({ queryOptions, ...(signal && { abortSignal: signal }) })
      .byPage({ maxPageSize: LARGEST_PAGE });
    const { value } = await storeCall('reading who holds an identity', pages.next());
    const page: TableEntityResultPage<{ device?: unknown }> = value ?? [];
    const devices = page.flatMap(({ device }) => (typeof device === 'string' ? [device] : []));
    return { devices, others: page.continuationToken !== undefined };
  }
}

/** Keys of devices begin with their source, and `}` follows `|`. */
function ofSource(source: string): string {
  return `device ge '${source}|' and device lt '${source}}'`;
}

function rowOf(identity: Pointer, device: string) {
  return moreHolderRow(identity, deviceHash(parseDeviceKeyText(device)));
}
