// Writes the host's own log lines to stderr, so that stdout stays the app's (and the one ready line's).
import type { LogLevel } from './rpc-types.ts';

const ORDER: readonly LogLevel[] = ['trace', 'debug', 'information', 'warning', 'error', 'critical', 'none'];

export interface HostLog {
  /** `source` is the function's name, or "host" for the host itself. */
  write(level: LogLevel, source: string, message: string): void;
}

export function createHostLog(lowest: LogLevel): HostLog {
  const threshold = ORDER.indexOf(lowest);
  return {
    write(level, source, message) {
      if (ORDER.indexOf(level) < threshold || lowest === 'none') return;
      process.stderr.write(`[${level}] ${source}: ${message}\n`);
    },
  };
}
