// Lines the functions print, and a way to wait for one that is yet to come.

export interface FunctionLine {
  readonly event: string;
  readonly [field: string]: unknown;
}

export class FunctionLines {
  readonly all: string[] = [];
  readonly #waiting: { matches: (line: FunctionLine) => boolean; found: (line: FunctionLine) => void }[] = [];

  add(text: string): void {
    this.all.push(text);
    if (!text.startsWith('{')) return;
    const line = JSON.parse(text) as FunctionLine;
    for (const { matches, found } of this.#waiting) if (matches(line)) found(line);
  }

  next(matches: (line: FunctionLine) => boolean): Promise<FunctionLine> {
    const { promise, resolve } = Promise.withResolvers<FunctionLine>();
    this.#waiting.push({ matches, found: resolve });
    return promise;
  }
}
