// The connector signs in by its managed identity; each relay has a certificate of its own, made beforehand (docs/deploy.md).
// No relay yet: param relays = []
using 'main.bicep'

param name = 'nac'

param relays = [
  {
    name: 'hq-1'
    site: 'hq'
    certificates: [
      // npm run --silent key-credentials -- --for bicep hq-1.crt prints this.
      {
        displayName: 'CN=nac-relay-hq-1'
        key: '<certificate in DER form, as base64>'
        startDateTime: '2026-01-01T00:00:00Z'
        endDateTime: '2028-01-01T00:00:00Z'
      }
    ]
  }
]
