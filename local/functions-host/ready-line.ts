// The one stdout line with which the host says that everything runs, and how to read it.
const PREFIX = 'functions-host ready ';

export interface Ready {
  /** null without an HTTP listener. */
  readonly port: number | null;
  readonly url: string | null;
  readonly functions: readonly string[];
}

export function formatReadyLine({ port, url, functions }: Ready): string {
  return PREFIX + JSON.stringify({ port, url, functions });
}

export function parseReadyLine(line: string): Ready | undefined {
  return line.startsWith(PREFIX) ? JSON.parse(line.slice(PREFIX.length)) : undefined;
}
