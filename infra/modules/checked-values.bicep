// What else Azure would refuse half-way, with some resources made already: ids, addresses and amounts, said before the
// first one.

import { isIPv4, isIPv6, isNetworkOf, isObjectId, isPrivateIPv4, timesIn } from 'checked-texts.bicep'
import { alerting, operator, privateNetwork, site } from 'parameter-types.bicep'

@description('Ids that are none, or that are there twice: a role is assigned to each, once.')
func idProblems(parameter string, ids string[]) string[] =>
  concat(
    map(
      filter(ids, id => !isObjectId(id)),
      id => '"${id}" in ${parameter} must be an object id of Entra, as 8-4-4-4-12 hexadecimal digits.'
    ),
    map(filter(ids, id => timesIn(ids, id) > 1), id => '"${id}" stands twice in ${parameter}.')
  )

@export()
@description('What is wrong with the ids of relays, operators and tenant; empty if nothing is.')
func principalProblems(sites site[], operators operator[], tenantId string) string[] =>
  concat(
    flatten(map(sites, each => idProblems('relayPrincipalIds of the site ${each.name}', each.relayPrincipalIds))),
    idProblems('operators', map(operators, each => each.principalId)),
    idProblems('entraTenantId', [tenantId])
  )

@description('The firewalls of storage and Service Bus take public IPv4 addresses alone.')
func publicAddressProblems(parameter string, addresses string[]) string[] =>
  concat(
    map(
      filter(addresses, address => !isIPv4(address)),
      address =>
        '"${address}" in ${parameter} must be an IPv4 address or block, such as 203.0.113.10 or 203.0.113.0/24.'
    ),
    map(
      filter(filter(addresses, address => isIPv4(address)), address => isPrivateIPv4(address)),
      address => '"${address}" in ${parameter} is private: name the public address behind which it reaches Azure.'
    )
  )

@export()
@description('What is wrong with addresses; empty if nothing is.')
func addressProblems(lookupAddresses string[], consoleAddresses string[], network privateNetwork?) string[] =>
  concat(
    map(
      filter(lookupAddresses, address => !isIPv4(address) && !isIPv6(address)),
      address => '"${address}" in lookupAddresses must be an address or block of IPv4 or IPv6.'
    ),
    map(
      filter(consoleAddresses, address => !isIPv4(address) && !isIPv6(address)),
      address => '"${address}" in consoleAddresses must be an address or block of IPv4 or IPv6.'
    ),
    // One list for the whole app: with people's addresses alone, no RADIUS server would reach it.
    empty(lookupAddresses) && !empty(consoleAddresses)
      ? ['consoleAddresses without lookupAddresses would shut the RADIUS servers out: name theirs as well, or none.']
      : [],
    network == null || isNetworkOf(network.?addressPrefix ?? '', 25)
      ? []
      : [
          'network.addressPrefix "${network.?addressPrefix ?? ''}" must be a block from /8 to /25, written with its first address, such as 10.90.0.0/24.'
        ],
    publicAddressProblems('network.operatorAddresses', network.?operatorAddresses ?? []),
    map(
      filter(network.?operatorAddresses ?? [], address => endsWith(address, '/31')),
      address => '"${address}" in network.operatorAddresses: storage takes no /31, name both addresses.'
    ),
    publicAddressProblems('network.relayAddresses', network.?relayAddresses ?? [])
  )

@description('Whether a text is a name, an @ and a domain.')
func isEmailAddress(text string) bool =>
  length(split(text, '@')) == 2 && !contains(text, ' ') && !empty(first(split(text, '@'))) && contains(
    last(split(text, '@')),
    '.'
  )

@export()
@description('What is wrong with amounts and with those who get alerts; empty if nothing is.')
func amountProblems(
  alwaysReadyHttpInstances int,
  maximumInstanceCount int,
  logDailyCapGigabytes int,
  alertWhen alerting
) string[] =>
  concat(
    alwaysReadyHttpInstances <= maximumInstanceCount
      ? []
      : ['alwaysReadyHttpInstances must not be above maximumInstanceCount.'],
    logDailyCapGigabytes == -1 || logDailyCapGigabytes > 0
      ? []
      : ['logDailyCapGigabytes must be 1 or more, or -1 for no limit: with less, no alert would see a line.'],
    map(
      filter(alertWhen.emailAddresses, address => !isEmailAddress(address)),
      address => '"${address}" in alertWhen.emailAddresses must be an e-mail address.'
    )
  )
