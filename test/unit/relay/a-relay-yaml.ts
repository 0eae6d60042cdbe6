// Texts of relay.yaml for tests.

export const WHOLE_RELAY_YAML = `site: hq
relay: relay-a
serviceBus:
  namespace: example.servicebus.windows.net
  credential:
    tenantId: 0f8fad5b-d9cb-469f-a165-70867728950e
    clientId: 7c9e6679-7425-40de-944b-e07fc1f90ae7
    certificateFile: relay.pem
  transport: websocket
  proxy: http://proxy.example.org:3128
  jobsQueue: jobs
  resultsQueue: results
healthz:
  address: 127.0.0.1
  port: 8080
log:
  privacy: FullyKeyHashed
  keyEnv: LOG_KEY
limits:
  concurrency: 64
  perNas: 4
  prefetch: 100
  perMinute: 60
  inTenMinutes: 33%
  stations: 252
nas:
  - name: core
    match:
      nasIpAddress: [192.0.2.10, 192.0.2.11]
      nasIpv6Address: 2001:db8::10
      nasIdentifier: core.example.org
      packetSourceIp: 198.51.100.10
    address: 192.0.2.10
    port: 1701
    sourceAddress: 192.0.2.200
    secretFile: core.secret
    profile: cisco-ios
    alsoIdentifyBy: [NAS-Port]
    messageAuthenticator: false
    eventTimestamp: false
    legacyZeroMessageAuthenticator: true
  - name: access
    match: { subnet: [192.0.2.0/24, 2001:db8::/32] }
    secretEnv: ACCESS_SECRET
    profile: generic-rfc5176
`;

export const SMALL_RELAY_YAML = `site: hq
serviceBus:
  connectionStringEnv: CONNECTION
nas:
  - name: access
    match: { subnet: 192.0.2.0/24 }
    secretEnv: ACCESS_SECRET
    profile: cisco-ios
`;
