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

// azd knows who is signed in: that user makes API keys and keeps secrets. In a pipeline: 'ServicePrincipal'.
param operators = [
  {
    principalId: readEnvironmentVariable('AZURE_PRINCIPAL_ID')
    principalType: 'User'
  }
]

// NAC_SITES='[{"name":"hq","relayPrincipalIds":["<object id>"]}]'
param sites = json(readEnvironmentVariable('NAC_SITES', '[]'))
