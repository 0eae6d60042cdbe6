// The one stdout line with which the broker says that it takes connections, and how to read it.
const PREFIX = 'service-bus ready ';

export interface Ready {
  readonly connectionString: string;
  readonly port: number;
}

export function formatReadyLine({ connectionString, port }: Ready): string {
  return PREFIX + JSON.stringify({ connectionString, port });
}

export function parseReadyLine(line: string): Ready | undefined {
  return line.startsWith(PREFIX) ? JSON.parse(line.slice(PREFIX.length)) : undefined;
}
