// The Flex Consumption plan, before everything else: a region without it ends the deployment before any name is taken.

import { resourceTags } from 'parameter-types.bicep'

param name string
param location string
param tags resourceTags

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
  }
}

output id string = plan.id
