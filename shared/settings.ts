// Reads the application settings once, reports every problem at once, and gives back a frozen result.

import { PRIVACY_MODES, type PrivacyMode } from './adapters/system/identity-privacy.ts';
import { COMPLIANCE_STATES, type ComplianceState } from './domain/compliance-state.ts';
import { isRoleOrVlan } from './domain/policy.ts';
import { parseDuration } from './duration.ts';
import { SettingsError } from './errors.ts';
import { readSignInSettings, type SignInSettings } from './sign-in-settings.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Every setting this product reads. README.md shows this table; a test holds the two together. */
export const SETTINGS = {
  ENTRA_TENANT_ID: { required: true, meaning: 'Directory (tenant) id, a GUID' },
  ENTRA_CLIENT_ID: { required: true, meaning: 'Application (client) id of the app registration, a GUID' },
  ENTRA_CLOUD: {
    default: 'Public',
    meaning:
      'Cloud of the tenant: `Public` (GCC too), `USGov` (GCC High), `USGovDoD` or `China`; sets the addresses below',
  },
  ENTRA_MANAGED_IDENTITY_CLIENT_ID: {
    meaning:
      'Client id of the user-assigned managed identity that the app registration trusts (federated credential): no secret at all',
  },
  ENTRA_CLIENT_CERTIFICATE: {
    meaning: 'Certificate with private key: PEM text, or PFX in base64 as a Key Vault reference gives it',
    secret: true,
  },
  ENTRA_CLIENT_CERTIFICATE_2: {
    meaning: 'A second one during a rollover; the newest that Entra accepts is used',
    secret: true,
  },
  ENTRA_CLIENT_CERTIFICATE_FILE: { meaning: 'The same, as the path of a PEM or PFX file', localOnly: true },
  ENTRA_CLIENT_CERTIFICATE_FILE_2: { meaning: 'A second file during a rollover', localOnly: true },
  ENTRA_CLIENT_CERTIFICATE_PASSWORD: { meaning: 'Password of the PFX or of the encrypted PEM key', secret: true },
  ENTRA_CLIENT_SECRET: { meaning: 'Client secret value, where neither of these is used', secret: true },
  ENTRA_CLIENT_SECRET_EXPIRES: { meaning: 'Date on which the client secret ends, so that its days left are known' },
  ENTRA_AUTHORITY_HOST: { meaning: 'Where tokens come from, if not the cloud’s own' },
  ENTRA_FEDERATED_AUDIENCE: { meaning: 'Audience of the managed identity’s token, if not the cloud’s own' },
  GRAPH_ENDPOINT: { meaning: 'Root of Microsoft Graph, if not the cloud’s own' },
  INTUNE_AUDIENCE: {
    meaning:
      'Audience of Intune’s API, if not the cloud’s own. Microsoft publishes none for `USGovDoD` and `China`: theirs are assumed, unconfirmed',
  },
  INTUNE_SERVICE_HOSTS: {
    default: 'manage.microsoft.com, manage.microsoft.us, manage.microsoft.cn',
    meaning: 'Hosts, and all below them, where Intune’s services may be found and get a token',
  },
  HTTPS_PROXY: { meaning: 'Proxy to Microsoft, `http://proxy:3128`, with name and password if it asks', secret: true },
  NO_PROXY: { meaning: 'Hosts reached without the proxy, separated by commas' },
  HTTPS_CONNECT_TIMEOUT: { default: '10s', meaning: 'Longest time until a connection to Microsoft stands' },
  HTTPS_READ_TIMEOUT: { default: '30s', meaning: 'Longest silence of Microsoft; an answer ends after twice that' },
  EXTRA_CA_FILE: { meaning: 'PEM file of certificate authorities trusted besides the usual ones', localOnly: true },
  StorageConnection: {
    meaning: 'Connection string of the storage account (local runs)',
    secret: true,
    localOnly: true,
  },
  StorageConnection__tableServiceUri: { meaning: 'Table endpoint, with a managed identity instead of a key' },
  StorageConnection__clientId: { meaning: 'Client id of the user-assigned managed identity for storage' },
  ServiceBusConnection: {
    meaning: 'Connection string of the Service Bus namespace (local runs)',
    secret: true,
    localOnly: true,
  },
  ServiceBusConnection__fullyQualifiedNamespace: {
    meaning: 'Service Bus namespace, with a managed identity; without either, changes are not enforced',
  },
  ServiceBusConnection__clientId: { meaning: 'Client id of the user-assigned managed identity for Service Bus' },
  POLLING_INTERVAL: { default: '2h', meaning: 'Time between sweeps of Intune (plain numbers are minutes)' },
  CHANGED_DEVICES_INTERVAL: {
    default: '1m',
    meaning: 'Time between two looks at devices that checked in since the last one; off leaves them to sweeps',
  },
  ENTRA_DEVICE_DELTA: {
    default: 'off',
    meaning: 'on: Entra is asked which devices changed; needs the permission Device.Read.All',
  },
  HARDWARE_MAX_AGE: {
    default: '7d',
    meaning: 'Ethernet MAC and UDID are fetched anew after this long; off fetches none',
  },
  FAST_LANE: {
    default: '15m',
    meaning: 'A device that asks and is not let in as compliant is read every minute for this long; off reads none',
  },
  COMPLIANT_STATES: {
    default: 'compliant,inGracePeriod',
    meaning: 'Compliance states that count as compliant; Intune grants access in a grace period',
  },
  MAX_CHECK_IN_AGE: {
    default: '30d',
    meaning: 'A device that has not checked in with Intune for longer is silent, not compliant',
  },
  MASS_CHANGE_PERCENT: { default: '10', meaning: 'Share of the fleet above which a change at once is held' },
  MASS_CHANGE_DEVICES: { default: '50', meaning: 'Fewer devices than this are never held' },
  COMPLIANCE_REAUTH_INTERVAL: {
    default: '2h',
    meaning:
      'With `compliance-only`: Intune is asked again about a device that has authenticated before what is stored is older (plain numbers are minutes)',
  },
  INTUNE_PERMISSIONS: {
    default: 'full',
    meaning:
      'What the app registration is granted: `full` (`DeviceManagementManagedDevices.Read.All`), or `compliance-only` (`get_device_compliance` and `Application.Read.All`), without a sweep',
  },
  POLL_SCHEDULE: { default: '0 * * * * *', meaning: 'When the timer looks whether work is due (NCRONTAB)' },
  COMPLIANT_ROLE: { default: 'compliant', meaning: 'Role of compliant devices' },
  COMPLIANT_VLAN: { default: '10', meaning: 'VLAN name or id of compliant devices' },
  COMPLIANT_SESSION_TIMEOUT: { default: '8h', meaning: 'Session-Timeout of a permit, spread by 10 %' },
  QUARANTINE_ROLE: { default: 'quarantine', meaning: 'Role of everyone else' },
  QUARANTINE_VLAN: { default: '666', meaning: 'VLAN name or id of everyone else' },
  QUARANTINE_SESSION_TIMEOUT: { default: '30m', meaning: 'Session-Timeout in quarantine, spread by 10 %' },
  ENFORCE_SCHEDULE: { default: '*/10 * * * * *', meaning: 'When the timer looks after CoA jobs (NCRONTAB)' },
  JOBS_IN_HAND_PER_SITE: { default: '20', meaning: 'CoA jobs a site may have in its queue and relay at once' },
  JOB_HISTORY: { default: '30d', meaning: 'How long CoA jobs are kept after their end' },
  DECISION_HISTORY: { default: '7d', meaning: 'How long decisions are kept, to be explained and replayed' },
  HOUSEKEEPING_SCHEDULE: { default: '0 7 * * * *', meaning: 'When old jobs and sessions are removed (NCRONTAB)' },
  LOOKUP_DEADLINE: { default: '700ms', meaning: 'Longest time a lookup waits for the store before it says 503' },
  LIVE_QUERY_DEADLINE: {
    default: '400ms',
    meaning: 'Longest time a lookup waits for Intune, about a certificate’s device that is not stored yet',
  },
  LIVE_QUERIES_PER_SECOND: {
    default: '40',
    meaning: 'Such questions a second, all instances together, each with its share; 0 asks none',
  },
  MAXIMUM_INSTANCE_COUNT: { default: '40', meaning: 'Most instances the function app may grow to, as deployed' },
  LOG_IDENTITY_PRIVACY: { default: 'VendorKeyHashed', meaning: 'How MAC addresses and user names appear in logs' },
  LOG_IDENTITY_KEY: { meaning: 'Key for the KeyHashed modes; random per process when not set', secret: true },
} as const satisfies Record<string, SettingDescription>;

