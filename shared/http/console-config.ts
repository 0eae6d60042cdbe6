// What the page must know before a person signs in, at GET /console/config.json. Nothing in it is secret.

import { CONSOLE_SCOPE, type ConsoleRegistration } from '../ports/console-registration.ts';

/** The names are those of msal-browser, where it has one. */
export interface ConsoleConfig {
  readonly clientId: string;
  /** Host and tenant: `https://login.microsoftonline.com/<tenant id>`. */
  readonly authority: string;
  /** Hosts, with their port, that MSAL need not ask Microsoft about; empty for Microsoft's own. */
  readonly knownAuthorities: readonly string[];
  /**
   * Of an authority that is not Microsoft's own, so that the page asks nothing of it before it goes there: a browser
   * can accept its certificate only as a page. MSAL takes it as text (JSON).
   */
  readonly authorityMetadata?: {
    readonly issuer: string;
    readonly authorization_endpoint: string;
    readonly token_endpoint: string;
    readonly end_session_endpoint: string;
    readonly jwks_uri: string;
  };
  /**
   * By the client id, not by a name of the API: Entra refuses a refresh token of an app that asks for itself by name
   * (AADSTS90009), an hour after a sign-in that worked.
   */
  readonly scope: string;
}

export function consoleConfig({ clientId, tenantId, authorityHost, isMicrosofts }: ConsoleRegistration): ConsoleConfig {
  const authority = `${authorityHost}/${tenantId}`;
  return {
    clientId,
    authority,
    knownAuthorities: isMicrosofts ? [] : [new URL(authorityHost).host],
    ...(!isMicrosofts && {
      authorityMetadata: {
        issuer: `${authority}/v2.0`,
        authorization_endpoint: `${authority}/oauth2/v2.0/authorize`,
        token_endpoint: `${authority}/oauth2/v2.0/token`,
        end_session_endpoint: `${authority}/oauth2/v2.0/logout`,
        jwks_uri: `${authority}/discovery/v2.0/keys`,
      },
    }),
    scope: `${clientId}/${CONSOLE_SCOPE}`,
  };
}
