// Access tokens for Microsoft's APIs: one MSAL application per process, which keeps tokens and renews them in time.

import { ConfidentialClientApplication, type NodeAuthOptions } from '@azure/msal-node';
import { type AppCredential, readClientCertificate } from './client-certificate.ts';
import type { HttpsTransport } from './https-transport.ts';
import { createMsalNetworkClient } from './msal-network-client.ts';
import { toSignInError } from './sign-in-problem.ts';

export interface AppIdentity {
  readonly tenantId: string;
  readonly clientId: string;
  readonly authorityHost: string;
  readonly credential: AppCredential;
}

export interface TokenSource {
  /**
   * A bearer token for one audience.
   * @param resource e.g. `https://graph.microsoft.com`
   * @throws SourceError NAC_INTUNE_TOKEN
   */
  getToken(resource: string): Promise<string>;
}

export function createTokenSource(identity: AppIdentity, transport: HttpsTransport): TokenSource {
  let failure: unknown;
  const networkClient = createMsalNetworkClient(transport, (thrown) => {
    failure = thrown;
  });
  const application = new ConfidentialClientApplication({
    auth: {
      clientId: identity.clientId,
      authority: `${identity.authorityHost}/${identity.tenantId}`,
      // Keeps MSAL from asking Microsoft's public cloud whether it knows the authority.
      knownAuthorities: [new URL(identity.authorityHost).host],
      ...credentialOptions(identity.credential),
    },
    system: { networkClient },
  });
  return {
    async getToken(resource) {
      failure = undefined;
      try {
        const result = await application.acquireTokenByClientCredential({ scopes: [`${resource}/.default`] });
        if (!result?.accessToken) throw new Error('the token response holds no access token');
        return result.accessToken;
      } catch (thrown) {
        throw toSignInError(failure ?? thrown);
      }
    },
  };
}

function credentialOptions(credential: AppCredential): Partial<NodeAuthOptions> {
  const clientCertificate = readClientCertificate(credential);
  if (clientCertificate) return { clientCertificate };
  return credential.kind === 'secret' ? { clientSecret: credential.secret } : {};
}