/** Which of Intune's APIs may be used; what it is to be said, not guessed, so that a consent that is lost shows as an error. */
export const INTUNE_PERMISSIONS = ['full', 'compliance-only'] as const;

export interface SettingDescription {
  readonly meaning: string;
  readonly required?: boolean;
  readonly default?: string;
  /** Never shown, logged or put into an output. */
  readonly secret?: boolean;
  /** For runs where there are files and keys; every other setting is set by infra/modules/app-settings.bicep. */
  readonly localOnly?: boolean;
}

export type SettingName = keyof typeof SETTINGS;

export type StorageSetting =
  | { readonly kind: 'connection-string'; readonly connectionString: string }
  | { readonly kind: 'managed-identity'; readonly tableServiceUri: string; readonly clientId?: string };

export type ServiceBusSetting =
  | { readonly kind: 'connection-string'; readonly connectionString: string }
  | { readonly kind: 'managed-identity'; readonly fullyQualifiedNamespace: string; readonly clientId?: string };

export interface RoleSetting {
  readonly name: string;
  readonly vlan: string;
  readonly sessionTimeoutSeconds: number;
}

export interface Settings extends SignInSettings {
  readonly storage: StorageSetting;
  /** Absent: compliance changes are known, but not enforced. */
  readonly serviceBus?: ServiceBusSetting;
  readonly pollingIntervalMs: number;
  /** Absent: changes are found by sweeps alone. */
  readonly changedDevicesIntervalMs: number | undefined;
  readonly entraDeviceDelta: boolean;
  /** Absent: Ethernet MAC and UDID are not fetched. */
  readonly hardwareMaxAgeMs: number | undefined;
  readonly fastLaneMs: number | undefined;
  readonly compliantStates: readonly ComplianceState[];
  readonly maxCheckInAgeMs: number;
  /** `share` from 0 to 1. */
  readonly massChange: { readonly share: number; readonly least: number };
  /** How old compliance of a device that has authenticated may grow where there is no sweep. */
  readonly reauthIntervalMs: number;
  readonly intunePermissions: (typeof INTUNE_PERMISSIONS)[number];
  readonly pollSchedule: string;
  readonly compliantRole: RoleSetting;
  readonly quarantineRole: RoleSetting;
  readonly enforceSchedule: string;
  readonly jobsInHandPerSite: number;
  readonly jobHistoryMs: number;
  readonly decisionHistoryMs: number;
  readonly housekeepingSchedule: string;
  readonly lookupDeadlineMs: number;
  readonly liveQuery: { readonly deadlineMs: number; readonly perSecond: number; readonly maximumInstances: number };
  readonly logPrivacy: { readonly mode: PrivacyMode; readonly key?: string };
}

