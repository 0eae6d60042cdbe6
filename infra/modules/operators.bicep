// What operators see of the whole group: its resources, their metrics, logs and workbook; nothing of what they hold.

import { operator } from 'parameter-types.bicep'
import { roles } from 'roles.bicep'

param operators operator[]

resource operatorsSeeMonitoring 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for someone in operators: {
    name: guid(resourceGroup().id, someone.principalId, roles.monitoringReader)
    properties: {
      principalId: someone.principalId
      principalType: someone.principalType
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.monitoringReader)
    }
  }
]
