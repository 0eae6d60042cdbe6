// The queue of one site, and who may use it: the function app sends, the site's relays receive, and no others do.

import { roles } from 'roles.bicep'
import { site } from 'parameter-types.bicep'

param namespaceName string
param resultsQueueName string
param siteOfQueue site
param functionPrincipalId string

resource namespace 'Microsoft.ServiceBus/namespaces@2026-01-01' existing = {
  name: namespaceName
}

resource resultsQueue 'Microsoft.ServiceBus/namespaces/queues@2026-01-01' existing = {
  parent: namespace
  name: resultsQueueName
}

resource queue 'Microsoft.ServiceBus/namespaces/queues@2026-01-01' = {
  parent: namespace
  name: 'coa-${siteOfQueue.name}'
  properties: {
    // One session per site: one relay works, the others stand by and take over when its lock lapses.
    requiresSession: true
    lockDuration: 'PT30S'
    // A job is sent under the same message id until the send is known to have worked.
    requiresDuplicateDetection: true
    duplicateDetectionHistoryTimeWindow: 'PT10M'
    maxDeliveryCount: 10
    // A relay that stays away shows in the dead letters; the app takes them out again.
    deadLetteringOnMessageExpiration: true
  }
}

resource functionSends 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(queue.id, functionPrincipalId, roles.serviceBusDataSender)
  scope: queue
  properties: {
    principalId: functionPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.serviceBusDataSender)
  }
}

// For the dead letters. No role ends at the dead-letter queue.
resource functionReceivesDeadLetters 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(queue.id, functionPrincipalId, roles.serviceBusDataReceiver)
  scope: queue
  properties: {
    principalId: functionPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.serviceBusDataReceiver)
  }
}

resource relayReceivesJobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for relay in siteOfQueue.relayPrincipalIds: {
    name: guid(queue.id, relay, roles.serviceBusDataReceiver)
    scope: queue
    properties: {
      principalId: relay
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.serviceBusDataReceiver)
    }
  }
]

resource relayReports 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for relay in siteOfQueue.relayPrincipalIds: {
    name: guid(resultsQueue.id, relay, roles.serviceBusDataSender)
    scope: resultsQueue
    properties: {
      principalId: relay
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.serviceBusDataSender)
    }
  }
]
