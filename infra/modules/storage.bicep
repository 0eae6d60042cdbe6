// Tables of the product, and blobs for the Functions host: its locks, its keys and the deployed package.

import { roles } from 'roles.bicep'
import { operator, resourceTags } from 'parameter-types.bicep'

param name string
param location string
param tags resourceTags
param zoneRedundant bool
@description('No way in but by private endpoint and from these addresses.')
param isPrivate bool
param operatorAddresses string[]
param functionPrincipalId string
param operators operator[]
param workspaceId string

@description('Every table of shared/adapters/table-storage/tables.ts; the app cannot create any.')
var tableNames = [
  'audit'
  'clients'
  'devices'
  'identities'
  'jobs'
  'outbox'
  'policies'
  'polling'
  'sessions'
]

@description('Only operators change who may ask.')
var readOnlyTableNames = ['clients']

var writableTableNames = filter(tableNames, table => !contains(readOnlyTableNames, table))

@description('What `npm run clients` and `npm run policy` write, as the user of `az login`.')
var operatorTableNames = ['audit', 'clients', 'policies']

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: zoneRedundant ? 'Standard_ZRS' : 'Standard_LRS'
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: isPrivate && empty(operatorAddresses) ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: isPrivate ? 'Deny' : 'Allow'
      ipRules: [
        for address in operatorAddresses: {
          // Storage takes no /32, which is one address.
          value: endsWith(address, '/32') ? first(split(address, '/')) : address
          action: 'Allow'
        }
      ]
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: {
      enabled: true
      days: 7
    }
  }
}

resource packages 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: blobs
  name: 'packages'
  properties: {
    publicAccess: 'None'
  }
}

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource tables 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' = [
  for table in tableNames: {
    parent: tableService
    name: table
  }
]

// The Functions host keeps locks of timers, keys and the package in blobs, in containers it names itself.
resource functionOwnsBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, functionPrincipalId, roles.storageBlobDataOwner)
  scope: account
  properties: {
    principalId: functionPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataOwner)
  }
}

resource functionReadsTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for table in readOnlyTableNames: {
    name: guid(account.id, table, functionPrincipalId, roles.storageTableDataReader)
    scope: tables[indexOf(tableNames, table)]
    properties: {
      principalId: functionPrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageTableDataReader)
    }
  }
]

resource functionWritesTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for table in writableTableNames: {
    name: guid(account.id, table, functionPrincipalId, roles.storageTableDataContributor)
    scope: tables[indexOf(tableNames, table)]
    properties: {
      principalId: functionPrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId(
        'Microsoft.Authorization/roleDefinitions',
        roles.storageTableDataContributor
      )
    }
  }
]

var operatorTables = flatten(map(
  operators,
  someone =>
    map(operatorTableNames, table => {
      table: table
      principalId: someone.principalId
      principalType: someone.principalType
    })
))

resource operatorsWriteTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for entry in operatorTables: {
    name: guid(account.id, entry.table, entry.principalId, roles.storageTableDataContributor)
    scope: tables[indexOf(tableNames, entry.table)]
    properties: {
      principalId: entry.principalId
      principalType: entry.principalType
      roleDefinitionId: subscriptionResourceId(
        'Microsoft.Authorization/roleDefinitions',
        roles.storageTableDataContributor
      )
    }
  }
]

// Numbers only: a log of every table operation would cost more than the operations.
resource tableMetrics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: tableService
  properties: {
    workspaceId: workspaceId
    metrics: [
      {
        category: 'Transaction'
        enabled: true
      }
    ]
  }
}

// Few, and worth knowing: who replaced or removed what will run.
resource blobLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: blobs
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'StorageWrite'
        enabled: true
      }
      {
        category: 'StorageDelete'
        enabled: true
      }
    ]
  }
}

output id string = account.id
output blobEndpoint string = account.properties.primaryEndpoints.blob
output tableEndpoint string = account.properties.primaryEndpoints.table
output packageContainerUrl string = '${account.properties.primaryEndpoints.blob}${packages.name}'