/** @throws SettingsError naming every problem and how to mend it */
export function readSettings(env: Env): Settings {
  const reader = new SettingsReader(env);
  const settings: Settings = {
    ...readSignInSettings(reader),
    storage: reader.storage(),
    ...reader.serviceBus(),
    pollingIntervalMs: reader.duration('POLLING_INTERVAL', { from: '1s', to: '1d', unit: 'm' }),
    changedDevicesIntervalMs: reader.durationOrOff('CHANGED_DEVICES_INTERVAL', { from: '10s', to: '1h', unit: 'm' }),
    entraDeviceDelta: reader.oneOf('ENTRA_DEVICE_DELTA', ['on', 'off']) === 'on',
    hardwareMaxAgeMs: reader.durationOrOff('HARDWARE_MAX_AGE', { from: '1h', to: '365d', unit: 'm' }),
    fastLaneMs: reader.durationOrOff('FAST_LANE', { from: '1m', to: '1d', unit: 'm' }),
    compliantStates: reader.severalOf('COMPLIANT_STATES', COMPLIANCE_STATES),
    maxCheckInAgeMs: reader.duration('MAX_CHECK_IN_AGE', { from: '1d', to: '365d', unit: 'm' }),
    massChange: {
      share: reader.wholeNumber('MASS_CHANGE_PERCENT', 1, 100) / 100,
      least: reader.wholeNumber('MASS_CHANGE_DEVICES', 1, 1_000_000),
    },
    reauthIntervalMs: reader.duration('COMPLIANCE_REAUTH_INTERVAL', { from: '1m', to: '7d', unit: 'm' }),
    intunePermissions: reader.oneOf('INTUNE_PERMISSIONS', INTUNE_PERMISSIONS),
    pollSchedule: reader.schedule('POLL_SCHEDULE'),
    compliantRole: reader.role('COMPLIANT'),
    quarantineRole: reader.role('QUARANTINE'),
    enforceSchedule: reader.schedule('ENFORCE_SCHEDULE'),
    jobsInHandPerSite: reader.wholeNumber('JOBS_IN_HAND_PER_SITE', 1, 1000),
    jobHistoryMs: reader.duration('JOB_HISTORY', { from: '1d', to: '365d', unit: 'd' }),
    decisionHistoryMs: reader.duration('DECISION_HISTORY', { from: '1h', to: '90d', unit: 'd' }),
    housekeepingSchedule: reader.schedule('HOUSEKEEPING_SCHEDULE'),
    lookupDeadlineMs: reader.duration('LOOKUP_DEADLINE', { from: '50ms', to: '10s', unit: 'ms' }),
    liveQuery: {
      // 400 ms less than the total timeout of the FreeRADIUS sample, or the answer comes too late.
      deadlineMs: reader.duration('LIVE_QUERY_DEADLINE', { from: '50ms', to: '600ms', unit: 'ms' }),
      perSecond: reader.wholeNumber('LIVE_QUERIES_PER_SECOND', 0, 10_000),
      maximumInstances: reader.wholeNumber('MAXIMUM_INSTANCE_COUNT', 1, 1000),
    },
    logPrivacy: {
      mode: reader.oneOf('LOG_IDENTITY_PRIVACY', PRIVACY_MODES),
      ...optional('key', reader.text('LOG_IDENTITY_KEY')),
    },
  };
  reader.throwIfProblems();
  return deepFreeze(settings);
}

