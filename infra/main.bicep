// The connector as a whole: one resource group with everything in it. docs/deploy.md goes through it step by step.
targetScope = 'subscription'

import { plainSettings, secretSetting } from 'modules/app-settings.bicep'
import { deploymentNameProblems, siteNameProblems } from 'modules/checked-names.bicep'
import { addressProblems, amountProblems, principalProblems } from 'modules/checked-values.bicep'
import { alerting, operator, privateNetwork, resourceTags, site } from 'modules/parameter-types.bicep'

@description('Short name of this deployment, of lower-case letters and digits; part of every resource name. infra/identity must be given the same.')
@minLength(3)
@maxLength(10)
param name string = 'nac'

@description('A region with Flex Consumption: az functionapp list-flexconsumption-locations')
param location string

param resourceGroupName string = 'rg-${name}'
param tags resourceTags = {}

@description('Tenant of the devices: that of the subscription, or one of its own with a certificate.')
param entraTenantId string = tenant().tenantId

@description('Application settings; ENTRA_CLIENT_ID is an output of infra/identity.')
param settings plainSettings

@description('Settings whose values operators have put into the vault. With neither certificate nor secret among them, the app signs in by its managed identity.')
param vaultSettings secretSetting[] = []

@description('Settings with secrets that sources.yaml names, SOURCE_…: their values are in the vault, too.')
param vaultSourceSettings string[] = []

@description('Time between sweeps of Intune. The alert about a missing poll counts from it.')
@minValue(5)
@maxValue(1440)
param pollingIntervalMinutes int = 120

@description('Sites whose connected devices get another answer when their standing changes. With none, changes are known and not enforced.')
param sites site[] = []

param operators operator[] = []

@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Instances that always wait for lookups; a RADIUS server does not wait for a cold start.')
@minValue(0)
param alwaysReadyHttpInstances int = 1

@description('Public addresses of the RADIUS servers, and of operators who ask about polls and jobs: no other address may ask. Empty: every address, with an API key.')
param lookupAddresses string[] = []

@description('Public addresses of the people who open the console, beside lookupAddresses: it is one list for the whole app.')
param consoleAddresses string[] = []

@description('Leave it out and the services are reached over the internet, with Entra identities only.')
param network privateNetwork?

@description('Storage survives the loss of a data centre.')
param zoneRedundantStorage bool = false

@description('Keeps a deleted vault from being removed for good before 90 days; it cannot be switched off again.')
param vaultPurgeProtection bool = true

@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('Gigabytes of logs a day after which no more is taken in; -1 for no limit.')
param logDailyCapGigabytes int = -1

param alertWhen alerting = {
  emailAddresses: []
  lookupMilliseconds: 500
  errorPercent: 5
  credentialDays: 30
}

var problems = concat(
  deploymentNameProblems(name),
  siteNameProblems(sites),
  principalProblems(sites, operators, entraTenantId),
  addressProblems(lookupAddresses, consoleAddresses, network),
  map(
    filter(vaultSourceSettings, setting => !startsWith(setting, 'SOURCE_') || setting != toUpper(setting)),
    setting => '"${setting}" in vaultSourceSettings must begin with SOURCE_, in upper case.'
  ),
  amountProblems(alwaysReadyHttpInstances, maximumInstanceCount, logDailyCapGigabytes, alertWhen)
)
// Everything is named after this, so that a wrong parameter ends the deployment before its first resource.
var checkedName = empty(problems) ? name : fail(join(problems, ' '))

// Whether the region is written `West Europe` or `westeurope`: the same names.
var unique = uniqueString(subscription().id, name, toLower(replace(location, ' ', '')))
var enforces = !empty(sites)
var isPrivate = network != null

// Known before anything is there, so that what-if can say what happens to resources that go by them.
var functionAppName = 'func-${checkedName}-${unique}'
var applicationInsightsName = 'appi-${checkedName}'
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

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: empty(problems) ? resourceGroupName : checkedName
  location: location
  tags: tags
}

module plan 'modules/plan.bicep' = {
  scope: group
  params: {
    name: 'plan-${checkedName}'
    location: location
    tags: tags
  }
}

module identity 'modules/managed-identity.bicep' = {
  scope: group
  params: {
    name: 'id-${checkedName}'
    location: location
    tags: tags
  }
  dependsOn: [
    plan
  ]
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: {
    workspaceName: 'log-${checkedName}'
    applicationInsightsName: applicationInsightsName
    location: location
    tags: tags
    retentionDays: logRetentionDays
    dailyCapGigabytes: logDailyCapGigabytes
    #disable-next-line what-if-short-circuiting // see bicepconfig.json
    functionPrincipalId: identity.outputs.principalId
  }
}

module storage 'modules/storage.bicep' = {
  scope: group
  params: {
    name: 'st${checkedName}${take(unique, 10)}'
    location: location
    tags: tags
    zoneRedundant: zoneRedundantStorage
    isPrivate: isPrivate
    operatorAddresses: operatorAddresses
    #disable-next-line what-if-short-circuiting // see bicepconfig.json
    functionPrincipalId: identity.outputs.principalId
    operators: operators
    workspaceId: monitoring.outputs.workspaceId
  }
}

