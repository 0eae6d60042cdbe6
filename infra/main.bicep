// The connector as a whole: one resource group with everything in it. docs/deploy.md goes through it step by step.
targetScope = 'subscription'

import { plainSettings, secretSetting } from 'modules/app-settings.bicep'
import { alerting, operator, privateNetwork, site } from 'modules/parameter-types.bicep'

@description('Short name of this deployment, of lower-case letters and digits; part of every resource name. infra/identity must be given the same.')
@minLength(3)
@maxLength(10)
param name string = 'nac'

@description('A region with Flex Consumption: az functionapp list-flexconsumption-locations')
param location string

param resourceGroupName string = 'rg-${name}'
param tags object = {}

@description('Tenant of the devices: that of the subscription, or one of its own with a certificate.')
param entraTenantId string = tenant().tenantId

@description('Application settings; ENTRA_CLIENT_ID is an output of infra/identity.')
param settings plainSettings

@description('Settings whose values operators have put into the vault. With neither certificate nor secret among them, the app signs in by its managed identity.')
param vaultSettings secretSetting[] = []

@description('Time between sweeps of Intune. The alert about a missing poll counts from it.')
@minValue(5)
@maxValue(1440)
param pollingIntervalMinutes int = 120

@description('Sites whose connected devices are told when their standing changes. With none, changes are known and not enforced.')
param sites site[] = []

param operators operator[] = []

@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

param maximumInstanceCount int = 40

@description('Instances that always wait for lookups; a RADIUS server does not wait for a cold start.')
param alwaysReadyHttpInstances int = 1

@description('Public addresses of the RADIUS servers, and of operators who ask about polls and jobs: nobody else may ask. Empty: anybody with an API key.')
param lookupAddresses string[] = []

@description('Leave it out and the services are reached over the internet, with Entra identities only.')
param network privateNetwork?

@description('Storage survives the loss of a data centre.')
param zoneRedundantStorage bool = false

@description('Keeps a deleted vault from being removed for good before 90 days; it cannot be switched off again.')
param vaultPurgeProtection bool = true

param logRetentionDays int = 30

@description('Gigabytes of logs a day after which no more is taken in; -1 for no limit.')
param logDailyCapGigabytes int = -1

param alertWhen alerting = {
  emailAddresses: []
  lookupMilliseconds: 500
  errorPercent: 5
  credentialDays: 30
}

var unique = uniqueString(subscription().id, name, location)
var enforces = !empty(sites)
var isPrivate = network != null
var privateInbound = network.?privateInbound ?? false
var operatorAddresses = network.?operatorAddresses ?? []
var relayAddresses = network.?relayAddresses ?? []

// What environment() does not know of the clouds.
var cloudEndings = {
  AzureCloud: { serviceBus: 'privatelink.servicebus.windows.net', sites: 'privatelink.azurewebsites.net' }
  AzureUSGovernment: { serviceBus: 'privatelink.servicebus.usgovcloudapi.net', sites: 'privatelink.azurewebsites.us' }
  AzureChinaCloud: { serviceBus: 'privatelink.servicebus.chinacloudapi.cn', sites: 'privatelink.chinacloudsites.cn' }
}
var endings = cloudEndings[environment().name]

var privateZones = {
  blob: 'privatelink.blob.${environment().suffixes.storage}'
  table: 'privatelink.table.${environment().suffixes.storage}'
  vault: 'privatelink${replace(environment().suffixes.keyvaultDns, '.vault.', '.vaultcore.')}'
  namespace: endings.serviceBus
  sites: endings.sites
}

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: resourceGroupName
  location: location
  tags: tags
}

module identity 'modules/managed-identity.bicep' = {
  name: 'managed-identity'
  scope: group
  params: {
    name: 'id-${name}'
    location: location
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    workspaceName: 'log-${name}'
    applicationInsightsName: 'appi-${name}'
    location: location
    tags: tags
    retentionDays: logRetentionDays
    dailyCapGigabytes: logDailyCapGigabytes
    functionPrincipalId: identity.outputs.principalId
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    name: 'st${toLower(replace(name, '-', ''))}${take(unique, 10)}'
    location: location
    tags: tags
    zoneRedundant: zoneRedundantStorage
    isPrivate: isPrivate
    operatorAddresses: operatorAddresses
    functionPrincipalId: identity.outputs.principalId
    operators: operators
    workspaceId: monitoring.outputs.workspaceId
  }
}

