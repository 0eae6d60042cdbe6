// The Compliance Retrieval service gives its list of noncompliant devices once in four hours.

export class ComplianceWall {
  /** Milliseconds since 1970; undefined until the list is first started. */
  #lastStart: number | undefined;

  /** Seconds until the list may be started again; 0 starts it and raises the wall. */
  start(now: Date, seconds: number): number {
    const left = this.#lastStart === undefined ? 0 : this.#lastStart + seconds * 1000 - now.getTime();
    if (left > 0) {
      return Math.ceil(left / 1000);
    }
    this.#lastStart = now.getTime();
    return 0;
  }

  /** Lets the list be started at once. */
  lower(): void {
    this.#lastStart = undefined;
  }
}
