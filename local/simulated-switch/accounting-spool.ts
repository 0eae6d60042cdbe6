// Delivers accounting records in their order and keeps them until they are taken, as a RADIUS server's spool does.

import type { Delivery, RadiusFields } from './connector-client.ts';

export interface AccountingSpoolOptions {
  readonly deliver: (record: RadiusFields) => Promise<Delivery>;
  readonly delayed: (record: RadiusFields, why: string) => void;
  readonly refused: (record: RadiusFields, why: string) => void;
  readonly retryMs: number;
}

export class AccountingSpool {
  readonly #options: AccountingSpoolOptions;
  readonly #records: RadiusFields[] = [];
  #running: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: AccountingSpoolOptions) {
    this.#options = options;
  }

  /** Resolves when the record is delivered or has to wait; the next attempt then comes by itself. */
  async add(record: RadiusFields): Promise<void> {
    if (this.#closed) return;
    this.#records.push(record);
    if (this.#retry === undefined) await this.#run();
  }

  /** Gives up what is not delivered. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await this.#running;
  }

  #run(): Promise<void> {
    this.#running ??= this.#deliverAll().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #deliverAll(): Promise<void> {
    const { deliver, delayed, refused, retryMs } = this.#options;
    for (let record = this.#records[0]; record !== undefined && !this.#closed; record = this.#records[0]) {
      const delivery = await deliver(record);
      if (!delivery.taken && delivery.later) {
        if (this.#closed) return;
        delayed(record, delivery.why);
        this.#retry = setTimeout(() => {
          this.#retry = undefined;
          void this.#run();
        }, retryMs);
        return;
      }
      this.#records.shift();
      if (!delivery.taken) refused(record, delivery.why);
    }
  }
}
