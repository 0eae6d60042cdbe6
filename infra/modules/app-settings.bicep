// Every application setting of the function app. A new one in shared/settings/settings-table.ts is one line here:
//   what an operator chooses        a property of `plainSettings`
//   a secret                        a name in `secretSetting`; its value lies in the vault
//   what the template itself knows  an entry of `wiredSettings`

@export()
@description('What an operator may choose; docs/settings.md says what each means. What is left out has its default.')
@sealed()
type plainSettings = {
  ENTRA_CLIENT_ID: string
  ENTRA_CLOUD: string?
  ENTRA_CLIENT_SECRET_EXPIRES: string?
  ENTRA_AUTHORITY_HOST: string?
  ENTRA_FEDERATED_AUDIENCE: string?
  GRAPH_ENDPOINT: string?
  INTUNE_AUDIENCE: string?
  INTUNE_SERVICE_HOSTS: string?
  CONSOLE: string?
  CONSOLE_CLIENT_ID: string?
  NO_PROXY: string?
  MDM_PRESET: string?
  MDM_ADDRESS: string?
  MDM_USERNAME: string?
  MDM_SOURCE: string?
  MDM_POLLING_INTERVAL: string?
  MDM_LISTS_ALL: string?
  HTTPS_CONNECT_TIMEOUT: string?
  HTTPS_READ_TIMEOUT: string?
  POLL_SCHEDULE: string?
  CHANGED_DEVICES_INTERVAL: string?
  ENTRA_DEVICE_DELTA: string?
  FAST_LANE: string?
  MAX_CHECK_IN_AGE: string?
  HARDWARE_MAX_AGE: string?
  COMPLIANCE_REAUTH_INTERVAL: string?
  INTUNE_PERMISSIONS: string?
  LIVE_QUERY_DEADLINE: string?
  LIVE_QUERIES_PER_SECOND: string?
  CLIENT_REQUESTS_PER_SECOND: string?
  COMPLIANT_STATES: string?
  ISE_COMPLIANT_STATES: string?
  ISE_ENROLMENT_URL: string?
  MASS_CHANGE_PERCENT: string?
  MASS_CHANGE_DEVICES: string?
  COMPLIANT_ROLE: string?
  COMPLIANT_VLAN: string?
  COMPLIANT_SESSION_TIMEOUT: string?
  QUARANTINE_ROLE: string?
  QUARANTINE_VLAN: string?
  QUARANTINE_SESSION_TIMEOUT: string?
  MINIMUM_ASSURANCE: string?
  WEAK_IDENTITY_ROLE: string?
  WEAK_IDENTITY_VLAN: string?
  WEAK_IDENTITY_SESSION_TIMEOUT: string?
  COMPUTER_DOMAINS: string?
  ENFORCE_SCHEDULE: string?
  JOBS_IN_FLIGHT_PER_SITE: string?
  JOB_HISTORY: string?
  DECISION_HISTORY: string?
  AUDIT_HISTORY: string?
  DEVICE_HISTORY: string?
  HOUSEKEEPING_SCHEDULE: string?
  LOOKUP_DEADLINE: string?
  SESSION_WRITE_DEADLINE: string?
  UNWRITTEN_SESSION_TIMEOUT: string?
  UNKNOWN_STATIONS_PER_MINUTE: string?
  NEW_SESSIONS_PER_MINUTE: string?
  FRESHNESS_OBJECTIVE: string?
  OTEL_EXPORTER_OTLP_ENDPOINT: string?
  OTEL_METRIC_EXPORT_INTERVAL: string?
  LOG_IDENTITY_PRIVACY: string?
}

@export()
@description('Secrets. Each lies in the vault under the name of its setting, in lower case with hyphens: log-identity-key.')
type secretSetting =
  | 'ENTRA_CLIENT_CERTIFICATE'
  | 'ENTRA_CLIENT_CERTIFICATE_2'
  | 'ENTRA_CLIENT_CERTIFICATE_PASSWORD'
  | 'ENTRA_CLIENT_SECRET'
  | 'HTTPS_PROXY'
  | 'LOG_IDENTITY_KEY'
  | 'MDM_PASSWORD'

param functionAppName string
param entraTenantId string
param settings plainSettings
param vaultSettings secretSetting[]
@description('Of sources, by names of the operators: SOURCE_…')
param vaultSourceSettings string[]
param pollingIntervalMinutes int
@description('The app shares what Microsoft allows among that many instances.')
param maximumInstanceCount int
param identityClientId string
param blobEndpoint string
param tableEndpoint string
@description('Empty where no site is enforced.')
param serviceBusFullyQualifiedName string
param vaultUri string
param applicationInsightsName string

resource functionApp 'Microsoft.Web/sites@2025-03-01' existing = {
  name: functionAppName
}

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

// Addresses and identities of what the template makes.
var wiredSettings = {
  ENTRA_TENANT_ID: entraTenantId
  POLLING_INTERVAL: '${pollingIntervalMinutes}m'
  MAXIMUM_INSTANCE_COUNT: string(maximumInstanceCount)
  StorageConnection__tableServiceUri: tableEndpoint
  StorageConnection__clientId: identityClientId
  // Read by the host as well.
  APPLICATIONINSIGHTS_CONNECTION_STRING: applicationInsights.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
}

// Without certificate or secret in the vault, the app registration trusts the managed identity.
var signInSettings = contains(vaultSettings, 'ENTRA_CLIENT_CERTIFICATE') || contains(
    vaultSettings,
    'ENTRA_CLIENT_SECRET'
  )
  ? {}
  : {
      ENTRA_MANAGED_IDENTITY_CLIENT_ID: identityClientId
    }

var serviceBusSettings = empty(serviceBusFullyQualifiedName)
  ? {}
  : {
      ServiceBusConnection__fullyQualifiedNamespace: serviceBusFullyQualifiedName
      ServiceBusConnection__clientId: identityClientId
    }

var secretSettings = toObject(
  concat(vaultSettings, vaultSourceSettings),
  name => name,
  name => '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/${toLower(replace(name, '_', '-'))})'
)

// What the Functions host reads for itself. FUNCTIONS_WORKER_RUNTIME and its like are not for Flex Consumption.
var hostSettings = {
  AzureWebJobsStorage__blobServiceUri: blobEndpoint
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  // Above every limit of ours (413); a larger body never reaches the app, which has to hold in memory what it is sent.
  FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '1048576'
  // No page of Microsoft's that says an app without functions is up and running.
  AzureWebJobsDisableHomepage: 'true'
  // What the exporter of metrics and traces would say of itself, to Microsoft and with each batch of spans.
  APPLICATION_INSIGHTS_NO_STATSBEAT: 'true'
  APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED: 'true'
}

// The queue trigger's part of the connection.
var hostServiceBusSettings = empty(serviceBusFullyQualifiedName)
  ? {}
  : {
      ServiceBusConnection__credential: 'managedidentity'
    }

resource appSettings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: functionApp
  name: 'appsettings'
  properties: union(
    settings,
    wiredSettings,
    signInSettings,
    serviceBusSettings,
    secretSettings,
    hostSettings,
    hostServiceBusSettings
  )
}
