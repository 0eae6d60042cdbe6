// Pumps the outbox while a poll still decides jobs, so that the first of them are on their way long before the last one
// stands. Every pass reads the whole outbox, so the next one waits until the outbox has grown by half.

/** Decided jobs that are worth another pass at least. */
const LEAST_NEW_JOBS = 8;

export class EagerPump {
  /** Must not reject. */
  readonly #pump: () => Promise<unknown>;
  #decided = 0;
  #pumped = 0;
  /** What was pumped when the poll before ended. */
  #before = 0;
  #passing: Promise<void> | undefined;

  constructor(pump: () => Promise<unknown>) {
    this.#pump = pump;
  }

  /** Jobs were put into the outbox. Returns at once. */
  add(jobs: number): void {
    this.#decided += jobs;
    this.#passIfWorthIt();
  }

  /** Resolves when everything that was added has had its pass. */
  async flush(): Promise<void> {
    while (this.#passing !== undefined || this.#decided > this.#pumped) await (this.#passing ?? this.#pass());
    this.#before = this.#pumped;
  }

  #passIfWorthIt(): void {
    const pumped = this.#pumped - this.#before;
    const enough = pumped === 0 ? 1 : Math.max(LEAST_NEW_JOBS, pumped / 2);
    if (this.#passing === undefined && this.#decided - this.#pumped >= enough) void this.#pass();
  }

  #pass(): Promise<void> {
    const upTo = this.#decided;
    this.#passing = this.#pump().then(() => {
      this.#pumped = upTo;
      this.#passing = undefined;
      this.#passIfWorthIt();
    });
    return this.#passing;
  }
}
