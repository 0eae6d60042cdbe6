// The app of this process, made from its settings when the first function is registered.

import { type App, createApp } from '../shared/app.ts';
import { readSettings } from '../shared/settings.ts';

let opened: App | undefined;

/** @throws SettingsError at the first call, so that a function app with wrong settings says so at start */
export function connector(): App {
  opened ??= createApp(readSettings(process.env));
  return opened;
}

export async function closeConnector(): Promise<void> {
  await opened?.close();
}
