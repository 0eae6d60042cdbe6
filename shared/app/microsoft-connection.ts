// How a tenant of Microsoft's is reached and signed in to, from a definition and the settings.

import type { IntuneConnection } from '../adapters/intune/open-intune-connection.ts';
import type { MicrosoftConnection } from '../domain/source/source-definition.ts';
import { SourceError } from '../errors.ts';
import type { AppCredential } from '../ports/app-credential.ts';
import { NATIONAL_CLOUDS } from '../settings/national-clouds.ts';
import type { Settings } from '../settings.ts';
import type { SecretOf } from './source-secrets.ts';

/** With the hosts, and all below them, where Intune's services may be found and get a token. */
export type TenantConnection = IntuneConnection & { readonly intuneServiceHosts: readonly string[] };

/**
 * Addresses that settings name instead of a cloud's own hold for each tenant of that cloud: a gateway stands before all
 * of them.
 * @throws SourceError NAC_SOURCE_SECRET
 */
export function tenantConnection(
  { tenantId, clientId, cloud, signIn }: MicrosoftConnection,
  settings: Settings,
  secretOf: SecretOf,
): TenantConnection {
  const { entra, network, intuneServiceHosts } = settings;
  const isHomeCloud = cloud === entra.cloud;
  const known = NATIONAL_CLOUDS[cloud];
  const { graphEndpoint, intuneAudience } = isHomeCloud ? settings : known;
  const authorityHost = isHomeCloud ? entra.authorityHost : known.authorityHost;
  const registration = signIn.kind === 'federated' ? signIn.homeClientId : (clientId ?? entra.clientId);
  return {
    entra: {
      tenantId: signIn.kind === 'settings' ? entra.tenantId : tenantId,
      clientId: signIn.kind === 'settings' ? entra.clientId : registration,
      authorityHost,
      credential: credentialOf(signIn, isHomeCloud, entra.credential, secretOf),
    },
    graphEndpoint,
    intuneAudience,
    intuneServiceHosts,
    network,
  };
}

function credentialOf(
  signIn: MicrosoftConnection['signIn'],
  isHomeCloud: boolean,
  own: AppCredential,
  secretOf: SecretOf,
): AppCredential {
  switch (signIn.kind) {
    case 'settings':
      return own;
    case 'secret':
      return { kind: 'secret', secret: secretOf(signIn.secretSetting) };
    case 'certificate': {
      const certificates = signIn.certificateSettings.map((setting) => ({ setting, text: secretOf(setting) }));
      const password = signIn.passwordSetting === undefined ? undefined : secretOf(signIn.passwordSetting);
      return { kind: 'certificates', certificates, ...(password !== undefined && { password }) };
    }
    case 'federated':
      return federated(isHomeCloud, own);
  }
}

/**
 * The identity's token is asked of the home tenant, as always, and stands in for the registration at the authority of
 * the tenant that is asked. Microsoft Entra takes it from its own cloud alone.
 */
function federated(isHomeCloud: boolean, own: AppCredential): AppCredential {
  if (own.kind !== 'managed-identity') {
    throw new SourceError('NAC_SOURCE_SECRET', 'No managed identity is there to stand in for the registration.', {
      action: 'Set ENTRA_MANAGED_IDENTITY_CLIENT_ID, or sign in to this tenant with a certificate.',
      field: 'ENTRA_MANAGED_IDENTITY_CLIENT_ID',
    });
  }
  if (!isHomeCloud) {
    throw new SourceError(
      'NAC_SOURCE_SECRET',
      'A managed identity stands in for a registration of its own cloud alone.',
      {
        action: 'Register an application in that cloud, and sign in with its certificate.',
        field: 'cloud',
      },
    );
  }
  return own;
}
