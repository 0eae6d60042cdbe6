// For `azd provision`: what azd and its environment know. Set the others with `azd env set`.
using 'main.bicep'

param name = readEnvironmentVariable('NAC_NAME', 'nac')
param location = readEnvironmentVariable('AZURE_LOCATION')

param tags = {
  'azd-env-name': readEnvironmentVariable('AZURE_ENV_NAME')
}

param settings = {
  ENTRA_CLIENT_ID: readEnvironmentVariable('ENTRA_CLIENT_ID')
}

// NAC_SITES='[{"name":"hq","relayPrincipalIds":["<object id>"]}]'
param sites = json(readEnvironmentVariable('NAC_SITES', '[]'))
