// The app registration by which people sign in to the console: a second one, without any permission of the
// connector's.

export interface ConsoleRegistration {
  readonly clientId: string;
  readonly tenantId: string;
  /** Root of the authority, without a slash behind. */
  readonly authorityHost: string;
  /** Whether the authority is Microsoft's own, which browsers and MSAL know. */
  readonly isMicrosofts: boolean;
}

/** The permission that the registration offers to its own page. */
export const CONSOLE_SCOPE = 'console';
