// The one stdout line with which a program of this folder says to the process that started it that all of it runs.

export interface ReadyLine<Ready> {
  format(ready: Ready): string;
  /** @returns undefined for any other line */
  parse(line: string): Ready | undefined;
}

export interface BrokerReady {
  readonly connectionString: string;
  readonly port: number;
}

export interface HostReady {
  /** null without an HTTP listener. */
  readonly port: number | null;
  readonly url: string | null;
  readonly functions: readonly string[];
}

export const BROKER_READY = readyLine<BrokerReady>('service-bus');
export const HOST_READY = readyLine<HostReady>('functions-host');

function readyLine<Ready>(program: string): ReadyLine<Ready> {
  const prefix = `${program} ready `;
  return {
    format: (ready) => prefix + JSON.stringify(ready),
    parse: (line) => (line.startsWith(prefix) ? JSON.parse(line.slice(prefix.length)) : undefined),
  };
}
