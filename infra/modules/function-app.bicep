// The function app on its Flex Consumption plan. Its settings are in app-settings.bicep.

import { resourceTags } from 'parameter-types.bicep'

param name string
param planId string
param location string
param tags resourceTags
param identityId string
param packageContainerUrl string
@allowed([512, 2048, 4096])
param instanceMemoryMB int
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int
@description('Instances that wait for lookups all the time; with none, the first lookup after a pause is slow.')
@minValue(0)
param alwaysReadyHttpInstances int
@description('Only these addresses may ask; anybody where none is given.')
param lookupAddresses string[]
@description('Beside them, of people.')
param consoleAddresses string[]
@description('Empty without a virtual network.')
param subnetId string
param privateInbound bool
param workspaceId string

resource functionApp 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  // azd finds the app by this tag.
  tags: union(tags, { 'azd-service-name': 'connector' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: planId
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    publicNetworkAccess: privateInbound ? 'Disabled' : 'Enabled'
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageContainerUrl
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: {
        name: 'node'
        version: '24'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: alwaysReadyHttpInstances == 0
          ? []
          : [
              {
                name: 'http'
                instanceCount: alwaysReadyHttpInstances
              }
            ]
      }
    }
    siteConfig: {
      http20Enabled: true
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ipSecurityRestrictionsDefaultAction: empty(lookupAddresses) ? 'Allow' : 'Deny'
      ipSecurityRestrictions: [
        for (address, i) in concat(lookupAddresses, consoleAddresses): {
          name: i < length(lookupAddresses) ? 'radius-${i}' : 'console-${i - length(lookupAddresses)}'
          ipAddress: contains(address, '/') ? address : '${address}${contains(address, ':') ? '/128' : '/32'}'
          action: 'Allow'
          priority: 100 + i
        }
      ]
      // Publishing needs a token of Entra, not an address; with privateInbound it goes by the private endpoint, too.
      scmIpSecurityRestrictionsUseMain: false
    }
  }
}

// Publishing by password, which a token of Entra replaces. Two resources: the compiler checks the type by the name.
resource noPasswordsForPublishing 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: functionApp
  name: 'scm'
  properties: {
    allow: false
  }
}

resource noPasswordsForFtp 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: functionApp
  name: 'ftp'
  properties: {
    allow: false
  }
}

// Numbers only: what the functions say reaches Application Insights already.
resource metrics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: functionApp
  properties: {
    workspaceId: workspaceId
    metrics: [
      {
        category: 'AllMetrics'
        enabled: true
      }
    ]
  }
}

output id string = functionApp.id
output name string = functionApp.name
output hostName string = functionApp.properties.defaultHostName
