// Who asks: finds the client an API key belongs to. Without a right key there is no answer.

import { type Client, parseApiKey, secretMatches } from '../domain/client.ts';
import { RequestError } from '../errors.ts';
import type { CallOptions, ClientStore } from '../ports.ts';

/**
 * @throws RequestError 401 NAC_CLIENT_CREDENTIAL; it does not say whether the client exists
 */
export async function authenticateClient(
  clients: ClientStore,
  apiKey: string | null,
  options: CallOptions,
): Promise<Client> {
  const parsed = parseApiKey(apiKey ?? '');
  const client = parsed && (await clients.read(parsed.clientName, options));
  if (!client || !secretMatches(client, parsed.secret)) {
    throw new RequestError(401, 'NAC_CLIENT_CREDENTIAL', 'The request carries no valid API key.', {
      action: 'Send the key made for this RADIUS proxy in the header X-API-Key.',
      field: 'X-API-Key',
    });
  }
  return client;
}