/** The settings that `npm run policy` needs besides the store; the same defaults as the app. @throws SettingsError */
export function readPolicySettings(
  env: Env,
): Pick<Settings, 'compliantRole' | 'quarantineRole' | 'compliantStates' | 'jobsInHandPerSite' | 'maxCheckInAgeMs'> {
  const reader = new SettingsReader(env);
  const settings = {
    compliantRole: reader.role('COMPLIANT'),
    quarantineRole: reader.role('QUARANTINE'),
    compliantStates: reader.severalOf('COMPLIANT_STATES', COMPLIANCE_STATES),
    jobsInHandPerSite: reader.wholeNumber('JOBS_IN_HAND_PER_SITE', 1, 1000),
    maxCheckInAgeMs: reader.duration('MAX_CHECK_IN_AGE', { from: '1d', to: '365d', unit: 'm' }),
  };
  reader.throwIfProblems();
  return settings;
}

const UNRESOLVED =
  'is a Key Vault reference that was not resolved: put the secret into the vault, let the function app’s identity ' +
  'read it (Key Vault Secrets User), and have the references read again (docs/deploy.md)';

/** Collects problems instead of stopping at the first; its results only count if there were none. */
class SettingsReader {
  readonly #env: Env;
  readonly #problems: string[] = [];

  constructor(env: Env) {
    this.#env = env;
  }

  text(name: SettingName): string | undefined {
    const { default: fallback }: SettingDescription = SETTINGS[name];
    const value = this.#env[name]?.trim();
    // Azure hands on a reference that it cannot resolve as it was written: anybody could guess that key or secret.
    if (value?.startsWith('@Microsoft.KeyVault(')) {
      this.problem(name, UNRESOLVED);
      return '';
    }
    return value || fallback;
  }