module serviceBus 'modules/service-bus.bicep' = if (enforces) {
  scope: group
  params: {
    // Azure does not change the tier of a namespace: one that becomes private is another one, with another name.
    name: 'sb-${checkedName}-${unique}${isPrivate ? '-premium' : ''}'
    location: location
    tags: tags
    sites: sites
    operators: operators
    isPrivate: isPrivate
    relayAddresses: relayAddresses
    #disable-next-line what-if-short-circuiting // see bicepconfig.json
    functionPrincipalId: identity.outputs.principalId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module vault 'modules/key-vault.bicep' = {
  scope: group
  params: {
    name: take('kv-${checkedName}-${unique}', 24)
    location: location
    tags: tags
    purgeProtection: vaultPurgeProtection
    isPrivate: isPrivate
    operatorAddresses: operatorAddresses
    #disable-next-line what-if-short-circuiting // see bicepconfig.json
    functionPrincipalId: identity.outputs.principalId
    operators: operators
    workspaceId: monitoring.outputs.workspaceId
  }
}

module virtualNetwork 'modules/virtual-network.bicep' = if (isPrivate) {
  scope: group
  params: {
    name: 'vnet-${checkedName}'
    location: location
    tags: tags
    addressPrefix: network.?addressPrefix ?? ''
    zoneNames: map(items(privateZones), zone => zone.value)
  }
  dependsOn: [
    plan
  ]
}

module functionApp 'modules/function-app.bicep' = {
  scope: group
  params: {
    name: functionAppName
    planId: plan.outputs.id
    location: location
    tags: tags
    identityId: identity.outputs.id
    packageContainerUrl: storage.outputs.packageContainerUrl
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyHttpInstances: alwaysReadyHttpInstances
    lookupAddresses: lookupAddresses
    consoleAddresses: consoleAddresses
    subnetId: isPrivate ? virtualNetwork!.outputs.functionSubnetId : ''
    privateInbound: privateInbound
    workspaceId: monitoring.outputs.workspaceId
  }
}

module appSettings 'modules/app-settings.bicep' = {
  scope: group
  params: {
    functionAppName: functionAppName
    entraTenantId: entraTenantId
    settings: settings
    vaultSettings: vaultSettings
    vaultSourceSettings: vaultSourceSettings
    pollingIntervalMinutes: pollingIntervalMinutes
    maximumInstanceCount: maximumInstanceCount
    identityClientId: identity.outputs.clientId
    blobEndpoint: storage.outputs.blobEndpoint
    tableEndpoint: storage.outputs.tableEndpoint
    serviceBusFullyQualifiedName: enforces ? serviceBus!.outputs.fullyQualifiedName : ''
    vaultUri: vault.outputs.uri
    applicationInsightsName: applicationInsightsName
  }
  dependsOn: [
    functionApp
  ]
}

module blobEndpoint 'modules/private-endpoint.bicep' = if (isPrivate) {
  scope: group
  params: {
    name: 'pe-${checkedName}-blob'
    location: location
    tags: tags
    subnetId: virtualNetwork!.outputs.endpointSubnetId
    serviceId: storage.outputs.id
    groupId: 'blob'
    zoneName: privateZones.blob
  }
}

module tableEndpoint 'modules/private-endpoint.bicep' = if (isPrivate) {
  scope: group
  params: {
    name: 'pe-${checkedName}-table'
    location: location
    tags: tags
    subnetId: virtualNetwork!.outputs.endpointSubnetId
    serviceId: storage.outputs.id
    groupId: 'table'
    zoneName: privateZones.table
  }
}

module vaultEndpoint 'modules/private-endpoint.bicep' = if (isPrivate) {
  scope: group
  params: {
    name: 'pe-${checkedName}-vault'
    location: location
    tags: tags
    subnetId: virtualNetwork!.outputs.endpointSubnetId
    serviceId: vault.outputs.id
    groupId: 'vault'
    zoneName: privateZones.vault
  }
}

module serviceBusEndpoint 'modules/private-endpoint.bicep' = if (isPrivate && enforces) {
  scope: group
  params: {
    name: 'pe-${checkedName}-service-bus'
    location: location
    tags: tags
    subnetId: virtualNetwork!.outputs.endpointSubnetId
    serviceId: serviceBus!.outputs.id
    groupId: 'namespace'
    zoneName: privateZones.namespace
  }
}

module functionAppEndpoint 'modules/private-endpoint.bicep' = if (privateInbound) {
  scope: group
  params: {
    name: 'pe-${checkedName}-function-app'
    location: location
    tags: tags
    subnetId: virtualNetwork!.outputs.endpointSubnetId
    serviceId: functionApp.outputs.id
    groupId: 'sites'
    zoneName: privateZones.sites
  }
}

module operatorRoles 'modules/operators.bicep' = {
  scope: group
  params: {
    operators: operators
  }
  dependsOn: [
    plan
  ]
}

module workbook 'modules/workbook.bicep' = {
  scope: group
  params: {
    displayName: 'NAC connector (${checkedName})'
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
  }
}

module alerts 'modules/alerts.bicep' = {
  scope: group
  params: {
    prefix: 'alert-${checkedName}'
    location: location
    tags: tags
    alertWhen: alertWhen
    pollingIntervalMinutes: pollingIntervalMinutes
    sweepsFleet: (settings.?INTUNE_PERMISSIONS ?? 'full') != 'compliance-only'
    workspaceId: monitoring.outputs.workspaceId
    enforces: enforces
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
