// The application settings: their names, what they mean, and what holds where they are not set.

/** Every setting this product reads. docs/settings.md shows this table; a test holds the two together. */
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
  CONSOLE: { meaning: '`off`: the console is not served, and no person signs in. On where CONSOLE_CLIENT_ID is set' },
  CONSOLE_CLIENT_ID: {
    meaning: 'Application (client) id of the app registration by which people sign in to the console, a GUID',
  },
  HTTPS_PROXY: { meaning: 'Proxy to Microsoft, `http://proxy:3128`, with name and password if it asks', secret: true },
  NO_PROXY: { meaning: 'Hosts reached without the proxy, separated by commas' },
  HTTPS_CONNECT_TIMEOUT: { default: '10s', meaning: 'Longest time until a connection to Microsoft stands' },
  HTTPS_READ_TIMEOUT: { default: '30s', meaning: 'Longest silence of Microsoft; an answer ends after twice that' },
  EXTRA_CA_FILE: {
    meaning: 'PEM file of certificate authorities trusted in addition to the usual ones',
    localOnly: true,
  },
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
  MDM_PRESET: {
    meaning:
      'An MDM server that is asked beside Intune, in Cisco’s MDM API: `meraki-systems-manager`, `ivanti-neurons`, `mobileiron-core` or `generic` (docs/sources/)',
  },
  MDM_ADDRESS: { meaning: 'Its address, as it shows it for Cisco ISE: `https://host`, with port and instance' },
  MDM_USERNAME: { meaning: 'The account that it has for Cisco ISE (HTTP Basic)' },
  MDM_PASSWORD: { meaning: 'The password of that account', secret: true },
  MDM_SOURCE: {
    meaning: 'Name of this source; by default `meraki`, `ivanti` or `mdm`, as the preset says',
  },
  MDM_POLLING_INTERVAL: {
    default: '15m',
    meaning: 'Time between lists of its noncompliant devices, or between sweeps of it',
  },
  MDM_LISTS_ALL: {
    default: 'off',
    meaning: 'on: it lists every device when it is asked to, which ISE never does, and is swept like Intune',
  },
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
    meaning: 'Ethernet MAC and UDID are fetched again after this long; off fetches none',
  },
  FAST_LANE: {
    default: '15m',
    meaning: 'A device that asks and is not let in as compliant is read every minute for this long; off reads none',
  },
  COMPLIANT_STATES: {
    default: 'compliant,inGracePeriod',
    meaning:
      'Compliance states that count as compliant for the built-in policy; Intune grants access in a grace period',
  },
  ISE_COMPLIANT_STATES: {
    meaning: 'Compliance states that Cisco’s MDM API answers as compliant; those of COMPLIANT_STATES if not set',
  },
  ISE_ENROLMENT_URL: {
    default: 'https://portal.manage.microsoft.com/',
    meaning: 'Where Cisco ISE sends people whose device is not enrolled',
  },
  MAX_CHECK_IN_AGE: {
    default: '30d',
    meaning: 'A device that has not checked in with Intune for longer is silent, not compliant',
  },
  MASS_CHANGE_PERCENT: {
    default: '10',
    meaning: 'Share of the fleet above which a change at once is held, or what leaves within 24 hours',
  },
  MASS_CHANGE_DEVICES: { default: '50', meaning: 'Fewer devices than this are never held, unless a list is empty' },
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
  MINIMUM_ASSURANCE: {
    default: 'certificate-name',
    meaning:
      'How surely a device must be recognised to count as compliant without a policy of your own: `certificate-guid`, `certificate-bare-guid`, `certificate-name`, `computer-account`, `client-claim` or `mac`, the strongest first',
  },
  WEAK_IDENTITY_ROLE: {
    default: 'weak-identity',
    meaning: 'Role of compliant devices that are recognised by less, or whose question contradicts itself',
  },
  WEAK_IDENTITY_VLAN: { default: '666', meaning: 'VLAN name or id of those' },
  WEAK_IDENTITY_SESSION_TIMEOUT: { default: '30m', meaning: 'Session-Timeout of those, spread by 10 %' },
  COMPUTER_DOMAINS: {
    meaning:
      'Domains whose computer accounts and names count, by DNS and NetBIOS name, separated by commas; without it any that the site authenticates',
  },
  ENFORCE_SCHEDULE: { default: '*/10 * * * * *', meaning: 'When the timer looks after CoA jobs (NCRONTAB)' },
  JOBS_IN_FLIGHT_PER_SITE: { default: '20', meaning: 'CoA jobs a site may have in its queue and relay at once' },
  JOB_HISTORY: { default: '30d', meaning: 'How long CoA jobs are kept after their end' },
  DECISION_HISTORY: { default: '7d', meaning: 'How long decisions are kept, to be explained and replayed' },
  DEVICE_HISTORY: { default: '90d', meaning: 'How long the record of a device that is gone is kept' },
  AUDIT_HISTORY: { default: '365d', meaning: 'How long the audit of changes by people is kept' },
  HOUSEKEEPING_SCHEDULE: { default: '0 7 * * * *', meaning: 'When old jobs and sessions are removed (NCRONTAB)' },
  LOOKUP_DEADLINE: { default: '700ms', meaning: 'Longest time a lookup waits for the store before it says 503' },
  SESSION_WRITE_DEADLINE: {
    default: '1s',
    meaning: 'Longest time that an answer waits for its session to be written; then its permit is short',
  },
  UNWRITTEN_SESSION_TIMEOUT: {
    default: '5m',
    meaning: 'Session-Timeout of a permit whose session could not be written, so that the station asks again',
  },
  UNKNOWN_STATIONS_PER_MINUTE: {
    default: '600',
    meaning:
      'New sessions a minute, of one client at one instance, for MAB addresses that lead to no device; the rest gets short permits',
  },
  NEW_SESSIONS_PER_MINUTE: {
    default: '1000',
    meaning:
      'New sessions a minute, of one client at one instance, after a burst of half an hour’s worth; the rest gets short permits',
  },
  LIVE_QUERY_DEADLINE: {
    default: '400ms',
    meaning: 'Longest time a lookup waits for Intune, about a certificate’s device that is not stored yet',
  },
  LIVE_QUERIES_PER_SECOND: {
    default: '40',
    meaning: 'Such questions a second, all instances together, each with its share; 0 asks none',
  },
  CLIENT_REQUESTS_PER_SECOND: {
    default: '200',
    meaning:
      'Requests a second of one client that an instance answers, after a burst of five seconds’ worth; the rest gets 503. 0 sets no bound',
  },
  MAXIMUM_INSTANCE_COUNT: { default: '40', meaning: 'Most instances the function app may grow to, as deployed' },
  FRESHNESS_OBJECTIVE: {
    meaning:
      'How old the record behind an answer may be; 95 % of the answers are to be within it. Twice POLLING_INTERVAL if not set',
  },
  APPLICATIONINSIGHTS_CONNECTION_STRING: {
    meaning: 'Application Insights that gets metrics and traces, and from the host its own; without it Azure gets none',
  },
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: {
    meaning: '`ClientId=…;Authorization=AAD`: the managed identity that signs in there, for the host and for us',
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    meaning: 'Collector that gets metrics and traces by OTLP (HTTP with JSON), `http://collector:4318`',
  },
  OTEL_METRIC_EXPORT_INTERVAL: {
    default: '5m',
    meaning: 'Time from one export of metrics to the next (plain numbers are milliseconds)',
  },
  LOG_IDENTITY_PRIVACY: { default: 'VendorKeyHashed', meaning: 'How MAC addresses and user names appear in logs' },
  LOG_IDENTITY_KEY: { meaning: 'Key for the KeyHashed modes; random per process when not set', secret: true },
} as const satisfies Record<string, SettingDescription>;

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
