// A trial: the least of everything, nothing kept that stands in the way of removing it.
using 'main.bicep'

param name = 'nacdev'
param location = 'westeurope'

param settings = {
  ENTRA_CLIENT_ID: '00000000-0000-0000-0000-000000000000' // the output clientId of infra/identity
  LOG_IDENTITY_PRIVACY: 'Original'
}

param pollingIntervalMinutes = 15

param sites = [
  {
    name: 'lab'
    relayPrincipalIds: []
  }
]

param operators = [
  {
    principalId: '00000000-0000-0000-0000-000000000000' // az ad signed-in-user show --query id --output tsv
    principalType: 'User'
  }
]

param instanceMemoryMB = 512
param alwaysReadyHttpInstances = 0
param vaultPurgeProtection = false
param logDailyCapGigabytes = 1
