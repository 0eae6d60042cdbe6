// What names may be, said before anything is deployed: a wrong one would fail half-way, or share a queue with another
// site.

import { isMadeOf, timesIn } from 'checked-texts.bicep'
import { site } from 'parameter-types.bicep'

@description('As isClientOrSiteName of shared/domain/client.ts; a Service Bus queue also ends with a letter or digit.')
func isSiteName(text string) bool =>
  isMadeOf(text, 'abcdefghijklmnopqrstuvwxyz0123456789-') && !startsWith(text, '-') && !endsWith(text, '-')

@export()
@description('What is wrong with the names of sites, a sentence each; empty if nothing is.')
func siteNameProblems(sites site[]) string[] => siteNamesProblems(map(sites, each => each.name))

@export()
@description('The same, of the names alone.')
func siteNamesProblems(names string[]) string[] =>
  concat(
    map(
      filter(names, name => !isSiteName(name)),
      name =>
        'The site "${name}" must be called by lower-case letters, digits and hyphens, with a letter or digit at both ends.'
    ),
    map(
      filter(names, name => name == 'results'),
      name => 'No site may be called "${name}": its queue would be coa-results, where relays report.'
    ),
    map(
      filter(names, name => timesIn(names, name) > 1),
      name => 'Two sites are called "${name}": make it one site with the relays of both.'
    )
  )

@export()
@description('What is wrong with the name of the deployment; empty if nothing is.')
func deploymentNameProblems(name string) string[] =>
  isMadeOf(name, 'abcdefghijklmnopqrstuvwxyz0123456789')
    ? []
    : ['The name "${name}" must be made of lower-case letters and digits: it is part of names of storage and vault.']
