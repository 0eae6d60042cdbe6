// One JSON object per line: what a log workspace, `jq` and `grep` read alike.

import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/telemetry.ts';

type Level = 'info' | 'warn' | 'error';

/** @param write receives each line without line end */
export function createJsonLineLogger(clock: Clock, write: (level: Level, line: string) => void): Logger {
  const log =
    (level: Level) =>
    (event: string, fields: Record<string, unknown> = {}): void =>
      write(level, JSON.stringify({ ...fields, time: clock.now().toISOString(), level, event }));
  return { info: log('info'), warn: log('warn'), error: log('error') };
}
