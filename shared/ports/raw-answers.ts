// Answers of a source exactly as they came, for people to look at.

export interface RawAnswer {
  readonly url: string;
  readonly status: number;
  readonly body: string;
}

export interface RawAnswers {
  /** @param path below `/v1.0`, percent-encoded */
  graph(path: string): Promise<RawAnswer>;
  /** @param query of `…/devices/` in the Cisco MDM dialect */
  compliance(query: string): Promise<RawAnswer>;
}
