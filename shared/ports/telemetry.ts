// What is told of the work while it goes on: log lines, counts, and how much of a person either may show.

/** One structured line per call. Station addresses and user names pass through {@link Privacy} first. */
export interface Logger {
  info(event: string, fields?: Record<string, unknown>): void;
  warn(event: string, fields?: Record<string, unknown>): void;
  error(event: string, fields?: Record<string, unknown>): void;
}

/** Shows station addresses and user names in logs only as far as the operator allows. */
export interface Privacy {
  mac(mac: string | undefined): string | undefined;
  userName(userName: string | undefined): string | undefined;
}

export interface Metrics {
  count(name: string, by?: number): void;
}
