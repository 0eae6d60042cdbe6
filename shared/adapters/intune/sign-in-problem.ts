// Says what to do about a refused sign-in, by the number Microsoft Entra gives it.

import { SourceError } from '../../errors.ts';

const OTHER_CLOUD = 'The tenant belongs to another national cloud: set ENTRA_AUTHORITY_HOST and GRAPH_ENDPOINT for it.';
const PASSING = 'Microsoft Entra is busy or limits this application; the poll tries again by itself.';
const UNKNOWN =
  'Look the AADSTS number up in Microsoft’s list of authentication error codes and correct the app registration.';

/** From Microsoft's "Microsoft Entra authentication and authorization error codes" and field reports. */
const ACTIONS: Readonly<Record<string, string>> = {
  '700016': 'The app registration is not in this tenant: check ENTRA_CLIENT_ID, ENTRA_TENANT_ID and the cloud.',
  '90002': 'The tenant was not found: check ENTRA_TENANT_ID, and ENTRA_AUTHORITY_HOST for national clouds.',
  '90038': OTHER_CLOUD,
  '900382': OTHER_CLOUD,
  '900432': OTHER_CLOUD,
  '7000215': 'The client secret is wrong: ENTRA_CLIENT_SECRET must be the secret’s value, not its id.',
  '7000222': 'The client secret has expired: create a new one and set ENTRA_CLIENT_SECRET.',
  '700027': 'The certificate is not the one uploaded to the app registration: compare the thumbprints.',
  '700024': 'The clocks differ too much: check the time of this machine.',
  '7000112': 'The application is disabled in the tenant: enable its service principal.',
  '500011': 'The audience does not exist in this tenant: check GRAPH_ENDPOINT, and that the tenant has Intune.',
  '65001': 'An administrator has not consented: grant admin consent for the app registration.',
  '90006': PASSING,
  '90012': PASSING,
  '90024': PASSING,
  '90033': PASSING,
  '90090': PASSING,
  '50033': PASSING,
  '50196': PASSING,
  '90055': PASSING,
  '53003': 'Conditional Access blocks this workload identity: exclude it or allow the outbound addresses.',
};

/** @param thrown what MSAL threw, or the transport under it */
export function toSignInError(thrown: unknown): SourceError {
  if (thrown instanceof SourceError) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const number = /AADSTS(\d+)/.exec(text)?.[1];
  // The first line only: the rest are ids and timestamps, which belong to a support request.
  const summary = text.split(/[\r\n]| Trace ID/)[0] ?? text;
  return new SourceError('NAC_INTUNE_TOKEN', `Microsoft Entra gave no token: ${summary}`, {
    action: (number && ACTIONS[number]) || (text.includes('temporarily_unavailable') ? PASSING : UNKNOWN),
    field: number ? `AADSTS${number}` : 'token response',
    cause: thrown,
  });
}
