// The app registration by which people sign in to the console: page and API in one, without any permission of the
// connector's, and with no secret. Roles are given to people and groups by hand, or here.

extension microsoftGraphV1

import { timesIn } from '../modules/checked-texts.bicep'
import { siteNamesProblems } from '../modules/checked-names.bicep'

@export()
@description('Who has which app role of the console.')
@sealed()
type roleHolder = {
  @description('Object id of a person or group. Of a group the direct members alone have the role; that takes Entra ID P1.')
  principalId: string
  @description('As NAC.Auditor, or NAC.Operator.<site>.')
  role: string
}

param uniqueName string
param displayName string

@description('Host names at which people open the console: that of the function app, and its custom domains.')
param hostNames string[]

@description('Whether people may sign in to a console on their own machine (npm start).')
param localConsole bool = false

@description('Sites that have roles of their own, for people who see that one alone.')
param sites string[] = []

@description('Sites that are gone: their roles are switched off, which Entra wants before they may be left out.')
param closedSites string[] = []

param roleHolders roleHolder[] = []

// Entra keeps 1,200 entries in all lists of a registration together: two roles of each site, beside those below.
var mostSites = 500
var scopeName = 'console'
var allSites = concat(sites, closedSites)

var kinds = [
  {
    value: 'NAC.Auditor'
    displayName: 'Auditor'
    description: 'Sees decisions, sessions, devices, jobs and policies.'
    bySite: true
  }
  {
    value: 'NAC.Operator'
    displayName: 'Operator'
    description: 'Also re-authenticates, disconnects, blocks and lets on.'
    bySite: true
  }
  {
    value: 'NAC.Administrator'
    displayName: 'Administrator'
    description: 'Also puts policies into force, and releases what is held.'
    bySite: false
  }
]
var rolesOfSites = flatten(map(
  allSites,
  site =>
    map(filter(kinds, kind => kind.bySite), kind => {
      value: '${kind.value}.${site}'
      displayName: '${kind.displayName}, ${site}'
      description: '${kind.description} At the site ${site} alone.'
      isEnabled: !contains(closedSites, site)
    })
))
var roles = concat(
  map(kinds, kind => {
    value: kind.value
    displayName: kind.displayName
    description: kind.description
    isEnabled: true
  }),
  rolesOfSites
)

var problems = concat(
  siteNamesProblems(allSites),
  length(allSites) > mostSites ? ['A registration has room for the roles of ${mostSites} sites.'] : [],
  empty(hostNames) ? ['hostNames must name one host: the one in the output lookupUrl of infra/main.bicep.'] : [],
  map(
    filter(
      hostNames,
      host =>
        contains(host, '/') || contains(host, ':') || contains(host, '*') || contains(host, ' ') || host != toLower(host)
    ),
    host => '"${host}" in hostNames must be a host name alone, in lower case: nac.example.org.'
  ),
  map(
    filter(roleHolders, holder => timesIn(map(roles, role => role.value), holder.role) == 0),
    holder => 'There is no role "${holder.role}".'
  )
)
var checkedName = empty(problems) ? uniqueName : fail(join(problems, ' '))

var signInScopes = ['openid', 'profile', 'offline_access']

resource graph 'Microsoft.Graph/servicePrincipals@v1.0' existing = {
  appId: '00000003-0000-0000-c000-000000000000'
}

resource application 'Microsoft.Graph/applications@v1.0' = {
  uniqueName: checkedName
  displayName: displayName
  signInAudience: 'AzureADMyOrg'
  groupMembershipClaims: 'None'
  spa: {
    redirectUris: concat(
      map(hostNames, host => 'https://${host}/console/'),
      // Any port: Entra leaves it out of account for localhost.
      localConsole ? ['https://localhost/console/'] : []
    )
  }
  web: {
    homePageUrl: 'https://${hostNames[0]}/console/'
  }
  api: {
    // In version 1 issuer, audience and the id of the app are others.
    requestedAccessTokenVersion: 2
    oauth2PermissionScopes: [
      {
        id: guid(checkedName, 'scope', scopeName)
        value: scopeName
        type: 'Admin'
        isEnabled: true
        adminConsentDisplayName: 'Use the console'
        adminConsentDescription: 'The page of the console asks the connector in the name of the person who has signed in.'
      }
    ]
  }
  // Their ids follow from their names, so that another deployment changes nothing.
  appRoles: map(roles, role => {
    id: guid(checkedName, 'role', role.value)
    value: role.value
    displayName: role.displayName
    description: role.description
    isEnabled: role.isEnabled
    allowedMemberTypes: ['User']
  })
  requiredResourceAccess: [
    {
      resourceAppId: graph.appId
      resourceAccess: map(signInScopes, scope => {
        id: filter(graph.oauth2PermissionScopes, known => known.value == scope)[0].id
        type: 'Scope'
      })
    }
  ]
}

resource servicePrincipal 'Microsoft.Graph/servicePrincipals@v1.0' = {
  appId: application.appId
  // Who has no role is stopped by Entra, before the page.
  appRoleAssignmentRequired: true
  homepage: 'https://${hostNames[0]}/console/'
  tags: ['WindowsAzureActiveDirectoryIntegratedApp']
}

// With assignment required people cannot consent for themselves: an administrator does for all.
resource consent 'Microsoft.Graph/oauth2PermissionGrants@v1.0' = {
  clientId: servicePrincipal.id
  resourceId: servicePrincipal.id
  consentType: 'AllPrincipals'
  scope: scopeName
}

resource signInConsent 'Microsoft.Graph/oauth2PermissionGrants@v1.0' = {
  clientId: servicePrincipal.id
  resourceId: graph.id
  consentType: 'AllPrincipals'
  scope: join(signInScopes, ' ')
}

resource assignments 'Microsoft.Graph/appRoleAssignedTo@v1.0' = [
  for holder in roleHolders: {
    appRoleId: guid(checkedName, 'role', holder.role)
    principalId: holder.principalId
    resourceId: servicePrincipal.id
  }
]

@description('The setting CONSOLE_CLIENT_ID of infra/main.bicep.')
output clientId string = application.appId
