// Shapes of the parameters that main.bicep hands on to modules.

@export()
@description('Tags of Azure resources: name and value.')
type resourceTags = {
  *: string
}

@export()
@description('A place with network devices. Its jobs travel in a queue of its own.')
@sealed()
type site = {
  @description('Name of the site, as its RADIUS clients and its relay.yaml have it: lower-case letters, digits and hyphens, a letter or digit at both ends. The queue is called coa-<name>; so no site is called `results`.')
  @minLength(1)
  @maxLength(40)
  name: string

  @description('Object ids of the service principals of this site\'s relays: the output `relays` of infra/identity.')
  relayPrincipalIds: string[]
}

@export()
@description('Who lets RADIUS servers ask (npm run clients) and puts secrets into the vault. A group is best.')
@sealed()
type operator = {
  @description('Object id in Microsoft Entra.')
  principalId: string

  principalType: 'Group' | 'User' | 'ServicePrincipal'
}

@export()
@description('Storage, key vault and Service Bus get private endpoints and no way in from the internet.')
@sealed()
type privateNetwork = {
  @description('Address space of the new virtual network, at least a /25, such as 10.90.0.0/24.')
  addressPrefix: string

  @description('Whether the function app, too, is reached by a private endpoint only: RADIUS servers then need a VPN or ExpressRoute.')
  privateInbound: bool

  @description('Public IPv4 addresses from which operators reach storage and vault; storage takes no private ones and no /31.')
  operatorAddresses: string[]

  @description('Public IPv4 addresses from which relays reach Service Bus, where they have no way into the virtual network.')
  relayAddresses: string[]
}

@export()
@description('Who gets alerts when something goes wrong, and from when on.')
@sealed()
type alerting = {
  emailAddresses: string[]

  @description('95th percentile of the time a lookup takes, in milliseconds.')
  lookupMilliseconds: int

  @description('Share of requests that end with a server error, in percent.')
  errorPercent: int

  @description('Days before the client credential expires.')
  credentialDays: int
}
