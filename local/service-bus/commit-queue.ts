// Collects what has to wait for a commit and commits once per turn of the event loop: a hundred messages of one turn
// cost one transaction.
export class CommitQueue {
  readonly #commit: () => void;
  #waiting: (() => void)[] = [];
  #planned = false;

  constructor(commit: () => void) {
    this.#commit = commit;
  }

  /** A failing commit is not caught: memory would be ahead of the disk, and only a restart mends that. */
  plan(): void {
    if (this.#planned) return;
    this.#planned = true;
    setImmediate(() => this.flush());
  }

  afterCommit(action: () => void): void {
    this.#waiting.push(action);
    this.plan();
  }

  flush(): void {
    this.#planned = false;
    this.#commit();
    const ready = this.#waiting;
    this.#waiting = [];
    for (const action of ready) action();
  }
}
