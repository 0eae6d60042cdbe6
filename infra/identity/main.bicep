// What Microsoft Entra must know: the connector's app registration with its permissions, and one for each relay.
// It holds and puts out no secret: certificates come as public keys, and the managed identity needs none.
// Needs the roles Application Developer and Privileged Role Administrator, and a resource group. Public cloud only;
// docs/deploy.md has the same by hand.

extension microsoftGraphV1

import { roleHolder } from 'console.bicep'
import { deploymentNameProblems } from '../modules/checked-names.bicep'
import { timesIn } from '../modules/checked-texts.bicep'
import { resourceTags } from '../modules/parameter-types.bicep'

@export()
@description('A public key, as `npm run key-credentials -- --for bicep <file>` prints it.')
@sealed()
type certificate = {
  displayName: string
  @description('The certificate in DER form, as base64.')
  key: string
  startDateTime: string
  endDateTime: string
}

@export()
@description('A relay agent of a site: an application of its own, so that it may use its own queue and no other.')
@sealed()
type relay = {
  name: string
  site: string
  @description('It signs in with any of these; none for a client secret made in the portal.')
  certificates: certificate[]
}

@sealed()
type deployedRelay = {
  name: string
  site: string
  clientId: string
  principalId: string
}

@description('As given to infra/main.bicep.')
@minLength(3)
@maxLength(10)
param name string = 'nac'

param location string = resourceGroup().location
param tags resourceTags = {}

@description('Name of the app registration in the portal.')
param displayName string = 'NAC connector (${name})'

@description('The app signs in with any of these; with none, by its managed identity, without any secret.')
param certificates certificate[] = []

@description('False with INTUNE_PERMISSIONS of compliance-only: the list of devices stays closed to the app, and there is no sweep.')
param managedDevices bool = true

@description('Whether Intune\'s compliance retrieval service is asked about single devices, beside Microsoft Graph.')
param complianceRetrieval bool = true

@description('Whether changes are found early by the delta query of Entra devices, or a source of kind entra reads these devices.')
param deviceDelta bool = false

@description('Whether that source also reads the accounts of owners (`users: true`).')
param directoryUsers bool = false

@description('Whether that source also reads the members of groups (`groups`).')
param directoryGroups bool = false

@description('Whether other tenants may consent to the registration, to be sources as well.')
param otherTenants bool = false

param relays relay[] = []

@description('Host names at which people open the console: the one in the output lookupUrl of infra/main.bicep, and custom domains. None: no console.')
param consoleHostNames string[] = []

@description('Whether people may also sign in to a console on their own machine (npm start).')
param localConsole bool = false

@description('Names of the sites that have roles of their own in the console, two each; up to 500.')
param sites string[] = []

@description('Sites that are gone: their roles are switched off. A deployment later they may be left out.')
param closedSites string[] = []

@description('Who has which role in the console; more are given in the portal.')
param consoleRoles roleHolder[] = []

var problems = concat(
  deploymentNameProblems(name),
  map(
    filter(relays, each => timesIn(map(relays, other => other.name), each.name) > 1),
    each => 'Two relays are called "${each.name}": each is an application of its own.'
  ),
  // Entra would refuse it with some applications made already; the sample has such an entry. In DER form and base64
  // every certificate of 256 bytes or more begins so.
  map(
    filter(concat(certificates, flatten(map(relays, each => each.certificates))), each => !startsWith(each.key, 'MII')),
    each =>
      'The `key` of the certificate "${each.displayName}" is none: npm run --silent key-credentials -- --for bicep <file> prints it. Without a relay: param relays = [].'
  )
)
// Everything is named after this, so that a wrong parameter ends the deployment before its first resource.
var checkedName = empty(problems) ? name : fail(join(problems, ' '))

// Well-known application ids.
var graphAppId = '00000003-0000-0000-c000-000000000000'
var intuneAppId = 'c161e42e-d4df-4a3d-9b42-e7a3c31f59d4'

var graphRoles = concat(
  managedDevices ? ['DeviceManagementManagedDevices.Read.All'] : [],
  complianceRetrieval ? ['Application.Read.All'] : [],
  deviceDelta ? ['Device.Read.All'] : [],
  directoryUsers ? ['User.Read.All'] : [],
  directoryGroups ? ['GroupMember.Read.All'] : []
)
var intuneRoles = complianceRetrieval ? ['get_device_compliance'] : []

module identity '../modules/managed-identity.bicep' = {
  params: {
    name: 'id-${checkedName}'
    location: location
    tags: tags
  }
}

