// What to do about the numbers with which Microsoft Entra refuses a sign-in.

const OTHER_CLOUD =
  'The tenant belongs to another national cloud: set ENTRA_CLOUD to it, and remove ENTRA_AUTHORITY_HOST and GRAPH_ENDPOINT unless they are that cloud’s.';
const PASSING = 'Microsoft Entra is busy or limits this application; the poll tries again by itself.';
const CERTIFICATE =
  'The certificate is not one of those uploaded to the app registration, or has expired: compare its SHA-256 thumbprint with those under Certificates & secrets, and upload the public part of the one in use.';
const NO_CREDENTIAL =
  'The request carried no credential: set ENTRA_MANAGED_IDENTITY_CLIENT_ID, ENTRA_CLIENT_CERTIFICATE or ENTRA_CLIENT_SECRET.';
const WRONG_AUDIENCE =
  'The audience does not exist in this tenant: check ENTRA_CLOUD, GRAPH_ENDPOINT and INTUNE_AUDIENCE, and that the tenant has Intune.';
const NOT_SUBSCRIBED =
  'The app registration does not list this API, or the tenant has no licence for it: add the API permission, grant admin consent, and check the Intune licence.';
const WRONG_SCOPE =
  'The audience is malformed: GRAPH_ENDPOINT and INTUNE_AUDIENCE each name one resource, without /.default and without spaces.';
const NO_FEDERATION =
  'The app registration trusts no such managed identity: add a federated credential with this tenant’s issuer, the identity’s object (principal) id — not its client id — as subject, and the cloud’s audience.';
const FEDERATION_AUDIENCE =
  'The federated credential has another audience than the token: it must be the one of the cloud (ENTRA_CLOUD, ENTRA_FEDERATED_AUDIENCE).';
const FEDERATION_REFUSED =
  'The managed identity may not stand in for this app: it must be a user-assigned one of the same tenant and cloud.';
const DISABLED = 'The application is disabled in the tenant: enable its service principal.';

/**
 * From Microsoft's "Microsoft Entra authentication and authorization error codes", from "Troubleshoot workload identity
 * service connections", and from field reports.
 */
export const AADSTS_ACTIONS: Readonly<Record<string, string>> = {
  '700016':
    'The app registration is not in this tenant: check ENTRA_CLIENT_ID, ENTRA_TENANT_ID and the cloud (ENTRA_CLOUD).',
  '90002': 'The tenant was not found: check ENTRA_TENANT_ID, and ENTRA_CLOUD for national clouds.',
  '90038': OTHER_CLOUD,
  '900382': OTHER_CLOUD,
  '900432': OTHER_CLOUD,
  '7000215': 'The client secret is wrong: ENTRA_CLIENT_SECRET must be the secret’s value, not its id.',
  '7000222': 'The client secret has expired: create a new one and set ENTRA_CLIENT_SECRET.',
  '700027': CERTIFICATE,
  '700030': CERTIFICATE,
  '50012': CERTIFICATE,
  '700024': 'The clocks differ too much: check the time of this machine.',
  '7000218': NO_CREDENTIAL,
  '900144': NO_CREDENTIAL,
  '500011': WRONG_AUDIENCE,
  '650057': NOT_SUBSCRIBED,
  '650052': NOT_SUBSCRIBED,
  '65005': NOT_SUBSCRIBED,
  '65001': 'An administrator has not consented: grant admin consent for the app registration.',
  '70011': WRONG_SCOPE,
  '700022': WRONG_SCOPE,
  '700023': WRONG_SCOPE,
  '901002': WRONG_SCOPE,
  '7000112': DISABLED,
  '70001': DISABLED,
  '53003': 'Conditional Access blocks this workload identity: exclude it or allow the outbound addresses.',
  '700211': NO_FEDERATION,
  '700213': NO_FEDERATION,
  '70021': NO_FEDERATION,
  '70025': NO_FEDERATION,
  '700212': FEDERATION_AUDIENCE,
  '700223': FEDERATION_REFUSED,
  '700236': FEDERATION_REFUSED,
  '700238': FEDERATION_REFUSED,
  '700229': FEDERATION_REFUSED,
  '50196': PASSING,
  '90055': PASSING,
  '90006': PASSING,
  '90012': PASSING,
  '90024': PASSING,
  '90033': PASSING,
  '90090': PASSING,
  '50033': PASSING,
};

export const AADSTS_PASSING = PASSING;
