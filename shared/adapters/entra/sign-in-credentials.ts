// What MSAL is given to prove the app, in the order in which it is tried.

import type { NodeAuthOptions } from '@azure/msal-node';
import type { AppCredential } from '../../ports/app-credential.ts';
import type { HttpsTransport } from '../https/https-transport.ts';
import { readClientCertificates } from './client-certificate.ts';
import type { CredentialStatus } from './credential-status.ts';
import { managedIdentityAssertion } from './managed-identity-assertion.ts';

export interface SignInCredential {
  readonly options: Pick<NodeAuthOptions, 'clientSecret' | 'clientCertificate' | 'clientAssertion'>;
  readonly status: CredentialStatus;
}

/** @throws ConnectorError NAC_ENTRA_CERTIFICATE */
export async function signInCredentials(
  credential: AppCredential,
  local: HttpsTransport,
  now: Date,
): Promise<readonly SignInCredential[]> {
  switch (credential.kind) {
    case 'secret': {
      const { kind, secret, expiresAt } = credential;
      const status = { kind, ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt) }) };
      return [{ options: { clientSecret: secret }, status }];
    }
    case 'managed-identity': {
      const { kind, clientId, audience } = credential;
      return [{ options: { clientAssertion: managedIdentityAssertion(clientId, audience, local) }, status: { kind } }];
    }
    case 'certificates': {
      const { kind } = credential;
      const certificates = await readClientCertificates(credential, now);
      return certificates.map(
        ({ privateKey, notAfter: expiresAt, thumbprintSha256, thumbprintSha1, subject, setting }) => ({
          options: { clientCertificate: { thumbprintSha256, privateKey } },
          status: { kind, expiresAt, thumbprintSha256, thumbprintSha1, subject, setting },
        }),
      );
    }
  }
}
