// What names may be, said before anything is deployed: a wrong one would fail half-way, or share a queue with another
// site.

import { isMadeOf, timesIn } from 'checked-texts.bicep'
import { site } from 'parameter-types.bicep'

@description('As isClientOrSiteName of shared/domain/client.ts; a Service Bus queue also ends with a letter or digit.')
func isSiteName(text string) bool =>
  isMadeOf(text, 'abcdefghijklmnopqrstuvwxyz0123456789-') && !startsWith(text, '-') && !endsWith(text, '-')

@export()
@description('What is wrong with the names of sites, a sentence each; empty if nothing is.')
func siteNameProblems(sites site[]) string[] =>
  concat(
    map(
      filter(sites, each => !isSiteName(each.name)),
      each =>
        'The site "${each.name}" must be called by lower-case letters, digits and hyphens, with a letter or digit at both ends.'
    ),
    map(
      filter(sites, each => each.name == 'results'),
      each => 'No site may be called "${each.name}": its queue would be coa-results, where relays report.'
    ),
    map(
      filter(sites, each => timesIn(map(sites, other => other.name), each.name) > 1),
      each => 'Two sites are called "${each.name}": make it one site with the relays of both.'
    )
  )

@export()
@description('What is wrong with the name of the deployment; empty if nothing is.')
func deploymentNameProblems(name string) string[] =>
  isMadeOf(name, 'abcdefghijklmnopqrstuvwxyz0123456789')
    ? []
    : ['The name "${name}" must be made of lower-case letters and digits: it is part of names of storage and vault.']
