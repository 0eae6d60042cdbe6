// The app of this process, made from its settings when the first function is registered. With wrong settings there is
// no app, but every route still answers: 503 with the code. An app that does not load is a 404 on every route, and a
// RADIUS server may take that for "no objection".

import { type App, createApp } from '../shared/app.ts';
import { type ConnectorError, toConnectorError } from '../shared/errors.ts';
import { SETTINGS } from '../shared/settings/settings-table.ts';
import { readSettings } from '../shared/settings.ts';

let opened: App | undefined;
let failed: ConnectorError | undefined;
const REPORT_EVERY_MS = 60_000;
let reportedAt = Number.NEGATIVE_INFINITY;

/** @throws SettingsError when the settings are wrong, at every call the same */
export function connector(): App {
  if (failed !== undefined) throw failed;
  if (opened !== undefined) return opened;
  try {
    opened = createApp(readSettings(process.env), { env: process.env });
    return opened;
  } catch (thrown) {
    failed = toConnectorError(thrown);
    reportNotStarted();
    throw failed;
  }
}

/** What keeps the app from starting, if anything does. */
export function startFailure(): ConnectorError | undefined {
  try {
    connector();
    return undefined;
  } catch {
    return failed;
  }
}

/** Whether routes about CoA jobs are there: with wrong settings every route is, to say so. */
export function hasJobRoutes(): boolean {
  return startFailure() !== undefined || connector().enforces;
}

/** When a timer runs; with wrong settings as by default, so that its failure names them. */
export function scheduleOf(setting: ScheduleSetting): string {
  return startFailure() === undefined ? connector().settings[SCHEDULES[setting]] : SETTINGS[setting].default;
}

const SCHEDULES = {
  POLL_SCHEDULE: 'pollSchedule',
  ENFORCE_SCHEDULE: 'enforceSchedule',
  HOUSEKEEPING_SCHEDULE: 'housekeepingSchedule',
} as const;
type ScheduleSetting = keyof typeof SCHEDULES;

export async function closeConnector(): Promise<void> {
  await opened?.close();
}

/**
 * Logs why there is no app, at the start and then once a minute for as long as requests are refused for it: the alerts
 * count these lines. One line each: on the host each line of a message is a log entry of its own, and only the first
 * would carry the code.
 */
export function reportNotStarted(nowMs: number = Date.now()): void {
  if (failed === undefined || Math.abs(nowMs - reportedAt) < REPORT_EVERY_MS) return;
  reportedAt = nowMs;
  const line = {
    level: 'error',
    event: 'app.not-started',
    code: failed.code,
    message: failed.message
      .split('\n')
      .map((part) => part.trim())
      .join(' '),
    action: failed.action,
  };
  process.stderr.write(`${JSON.stringify(line)}\n`);
}
