// The managed identity's token as the app's proof: nothing to keep secret, nothing that expires.
// Microsoft Learn, "Configure an application to trust a managed identity".

import { ManagedIdentityApplication } from '@azure/msal-node';
import { SourceError } from '../../errors.ts';
import type { HttpsTransport } from '../https/https-transport.ts';
import { createMsalNetworkClient } from './msal-network-client.ts';

/**
 * MSAL asks for it with every token, from its cache most of the time.
 * @param clientId of the user-assigned managed identity
 * @param audience e.g. `api://AzureADTokenExchange`
 */
export function managedIdentityAssertion(
  clientId: string,
  audience: string,
  local: HttpsTransport,
): () => Promise<string> {
  let failure: unknown;
  const networkClient = createMsalNetworkClient(local, {
    failed: (thrown) => {
      failure = thrown;
    },
  });
  const identity = new ManagedIdentityApplication({
    managedIdentityIdParams: { userAssignedClientId: clientId },
    system: { networkClient },
  });
  return async () => {
    failure = undefined;
    try {
      return (await identity.acquireToken({ resource: audience })).accessToken;
    } catch (thrown) {
      const cause = failure ?? thrown;
      const said = cause instanceof Error ? cause.message.split(/[\r\n]| Trace ID/)[0] : String(cause);
      throw new SourceError('NAC_SOURCE_TOKEN', `The managed identity gave no token for ${audience}: ${said}`, {
        action:
          'Assign the user-assigned managed identity to the function app, and give its client id in ENTRA_MANAGED_IDENTITY_CLIENT_ID. Outside Azure there is none: use a certificate.',
        field: 'ENTRA_MANAGED_IDENTITY_CLIENT_ID',
        cause,
      });
    }
  };
}
