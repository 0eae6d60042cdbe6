// The settings of the console: whether it is served, and by which app registration people sign in to it.

import type { ConsoleRegistration } from '../ports/console-registration.ts';
import { NATIONAL_CLOUDS } from './national-clouds.ts';
import type { SettingsReader } from './settings-reader.ts';
import type { SignInSettings } from './sign-in-settings.ts';

const SWITCH = ['on', 'off'] as const;

/** @returns `undefined` where the console is off: it is on where a client id is set, unless CONSOLE says otherwise */
export function readConsoleSettings(
  reader: SettingsReader,
  { tenantId, authorityHost, clientId: connector }: SignInSettings['entra'],
): ConsoleRegistration | undefined {
  const hasClientId = reader.text('CONSOLE_CLIENT_ID') !== undefined;
  const chosen = reader.text('CONSOLE') === undefined ? undefined : reader.oneOf('CONSOLE', SWITCH);
  if (chosen === 'off' || (chosen === undefined && !hasClientId)) return undefined;
  const clientId = reader.guid('CONSOLE_CLIENT_ID');
  if (clientId !== '' && clientId === connector) {
    reader.problem(
      'CONSOLE_CLIENT_ID',
      'is the one of ENTRA_CLIENT_ID: people sign in to a registration of its own, without permissions (docs/deploy.md)',
    );
  }
  const isMicrosofts = Object.values(NATIONAL_CLOUDS).some((cloud) => cloud.authorityHost === authorityHost);
  return { clientId, tenantId, authorityHost, isMicrosofts };
}
