// The vault for the client certificate or secret of the app registration, and for the key of hashed log identities.

import { roles } from 'roles.bicep'
import { operator, resourceTags } from 'parameter-types.bicep'

param name string
param location string
param tags resourceTags
@description('No owner can then remove the vault for good before the retention is over: not for trials.')
param purgeProtection bool
param isPrivate bool
param operatorAddresses string[]
param functionPrincipalId string
param operators operator[]
param workspaceId string

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: subscription().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: purgeProtection ? 90 : 7
    // Azure refuses false: it is on or not said.
    enablePurgeProtection: purgeProtection ? true : null
    publicNetworkAccess: isPrivate && empty(operatorAddresses) ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: isPrivate ? 'Deny' : 'Allow'
      ipRules: [
        for address in operatorAddresses: {
          value: address
        }
      ]
    }
  }
}

resource functionReadsSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, functionPrincipalId, roles.keyVaultSecretsUser)
  scope: vault
  properties: {
    principalId: functionPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.keyVaultSecretsUser)
  }
}

resource operatorsKeepSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for someone in operators: {
    name: guid(vault.id, someone.principalId, roles.keyVaultSecretsOfficer)
    scope: vault
    properties: {
      principalId: someone.principalId
      principalType: someone.principalType
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.keyVaultSecretsOfficer)
    }
  }
]

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: vault
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        categoryGroup: 'audit'
        enabled: true
      }
    ]
    metrics: [
      {
        category: 'AllMetrics'
        enabled: true
      }
    ]
  }
}

output id string = vault.id
output name string = vault.name
output uri string = vault.properties.vaultUri
