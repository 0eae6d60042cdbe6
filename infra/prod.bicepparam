// Two sites, private endpoints, logs that compare with those of the relays, somebody who is told.
using 'main.bicep'

param name = 'nac'
param location = 'westeurope'

param tags = {
  service: 'network-access-control'
}

param settings = {
  ENTRA_CLIENT_ID: '00000000-0000-0000-0000-000000000000' // the output clientId of infra/identity
  COMPLIANT_VLAN: 'corporate'
  QUARANTINE_VLAN: 'remediation'
}

param vaultSettings = [
  'LOG_IDENTITY_KEY'
]

param sites = [
  {
    name: 'hq'
    relayPrincipalIds: [
      '00000000-0000-0000-0000-000000000001' // the output relays of infra/identity: two relays, one works, one stands by
      '00000000-0000-0000-0000-000000000002'
    ]
  }
  {
    name: 'plant-2'
    relayPrincipalIds: [
      '00000000-0000-0000-0000-000000000003'
    ]
  }
]

param operators = [
  {
    principalId: '00000000-0000-0000-0000-000000000000'
    principalType: 'Group'
  }
]

param alwaysReadyHttpInstances = 2
param maximumInstanceCount = 100
param zoneRedundantStorage = true
param logRetentionDays = 90

param network = {
  addressPrefix: '10.90.0.0/24'
  privateInbound: false
  operatorAddresses: [
    '203.0.113.10'
  ]
  relayAddresses: [
    '198.51.100.4'
    '198.51.100.5'
  ]
}

param lookupAddresses = [
  '198.51.100.4'
  '198.51.100.5'
  '2001:db8::5'
]

param alertWhen = {
  emailAddresses: [
    'network-operations@example.org'
  ]
  lookupMilliseconds: 300
  errorPercent: 2
  credentialDays: 45
}
