// Access tokens for Microsoft's APIs: one MSAL application per process, which keeps tokens and renews them in time.

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ConfidentialClientApplication, type NodeAuthOptions } from '@azure/msal-node';
import { ConnectorError } from '../../errors.ts';
import type { HttpsTransport } from './https-transport.ts';
import { createMsalNetworkClient } from './msal-network-client.ts';
import { toSignInError } from './sign-in-problem.ts';

export type AppCredential =
  | { readonly kind: 'secret'; readonly secret: string }
  | { readonly kind: 'certificate'; readonly pem: string }
  | { readonly kind: 'certificate-file'; readonly path: string };

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
  switch (credential.kind) {
    case 'secret':
      return { clientSecret: credential.secret };
    case 'certificate':
      return { clientCertificate: readCertificate(credential.pem, 'ENTRA_CLIENT_CERTIFICATE') };
    case 'certificate-file':
      return { clientCertificate: readCertificate(readPemFile(credential.path), 'ENTRA_CLIENT_CERTIFICATE_FILE') };
  }
}

/** Entra finds the certificate by its SHA-256 thumbprint; the key is rewritten as PKCS#8, without stray bag attributes. */
function readCertificate(pem: string, setting: string): NonNullable<NodeAuthOptions['clientCertificate']> {
  try {
    const thumbprintSha256 = new X509Certificate(pem).fingerprint256.replaceAll(':', '');
    const privateKey = createPrivateKey(pem).export({ type: 'pkcs8', format: 'pem' }).toString();
    return { thumbprintSha256, privateKey };
  } catch (cause) {
    throw credentialError(setting, 'does not hold a certificate and its unencrypted private key as PEM text', cause);
  }
}

function readPemFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw credentialError('ENTRA_CLIENT_CERTIFICATE_FILE', `cannot be read: ${path}`, cause);
  }
}

function credentialError(setting: string, problem: string, cause: unknown): ConnectorError {
  return new ConnectorError('NAC_SETTINGS', `NAC_SETTINGS: ${setting} ${problem}`, {
    action: 'Store certificate and private key together in one PEM text.',
    field: setting,
    cause,
  });
}
