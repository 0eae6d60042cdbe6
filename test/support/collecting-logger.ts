// Keeps what was logged, to be looked at.

import type { Logger } from '../../shared/ports/telemetry.ts';

export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error';
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export function collectingLogger(): { logger: Logger; entries: LogEntry[] } {
  const entries: LogEntry[] = [];
  const collect =
    (level: LogEntry['level']) =>
    (event: string, fields: Record<string, unknown> = {}): void =>
      void entries.push({ level, event, fields });
  return { logger: { info: collect('info'), warn: collect('warn'), error: collect('error') }, entries };
}
