// The namespace that carries CoA jobs to the sites and reports back.

import { roles } from 'roles.bicep'
import { operator, resourceTags, site } from 'parameter-types.bicep'

param name string
param location string
param tags resourceTags
param sites site[]
@description('Private endpoints and address rules need the Premium tier.')
param isPrivate bool
param relayAddresses string[]
param functionPrincipalId string
param operators operator[]
param workspaceId string

resource namespace 'Microsoft.ServiceBus/namespaces@2026-01-01' = {
  name: name
  location: location
  tags: tags
  // Basic has no sessions.
  sku: isPrivate
    ? {
        name: 'Premium'
        tier: 'Premium'
        capacity: 1
      }
    : {
        name: 'Standard'
        tier: 'Standard'
      }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
    publicNetworkAccess: isPrivate && empty(relayAddresses) ? 'Disabled' : 'Enabled'
  }
}

resource networkRules 'Microsoft.ServiceBus/namespaces/networkRuleSets@2026-01-01' = if (isPrivate) {
  parent: namespace
  name: 'default'
  properties: {
    publicNetworkAccess: empty(relayAddresses) ? 'Disabled' : 'Enabled'
    defaultAction: 'Deny'
    trustedServiceAccessEnabled: false
    ipRules: [
      for address in relayAddresses: {
        ipMask: address
        action: 'Allow'
      }
    ]
  }
}

resource resultsQueue 'Microsoft.ServiceBus/namespaces/queues@2026-01-01' = {
  parent: namespace
  name: 'coa-results'
  properties: {
    requiresSession: false
    lockDuration: 'PT30S'
    // Relays deliver a report until it is known to have arrived.
    requiresDuplicateDetection: true
    duplicateDetectionHistoryTimeWindow: 'PT10M'
    maxDeliveryCount: 10
    deadLetteringOnMessageExpiration: true
  }
}

resource functionReceivesResults 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(resultsQueue.id, functionPrincipalId, roles.serviceBusDataReceiver)
  scope: resultsQueue
  properties: {
    principalId: functionPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.serviceBusDataReceiver)
  }
}

// For the dead letters, in Service Bus Explorer of the portal. No role ends at the dead-letter queue.
resource operatorsReadDeadLetters 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for someone in operators: {
    name: guid(resultsQueue.id, someone.principalId, roles.serviceBusDataReceiver)
    scope: resultsQueue
    properties: {
      principalId: someone.principalId
      principalType: someone.principalType
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.serviceBusDataReceiver)
    }
  }
]

module siteQueues 'site-queue.bicep' = [
  for oneSite in sites: {
    params: {
      namespaceName: namespace.name
      resultsQueueName: resultsQueue.name
      siteOfQueue: oneSite
      functionPrincipalId: functionPrincipalId
    }
  }
]

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: namespace
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        categoryGroup: 'allLogs'
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

output id string = namespace.id
output fullyQualifiedName string = replace(
  replace(namespace.properties.serviceBusEndpoint, 'https://', ''),
  ':443/',
  ''
)
