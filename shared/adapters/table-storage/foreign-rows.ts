// Rows that something else wrote, or damaged: each is reported once, with its code, and passed over.

import { StoreError } from '../../errors.ts';
import type { Logger } from '../../ports/telemetry.ts';

/** After so many reports the memory of them is cleared: it stays bounded. */
const MOST_REMEMBERED = 1_000;

export interface ForeignRow {
  readonly table: string;
  readonly partitionKey?: string | undefined;
  readonly rowKey?: string | undefined;
  readonly etag?: string | undefined;
}

export class ForeignRows {
  readonly #log: Pick<Logger, 'error'> | undefined;
  readonly #reported = new Set<string>();

  /** @param log absent where another process reports the same rows */
  constructor(log?: Pick<Logger, 'error'>) {
    this.#log = log;
  }

  /** @param consequence what passing over the row means */
  report({ table, partitionKey, rowKey, etag }: ForeignRow, consequence: string): void {
    const id = JSON.stringify([table, partitionKey, rowKey, etag]);
    if (this.#reported.has(id)) return;
    if (this.#reported.size >= MOST_REMEMBERED) this.#reported.clear();
    this.#reported.add(id);
    const text = `Row ${rowKey} of partition ${partitionKey} of table ${table} was not written by this product.`;
    const { code, message, action } = new StoreError('NAC_STORE_ROW', text, { action: consequence });
    this.#log?.error('store.row-passed-over', { code, message, action });
  }
}

/** @returns undefined when the text is no JSON object */
export function parseObject(text: unknown): Record<string, unknown> | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}
