// What the simulated tenant is started with, and what it offers to those who started it.

import type { RegisteredCredentials } from './app-registration.ts';
import type { DirectoryPeople } from './directory-people.ts';
import type { EntraDirectory } from './entra-directory.ts';
import type { Fleet } from './fleet.ts';
import type { ManagedIdentity } from './managed-identity.ts';
import type { ConsoleRegistration } from './people/console-registration.ts';
import type { RequestKind } from './request-counts.ts';
import type { Script, ScriptTarget } from './script.ts';
import type { TenantBehaviour } from './tenant-behaviour.ts';
import type { CloudAudiences } from './token-audiences.ts';

export interface IntuneTenantOptions {
  /** HTTPS port of authority and Graph; 0, the default, takes a free one. */
  readonly port?: number;
  /** HTTP port of the control port; 0, the default, takes a free one. */
  readonly controlPort?: number;
  /**
   * Address the HTTPS listener binds to, 127.0.0.1 by default. The control port never leaves the loopback interface.
   */
  readonly host?: string;
  readonly fleetSize?: number;
  readonly seed?: number;
  readonly tenantId?: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
  /** Of the registration that people sign in to. */
  readonly consoleClientId?: string;
  /** Whose operator one of the five people is; `local` by default. */
  readonly site?: string;
  /** The certificate registered with the application, in PEM. Without one, client assertions are refused. */
  readonly clientCertificatePem?: string;
  /** Names of Graph, of the Intune API and of the token exchange; those of the public cloud by default. */
  readonly audiences?: CloudAudiences;
  /** How the tenant behaves where it does not behave as usual; `PATCH /behaviour` of the control port. */
  readonly behaviour?: Partial<TenantBehaviour>;
  /** Application permissions per API; all that a NAC connector needs by default. */
  readonly roles?: { readonly graph: readonly string[]; readonly intune: readonly string[] };
  /** The most devices on one page of a list. */
  readonly pageSize?: number;
  /**
   * How long access tokens are valid, 600 by default. MSAL counts a token as expired 300 seconds early: with 600 it
   * asks again after five minutes, with less than 300 before every call.
   */
  readonly tokenLifetimeSeconds?: number;
  /** The tenant's clock for tokens and devices; its TLS certificates always follow the machine's. */
  readonly now?: () => Date;
}

export interface IntuneTenantStats {
  /** All requests by what they asked for, those answered by script included. */
  readonly requests: Readonly<Record<RequestKind, number>>;
  /** Requests that were answered by script. */
  readonly scripted: Readonly<Record<ScriptTarget, number>>;
  /** Requests that are still to be answered by script. */
  readonly pendingScripts: Readonly<Record<ScriptTarget, number>>;
  readonly tokensIssued: number;
  readonly devices: number;
}

export interface IntuneTenant {
  readonly baseUrl: string;
  /** Stands in for https://login.microsoftonline.com: an authority is `${authorityHost}/${tenantId}`. */
  readonly authorityHost: string;
  /** Stands in for https://graph.microsoft.com: requests go to `${graphUrl}/v1.0/...`. */
  readonly graphUrl: string;
  readonly controlUrl: string;
  /** The CA that clients of `baseUrl` must trust. */
  readonly caPem: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The registration that people sign in to: `/people` and `/sign-in` of the control port. */
  readonly console: ConsoleRegistration;
  readonly audiences: CloudAudiences;
  /** Stands in for `IDENTITY_ENDPOINT` of App Service. Its header and client ID are in `identity`. */
  readonly identityEndpoint: string;
  /** The user-assigned managed identity of the function app; federated with the application from the start. */
  readonly identity: ManagedIdentity;
  /** The directory that `devices/delta` reads. */
  readonly directory: EntraDirectory;
  /** Users and groups of the directory. */
  readonly people: DirectoryPeople;
  /** Lets the list of noncompliant devices be started at once. */
  lowerComplianceWall(): void;
  /** `GET /behaviour` and `PATCH /behaviour` of the control port. */
  readonly behaviour: TenantBehaviour;
  behave(change: Partial<TenantBehaviour>): void;
  /** `GET /registration` and `PATCH /registration` of the control port. */
  readonly registration: RegisteredCredentials;
  register(change: Partial<RegisteredCredentials>): void;
  /** The operations of the control port on devices. */
  readonly fleet: Fleet;
  /** `POST /script` of the control port. */
  script(script: Script): void;
  /** `DELETE /script` of the control port. */
  clearScripts(): void;
  stats(): IntuneTenantStats;
  /** Stops both ports, breaks off whatever is under way and leaves no handle open. */
  close(): Promise<void>;
}
