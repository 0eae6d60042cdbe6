// A single answer that is slow or refused does not end a bench of thousands: it is named, and the bench goes on. Many
// of them are no measurement.

/** Of all that a bench asks, so many may be odd, and always this many. */
const MOST_ODD_SHARE = 0.01;
const MOST_ODD_ALWAYS = 3;

export class OddAnswers {
  readonly #print: (line: string) => void;
  #asked = 0;
  #odd = 0;

  constructor(print: (line: string) => void = (line) => void process.stdout.write(`${line}\n`)) {
    this.#print = print;
  }

  /**
   * @param what the request, as a reader of the bench knows it
   * @param expected so many are asked in all
   * @returns milliseconds that it took; nothing when it failed, which has been printed then
   * @throws the failure when there were too many
   */
  async ask(what: string, expected: number, request: () => Promise<unknown>): Promise<number | undefined> {
    this.#asked += 1;
    const startedAt = performance.now();
    try {
      await request();
      return performance.now() - startedAt;
    } catch (thrown) {
      this.#odd += 1;
      const took = (performance.now() - startedAt).toFixed(0);
      this.#print(`odd: ${what}, number ${this.#asked}, after ${took} ms: ${reasonOf(thrown)}`);
      if (this.#odd > Math.max(MOST_ODD_ALWAYS, expected * MOST_ODD_SHARE)) throw thrown;
      return undefined;
    }
  }
}

function reasonOf(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).split('\n', 1)[0]?.slice(0, 300) ?? '';
}
