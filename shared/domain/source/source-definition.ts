// What a source is, as sources.yaml or the settings define it: before anything is opened, and without any secret. A
// secret is the value of an application setting, and a definition gives the setting's name alone.

import type { MdmPresetName } from '../mdm-preset-name.ts';
import type { NationalCloudName } from '../national-cloud-name.ts';

export const SOURCE_KINDS = ['intune', 'entra', 'cisco-mdm'] as const;

export type SourceKind = (typeof SOURCE_KINDS)[number];

export type SourceDefinition = IntuneDefinition | EntraDefinition | CiscoMdmDefinition;

/** What every source has. */
export interface CommonDefinition {
  /** First part of its device keys; see {@link isSourceName}. Unique among the definitions in force. */
  readonly name: string;
  /** From one sweep, list or delta to the next. */
  readonly pollingIntervalMs: number;
  /** Above both a change at once is held; `share` from 0 to 1. */
  readonly massChange: { readonly share: number; readonly least: number };
  /**
   * Where several sources know a device, the verdict of the one with the highest number counts. Absent, or the same as
   * the other's: the worse verdict counts.
   */
  readonly precedence?: number;
  /** Sites at which its devices count; absent: all. Never empty. */
  readonly sites?: readonly string[];
}

export interface IntuneDefinition extends CommonDefinition {
  readonly kind: 'intune';
  readonly connection: MicrosoftConnection;
  /** Which of Intune's APIs the registration may use in that tenant. */
  readonly permissions: 'full' | 'compliance-only';
  /** Entra is asked which devices changed (Device.Read.All). */
  readonly deviceDelta: boolean;
}

export interface EntraDefinition extends CommonDefinition {
  readonly kind: 'entra';
  readonly connection: MicrosoftConnection;
  /** A disabled user loses access, too (User.Read.All). */
  readonly users: boolean;
  /** Object ids of the groups whose members are read, in lower case; empty: none. */
  readonly groups: readonly string[];
}

export interface CiscoMdmDefinition extends CommonDefinition {
  readonly kind: 'cisco-mdm';
  readonly connection: CiscoMdmConnection;
  /** The server lists every device when it is asked to: it is swept. */
  readonly listsAll: boolean;
}

/** How a tenant is signed in to. */
export interface MicrosoftConnection {
  /** GUID in lower case. */
  readonly tenantId: string;
  /** Registration that signs in, a GUID in lower case; absent: that of ENTRA_CLIENT_ID, the home registration. */
  readonly clientId?: string;
  readonly cloud: NationalCloudName;
  readonly signIn: SignIn;
}

export type SignIn =
  /** As the ENTRA_* settings say, addresses of the cloud included. */
  | { readonly kind: 'settings' }
  | {
      readonly kind: 'certificate';
      /** Names of the settings with PEM text, or PFX in base64; two during a rollover. */
      readonly certificateSettings: readonly string[];
      /** Of a PFX, or of an encrypted key. */
      readonly passwordSetting?: string;
    }
  | { readonly kind: 'secret'; readonly secretSetting: string }
  /**
   * The managed identity of ENTRA_MANAGED_IDENTITY_CLIENT_ID stands in for a certificate of a registration of the home
   * tenant that this tenant has consented to.
   */
  | { readonly kind: 'federated'; readonly homeClientId: string };

export interface CiscoMdmConnection {
  readonly preset: MdmPresetName;
  /** `https://host`, with port and path; no name, password, query or fragment. */
  readonly address: string;
  /** What some products put behind the address as a path, without slashes. */
  readonly instance?: string;
  /** Names of the settings with the account that the server has for Cisco ISE. */
  readonly usernameSetting: string;
  readonly passwordSetting: string;
}

/** Whether a source may have this name: safe in keys, in URLs and in the lines of logs. */
export function isSourceName(text: string): boolean {
  return /^[a-z][a-z0-9-]{0,30}$/.test(text);
}
