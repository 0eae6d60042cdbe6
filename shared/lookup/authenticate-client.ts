// Who asks: finds the client an API key belongs to. Without a right key there is no answer.

import { type Client, type ClientKind, parseApiKey, secretMatches } from '../domain/client.ts';
import { RequestError } from '../errors.ts';
import type { CallOptions, ClientStore } from '../ports.ts';

/**
 * @param kind of client that may do what is asked
 * @throws RequestError 401 NAC_CLIENT_CREDENTIAL; it does not say whether the client exists
 */
export async function authenticateClient(
  clients: ClientStore,
  apiKey: string | null,
  kind: ClientKind,
  options: CallOptions,
): Promise<Client> {
  const parsed = parseApiKey(apiKey ?? '');
  const client = parsed && (await clients.read(parsed.clientName, options));
  if (!client || !secretMatches(client, parsed.secret) || client.kind !== kind) {
    throw new RequestError(401, 'NAC_CLIENT_CREDENTIAL', 'The request carries no API key that is valid here.', {
      action:
        'Send the key made for this client in the header X-API-Key; RADIUS proxies and operators have keys of their own.',
      field: 'X-API-Key',
    });
  }
  return client;
}
