// An alert by a query: each row that it returns is a reason to alert an operator.

import { resourceTags } from 'parameter-types.bicep'

param name string
param location string
param tags resourceTags
param displayName string
@description('What it means and what to do.')
param explanation string
@minValue(0)
@maxValue(4)
param severity int
param query string
@description('True for what people did: each alerts, also while the one before has not been looked at. False for a state, which alerts once until it is over.')
param isEvent bool
@description('How far back the query looks and how often it is run, as ISO 8601 durations that Azure Monitor knows.')
param window string
param frequency string
param workspaceId string
param actionGroupId string

resource alert 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = {
  name: name
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: displayName
    description: explanation
    severity: severity
    enabled: true
    scopes: [
      workspaceId
    ]
    evaluationFrequency: frequency
    windowSize: window
    criteria: {
      allOf: [
        {
          query: query
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    // One that stays fired for half an hour would hide what is done in its shadow.
    autoMitigate: !isEvent
    // A new workspace has nothing to check the query against.
    skipQueryValidation: true
    actions: {
      actionGroups: [
        actionGroupId
      ]
    }
  }
}
