// A GCC High tenant, deployed to Azure Government. infra/identity is for the public cloud only: register the application
// by hand (docs/deploy.md), with a certificate.
using 'main.bicep'

param name = 'nac'
param location = 'usgovvirginia'

param settings = {
  ENTRA_CLIENT_ID: '00000000-0000-0000-0000-000000000000' // Application (client) ID of the registration
  ENTRA_CLOUD: 'USGov'
}

param vaultSettings = [
  'ENTRA_CLIENT_CERTIFICATE'
]

param sites = [
  {
    name: 'hq'
    relayPrincipalIds: [
      '00000000-0000-0000-0000-000000000000'
    ]
  }
]

param operators = [
  {
    principalId: '00000000-0000-0000-0000-000000000000'
    principalType: 'Group'
  }
]

param logRetentionDays = 90
