// Who is at the command line, by the token that Azure gave to the signed-in identity, not by a name that can be typed.

import { showable } from '../../domain/plain-line.ts';
import type { TableConnection } from './tables.ts';

const STORAGE_SCOPE = 'https://storage.azure.com/.default';

/**
 * @returns the user principal name, or the ids of an application and its object, from the claims of the access token
 *   (Microsoft, "Access token claims reference"); with a connection string there is no identity, and it says so
 */
export async function signedInIdentity(connection: TableConnection): Promise<string> {
  if (connection.kind === 'connection-string') return 'holder of the connection string';
  const { AzureCliCredential, ManagedIdentityCredential } = await import('@azure/identity');
  const credential = connection.kind === 'azure-cli' ? new AzureCliCredential() : new ManagedIdentityCredential();
  const { token } = await credential.getToken(STORAGE_SCOPE);
  return identityIn(token);
}

/** @param token a JSON Web Token; the storage service checks it, this only reads who it is for */
export function identityIn(token: string): string {
  const claims = payloadOf(token);
  const text = (name: string): string | undefined => {
    const value = claims[name];
    return typeof value === 'string' && value !== '' ? showable(value.slice(0, 200)) : undefined;
  };
  const user = text('upn') ?? text('unique_name') ?? text('preferred_username');
  if (user !== undefined) return user;
  return `application ${text('appid') ?? text('azp') ?? 'unknown'}, object ${text('oid') ?? 'unknown'}`;
}

function payloadOf(token: string): Record<string, unknown> {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return typeof payload === 'object' && payload !== null ? (payload as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
