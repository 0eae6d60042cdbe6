// What the numbers mean with which Microsoft Entra refuses a sign-in, and what to do.

export interface AadstsRefusal {
  readonly means: string;
  readonly action: string;
}

interface Group extends AadstsRefusal {
  readonly numbers: readonly string[];
}

/**
 * From Microsoft's "Microsoft Entra authentication and authorization error codes", from "Troubleshoot workload identity
 * service connections", and from field reports.
 */
const GROUPS: readonly Group[] = [
  {
    numbers: ['700016'],
    means: 'Wrong tenant, cloud or application: the tenant was found, but has no such application.',
    action:
      'The app registration is not in this tenant: check ENTRA_CLIENT_ID, ENTRA_TENANT_ID and the cloud (ENTRA_CLOUD).',
  },
  {
    numbers: ['90002'],
    means: 'Wrong tenant or cloud: this cloud has no such tenant.',
    action: 'The tenant was not found: check ENTRA_TENANT_ID, and ENTRA_CLOUD for national clouds.',
  },
  {
    numbers: ['90038', '900382', '900432'],
    means: 'Wrong cloud: the tenant lives in another national cloud.',
    action:
      'The tenant belongs to another national cloud: set ENTRA_CLOUD to it, and remove ENTRA_AUTHORITY_HOST and GRAPH_ENDPOINT unless they are that cloud’s.',
  },
  {
    numbers: ['7000215'],
    means: 'Wrong secret: often its id was copied instead of its value, which the portal shows only once.',
    action: 'The client secret is wrong: ENTRA_CLIENT_SECRET must be the secret’s value, not its id.',
  },
  {
    numbers: ['7000222'],
    means: 'The client secret has expired.',
    action: 'The client secret has expired: create a new one and set ENTRA_CLIENT_SECRET.',
  },
  {
    numbers: ['700027', '700030', '50012'],
    means: 'Wrong certificate uploaded: the app registration does not know the one in use, or it has expired.',
    action:
      'The certificate is not one of those uploaded to the app registration, or has expired: compare its thumbprint with those under Certificates & secrets, and upload the public part of the one in use.',
  },
  {
    numbers: ['700024'],
    means: 'The clock of this machine and that of Microsoft Entra differ by more than a signature allows.',
    action: 'The clocks differ too much: check the time of this machine.',
  },
  {
    numbers: ['7000218', '900144'],
    means: 'The request carried no credential.',
    action:
      'The request carried no credential: set ENTRA_MANAGED_IDENTITY_CLIENT_ID, ENTRA_CLIENT_CERTIFICATE or ENTRA_CLIENT_SECRET.',
  },
  {
    numbers: ['500011'],
    means:
      'Wrong audience: the tenant has no service of this name. It is another cloud’s, or the tenant has no Intune.',
    action:
      'The audience does not exist in this tenant: check ENTRA_CLOUD, GRAPH_ENDPOINT and INTUNE_AUDIENCE, and that the tenant has Intune.',
  },
  {
    numbers: ['650057', '650052', '65005'],
    means: 'Permission missing: the app registration does not ask for this API, or the tenant has no licence for it.',
    action:
      'The app registration does not list this API, or the tenant has no licence for it: add the API permission, grant admin consent, and check the Intune licence.',
  },
  {
    numbers: ['65001'],
    means: 'Consent not granted.',
    action: 'An administrator has not consented: grant admin consent for the app registration.',
  },
  {
    numbers: ['70011', '700022', '700023', '901002'],
    means: 'Wrong audience: it is not the name of one resource.',
    action:
      'The audience is malformed: GRAPH_ENDPOINT and INTUNE_AUDIENCE each name one resource, without /.default and without spaces.',
  },
  {
    numbers: ['7000112', '70001'],
    means: 'The application is switched off in this tenant.',
    action: 'The application is disabled in the tenant: enable its service principal.',
  },
  {
    numbers: ['53003'],
    means: 'A Conditional Access policy for workload identities keeps the application out.',
    action: 'Conditional Access blocks this workload identity: exclude it or allow the outbound addresses.',
  },
  {
    numbers: ['700211', '700213', '70021', '70025'],
    means: 'The app registration does not trust this managed identity.',
    action:
      'The app registration trusts no such managed identity: add a federated credential with this tenant’s issuer, the identity’s object (principal) id — not its client id — as subject, and the cloud’s audience.',
  },
  {
    numbers: ['700212'],
    means: 'The federated credential expects another audience.',
    action:
      'The federated credential has another audience than the token: it must be the one of the cloud (ENTRA_CLOUD, ENTRA_FEDERATED_AUDIENCE).',
  },
  {
    numbers: ['700223', '700236', '700238', '700229'],
    means: 'Entra does not let this identity stand in for the application.',
    action:
      'The managed identity may not stand in for this app: it must be a user-assigned one of the same tenant and cloud.',
  },
  {
    numbers: ['50196', '90055', '90006', '90012', '90024', '90033', '90090', '50033'],
    means: 'A passing trouble of Microsoft Entra, or too many requests.',
    action: 'Microsoft Entra is busy or limits this application; the poll tries again by itself.',
  },
];

const BY_NUMBER = new Map(GROUPS.flatMap((group) => group.numbers.map((number) => [number, group] as const)));

export const AADSTS_NUMBERS: readonly string[] = [...BY_NUMBER.keys()];

/** @param number without `AADSTS` */
export function aadstsRefusal(number: string): AadstsRefusal | undefined {
  return BY_NUMBER.get(number);
}