  guid(name: SettingName): string {
    const value = this.#required(name);
    if (value && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)) {
      this.problem(name, `is not a GUID like 0f8fad5b-d9cb-469f-a165-70867728950e`);
    }
    return value.toLowerCase();
  }

  duration(name: SettingName, limits: { from: string; to: string; unit: 'ms' | 's' | 'm' | 'd' }): number {
    const value = this.#required(name);
    const milliseconds = parseDuration(value, limits.unit);
    const least = parseDuration(limits.from) ?? 0;
    const most = parseDuration(limits.to) ?? Number.POSITIVE_INFINITY;
    if (milliseconds === undefined || milliseconds < least || milliseconds > most) {
      this.problem(name, `must be a time from ${limits.from} to ${limits.to}, e.g. 90s, 15m or 2h; it is "${value}"`);
      return 0;
    }
    return milliseconds;
  }

  durationOrOff(name: SettingName, limits: { from: string; to: string; unit: 'ms' | 's' | 'm' }): number | undefined {
    return this.text(name)?.toLowerCase() === 'off' ? undefined : this.duration(name, limits);
  }

  schedule(name: SettingName): string {
    const value = this.#required(name).replace(/\s+/g, ' ');
    if (value.split(' ').length !== 6) {
      this.problem(name, 'must be a six-field NCRONTAB expression, e.g. "0 * * * * *" for every minute');
    }
    return value;
  }

  oneOf<T extends string>(name: SettingName, allowed: readonly T[]): T {
    const value = this.#required(name);
    const found = allowed.find((candidate) => candidate.toLowerCase() === value.toLowerCase());
    if (found === undefined) this.problem(name, `must be one of ${allowed.join(', ')}`);
    return found ?? (value as T);
  }

  /** A list with commas, in any letter case. */
  severalOf<T extends string>(name: SettingName, allowed: readonly T[]): T[] {
    const words = this.#required(name)
      .split(',')
      .flatMap((word) => word.trim() || []);
    return words.flatMap((word) => {
      const found = allowed.find((candidate) => candidate.toLowerCase() === word.toLowerCase());
      if (found === undefined) this.problem(name, `may list ${allowed.join(', ')}; "${word}" is none of them`);
      return found ?? [];
    });
  }

  role(prefix: 'COMPLIANT' | 'QUARANTINE'): RoleSetting {
    return {
      name: this.#roleOrVlan(`${prefix}_ROLE`),
      vlan: this.#roleOrVlan(`${prefix}_VLAN`),
      sessionTimeoutSeconds: Math.round(
        this.duration(`${prefix}_SESSION_TIMEOUT`, { from: '1m', to: '7d', unit: 's' }) / 1000,
      ),
    };
  }

  storage(): StorageSetting {
    const connectionString = this.text('StorageConnection');
    const tableServiceUri = this.text('StorageConnection__tableServiceUri');
    if (Boolean(connectionString) === Boolean(tableServiceUri)) {
      this.#problems.push(
        'Set either StorageConnection__tableServiceUri (https://<account>.table.core.windows.net, with a managed ' +
          'identity) or StorageConnection (a connection string, for local runs)',
      );
    }
    if (tableServiceUri && !isUrl(tableServiceUri, ['https:'])) {
      this.problem('StorageConnection__tableServiceUri', 'is not an https:// URL');
    }
    if (connectionString && !/TableEndpoint=|AccountName=/i.test(connectionString)) {
      this.problem(
        'StorageConnection',
        'is not a storage connection string (it names no AccountName or TableEndpoint; UseDevelopmentStorage is not enough)',
      );
    }
    if (tableServiceUri) {
      return {
        kind: 'managed-identity',
        tableServiceUri,
        ...optional('clientId', this.text('StorageConnection__clientId')),
      };
    }
    return { kind: 'connection-string', connectionString: connectionString ?? '' };
  }

  serviceBus(): { serviceBus?: ServiceBusSetting } {
    const connectionString = this.text('ServiceBusConnection');
    const fullyQualifiedNamespace = this.text('ServiceBusConnection__fullyQualifiedNamespace');
    if (connectionString && fullyQualifiedNamespace) {
      this.#problems.push(
        'Set only one of ServiceBusConnection and ServiceBusConnection__fullyQualifiedNamespace (with a managed identity)',
      );
    }
    if (connectionString && !/Endpoint=sb:\/\//i.test(connectionString)) {
      this.problem('ServiceBusConnection', 'is not a Service Bus connection string (Endpoint=sb://…)');
    }
    if (fullyQualifiedNamespace) {
      const clientId = optional('clientId', this.text('ServiceBusConnection__clientId'));
      return { serviceBus: { kind: 'managed-identity', fullyQualifiedNamespace, ...clientId } };
    }
    return connectionString ? { serviceBus: { kind: 'connection-string', connectionString } } : {};
  }

  wholeNumber(name: SettingName, least: number, most: number): number {
    const value = Number(this.#required(name));
    if (!Number.isInteger(value) || value < least || value > most) {
      this.problem(name, `must be a whole number from ${least} to ${most}`);
    }
    return value;
  }

  /** @param name absent for a problem that concerns several settings and names them */
  problem(name: SettingName | undefined, problem: string): void {
    this.#problems.push(name === undefined ? problem : `${name} ${problem}`);
  }

  throwIfProblems(): void {
    if (this.#problems.length > 0) throw new SettingsError(this.#problems);
  }

  #roleOrVlan(name: SettingName): string {
    const value = this.#required(name);
    if (!isRoleOrVlan(value)) {
      this.problem(name, 'may hold up to 64 letters, digits, dots, hyphens and underscores, nothing else');
    }
    return value;
  }

  #required(name: SettingName): string {
    const value = this.text(name);
    if (value === undefined) this.problem(name, `is missing (${SETTINGS[name].meaning})`);
    return value ?? '';
  }
}

function isUrl(text: string, protocols: readonly string[]): boolean {
  return URL.canParse(text) && protocols.includes(new URL(text).protocol);
}

function optional<K extends string>(key: K, value: string | undefined): { [key in K]?: string } {
  return (value === undefined ? {} : { [key]: value }) as { [key in K]?: string };
}

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) deepFreeze(part);
  return Object.freeze(value);
}
