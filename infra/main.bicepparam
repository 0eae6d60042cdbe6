// For `azd provision`: what azd and its environment know. Set the others with `azd env set`.
using 'main.bicep'

param name = readEnvironmentVariable('NAC_NAME', 'nac')

// What is missing, without azd or in a pipeline, says what to do.
var azureLocation = readEnvironmentVariable('AZURE_LOCATION', '')
param location = empty(azureLocation)
  ? fail('AZURE_LOCATION is not set. Choose a region with Flex Consumption (az functionapp list-flexconsumption-locations): azd env set AZURE_LOCATION <region>')
  : azureLocation

var azdEnvironment = readEnvironmentVariable('AZURE_ENV_NAME', '')
param tags = {
  'azd-env-name': empty(azdEnvironment)
    ? fail('AZURE_ENV_NAME is not set. azd sets it to the name of its environment: azd env new <name>. Without azd take prod.bicepparam.')
    : azdEnvironment
}

var clientId = readEnvironmentVariable('ENTRA_CLIENT_ID', '')
param settings = {
  ENTRA_CLIENT_ID: empty(clientId)
    ? fail('ENTRA_CLIENT_ID is not set. It is the output clientId of infra/identity (docs/deploy.md, step 1): azd env set ENTRA_CLIENT_ID <clientId>')
    : clientId
}

// azd knows who is signed in: that user makes API keys and keeps secrets. In a pipeline: 'ServicePrincipal'.
var principalId = readEnvironmentVariable('AZURE_PRINCIPAL_ID', '')
param operators = [
  {
    principalId: empty(principalId)
      ? fail('AZURE_PRINCIPAL_ID is not set. azd sets it to who is signed in: azd auth login. Elsewhere: azd env set AZURE_PRINCIPAL_ID <object id>')
      : principalId
    principalType: 'User'
  }
]

// NAC_SITES='[{"name":"hq","relayPrincipalIds":["<object id>"]}]'; empty or not set: no site.
var sitesText = trim(readEnvironmentVariable('NAC_SITES', ''))
var isList = startsWith(sitesText, '[') && endsWith(sitesText, ']')
// Of its own, or the compiler would read as JSON what is none, and say only that.
var sitesList = isList ? sitesText : '[]'
param sites = isList || empty(sitesText)
  ? json(sitesList)
  : fail('NAC_SITES is not a JSON list: azd env set NAC_SITES <list>, such as [{"name":"hq","relayPrincipalIds":["<object id>"]}]')