module serviceBus 'modules/service-bus.bicep' = if (enforces) {
  name: 'service-bus'
  scope: group
  params: {
    name: 'sb-${name}-${unique}'
    location: location
    tags: tags
    sites: sites
    isPrivate: isPrivate
    relayAddresses: relayAddresses
    functionPrincipalId: identity.outputs.principalId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module vault 'modules/key-vault.bicep' = {
  name: 'key-vault'
  scope: group
  params: {
    name: take('kv-${name}-${unique}', 24)
    location: location
    tags: tags
    purgeProtection: vaultPurgeProtection
    isPrivate: isPrivate
    operatorAddresses: operatorAddresses
    functionPrincipalId: identity.outputs.principalId
    operators: operators
    workspaceId: monitoring.outputs.workspaceId
  }
}

module virtualNetwork 'modules/virtual-network.bicep' = if (isPrivate) {
  name: 'virtual-network'
  scope: group
  params: {
    name: 'vnet-${name}'
    location: location
    tags: tags
    addressPrefix: network.?addressPrefix ?? ''
    zoneNames: map(items(privateZones), zone => zone.value)
  }
}

module functionApp 'modules/function-app.bicep' = {
  name: 'function-app'
  scope: group
  params: {
    name: 'func-${name}-${unique}'
    planName: 'plan-${name}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    packageContainerUrl: storage.outputs.packageContainerUrl
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyHttpInstances: alwaysReadyHttpInstances
    lookupAddresses: lookupAddresses
    subnetId: isPrivate ? virtualNetwork!.outputs.functionSubnetId : ''
    privateInbound: privateInbound
    workspaceId: monitoring.outputs.workspaceId
  }
}

module appSettings 'modules/app-settings.bicep' = {
  name: 'app-settings'
  scope: group
  params: {
    functionAppName: functionApp.outputs.name
    entraTenantId: entraTenantId
    settings: settings
    vaultSettings: vaultSettings
    pollingIntervalMinutes: pollingIntervalMinutes
    maximumInstanceCount: maximumInstanceCount
    identityClientId: identity.outputs.clientId
    blobEndpoint: storage.outputs.blobEndpoint
    tableEndpoint: storage.outputs.tableEndpoint
    serviceBusFullyQualifiedName: enforces ? serviceBus!.outputs.fullyQualifiedName : ''
    vaultUri: vault.outputs.uri
    applicationInsightsName: monitoring.outputs.applicationInsightsName
  }
}

module blobEndpoint 'modules/private-endpoint.bicep' = if (isPrivate) {
  name: 'private-endpoint-blob'
  scope: group
  params: {
    name: 'pe-${name}-blob'
    location: location
    tags: tags
    subnetId: virtualNetwork!.outputs.endpointSubnetId
    serviceId: storage.outputs.id
    groupId: 'blob'
    zoneName: privateZones.blob
  }
}

module tableEndpoint 'modules/private-endpoint.bicep' = if (isPrivate) {
  name: 'private-endpoint-table'
  scope: group
  params: {
    name: 'pe-${name}-table'
    location: location
    tags: tags
    subnetId: virtualNetwork!.outputs.endpointSubnetId
    serviceId: storage.outputs.id
    groupId: 'table'
    zoneName: privateZones.table
  }
}

module vaultEndpoint 'modules/private-endpoint.bicep' = if (isPrivate) {
  name: 'private-endpoint-vault'
  scope: group
  params: {
    name: 'pe-${name}-vault'
    location: location
    tags: tags
    subnetId: virtualNetwork!.outputs.endpointSubnetId
    serviceId: vault.outputs.id
    groupId: 'vault'
    zoneName: privateZones.vault
  }
}

module serviceBusEndpoint 'modules/private-endpoint.bicep' = if (isPrivate && enforces) {
  name: 'private-endpoint-service-bus'
  scope: group
  params: {
    name: 'pe-${name}-service-bus'
    location: location
    tags: tags
    subnetId: virtualNetwork!.outputs.endpointSubnetId
    serviceId: serviceBus!.outputs.id
    groupId: 'namespace'
    zoneName: privateZones.namespace
  }
}

module functionAppEndpoint 'modules/private-endpoint.bicep' = if (privateInbound) {
  name: 'private-endpoint-function-app'
  scope: group
  params: {
    name: 'pe-${name}-function-app'
    location: location
    tags: tags
    subnetId: virtualNetwork!.outputs.endpointSubnetId
    serviceId: functionApp.outputs.id
    groupId: 'sites'
    zoneName: privateZones.sites
  }
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    prefix: 'alert-${name}'
    location: location
    tags: tags
    alertWhen: alertWhen
    pollingIntervalMinutes: pollingIntervalMinutes
    sweepsFleet: (settings.?INTUNE_PERMISSIONS ?? 'full') != 'compliance-only'
    workspaceId: monitoring.outputs.workspaceId
    serviceBusId: enforces ? serviceBus!.outputs.id : ''
  }
}

output resourceGroupName string = group.name
output functionAppName string = functionApp.outputs.name
output lookupUrl string = 'https://${functionApp.outputs.hostName}/api/lookup'
output tableServiceUri string = storage.outputs.tableEndpoint
output vaultName string = vault.outputs.name
output serviceBusFullyQualifiedName string = enforces ? serviceBus!.outputs.fullyQualifiedName : ''
output managedIdentityPrincipalId string = identity.outputs.principalId