resource graph 'Microsoft.Graph/servicePrincipals@v1.0' existing = {
  appId: graphAppId
}

// Looked up, as Graph's: to write Microsoft's own service principal takes a stronger role than this template asks for.
// A tenant that has none gets it once: az ad sp create --id c161e42e-d4df-4a3d-9b42-e7a3c31f59d4 (docs/deploy.md).
resource intune 'Microsoft.Graph/servicePrincipals@v1.0' existing = if (complianceRetrieval) {
  appId: intuneAppId
}

resource application 'Microsoft.Graph/applications@v1.0' = {
  uniqueName: 'serverless-nac-connector-${checkedName}'
  displayName: displayName
  signInAudience: otherTenants ? 'AzureADMultipleOrgs' : 'AzureADMyOrg'
  requiredResourceAccess: concat(
    [
      {
        resourceAppId: graphAppId
        resourceAccess: map(graphRoles, role => {
          id: filter(graph.appRoles, known => known.value == role)[0].id
          type: 'Role'
        })
      }
    ],
    empty(intuneRoles)
      ? []
      : [
          {
            resourceAppId: intuneAppId
            resourceAccess: map(intuneRoles, role => {
              id: filter(intune!.appRoles, known => known.value == role)[0].id
              type: 'Role'
            })
          }
        ]
  )
  keyCredentials: [
    for oneCertificate in certificates: {
      displayName: oneCertificate.displayName
      key: oneCertificate.key
      startDateTime: oneCertificate.startDateTime
      endDateTime: oneCertificate.endDateTime
      type: 'AsymmetricX509Cert'
      usage: 'Verify'
    }
  ]
}

resource managedIdentityCredential 'Microsoft.Graph/applications/federatedIdentityCredentials@v1.0' = if (empty(certificates)) {
  name: '${application.uniqueName}/managed-identity'
  description: 'The managed identity of the function app signs in as this application.'
  audiences: ['api://AzureADTokenExchange']
  issuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
  subject: identity.outputs.principalId
}

resource servicePrincipal 'Microsoft.Graph/servicePrincipals@v1.0' = {
  appId: application.appId
}

resource graphConsent 'Microsoft.Graph/appRoleAssignedTo@v1.0' = [
  for role in graphRoles: {
    appRoleId: filter(graph.appRoles, known => known.value == role)[0].id
    principalId: servicePrincipal.id
    resourceId: graph.id
  }
]

resource intuneConsent 'Microsoft.Graph/appRoleAssignedTo@v1.0' = [
  for role in intuneRoles: {
    appRoleId: filter(intune!.appRoles, known => known.value == role)[0].id
    principalId: servicePrincipal.id
    resourceId: intune!.id
  }
]

// No permission in Entra: what a relay may do is assigned at its queue, by infra/main.bicep.
resource relayApplications 'Microsoft.Graph/applications@v1.0' = [
  for oneRelay in relays: {
    uniqueName: 'serverless-nac-connector-${checkedName}-relay-${oneRelay.name}'
    displayName: '${displayName}, relay ${oneRelay.name}'
    signInAudience: 'AzureADMyOrg'
    keyCredentials: map(oneRelay.certificates, oneCertificate => {
      displayName: oneCertificate.displayName
      key: oneCertificate.key
      startDateTime: oneCertificate.startDateTime
      endDateTime: oneCertificate.endDateTime
      type: 'AsymmetricX509Cert'
      usage: 'Verify'
    })
  }
]

resource relayPrincipals 'Microsoft.Graph/servicePrincipals@v1.0' = [
  for (oneRelay, i) in relays: {
    appId: relayApplications[i].appId
  }
]

module console 'console.bicep' = if (!empty(consoleHostNames)) {
  params: {
    uniqueName: 'serverless-nac-connector-${checkedName}-console'
    displayName: '${displayName}, console'
    hostNames: consoleHostNames
    localConsole: localConsole
    sites: sites
    closedSites: closedSites
    roleHolders: consoleRoles
  }
}

@description('The setting CONSOLE_CLIENT_ID of infra/main.bicep; empty without a console.')
output consoleClientId string = console.?outputs.clientId ?? ''

@description('The setting ENTRA_CLIENT_ID of infra/main.bicep.')
output clientId string = application.appId

output managedIdentityPrincipalId string = identity.outputs.principalId

@description('For relay.yaml (clientId), and for `sites` of infra/main.bicep (principalId).')
output relays deployedRelay[] = [
  for (oneRelay, i) in relays: {
    name: oneRelay.name
    site: oneRelay.site
    clientId: relayApplications[i].appId
    principalId: relayPrincipals[i].id
  }
]
