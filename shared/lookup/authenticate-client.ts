// Who asks: finds the client a credential belongs to. Without a right one there is no answer, and the wrong ones wait.

import { type Client, type ClientKind, parseApiKey } from '../domain/client.ts';
import { RequestError } from '../errors.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { ClientStore } from '../ports/client-store.ts';
import type { RefusalDelay } from '../ports/refusal-delay.ts';
import type { SecretCheck } from '../ports/secret-check.ts';
import type { Logger, Metrics } from '../ports/telemetry.ts';

export interface AuthenticateDeps {
  readonly clients: ClientStore;
  readonly secrets: SecretCheck;
  readonly refusals: RefusalDelay;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/**
 * @param apiKey `<client name>.<secret>`, from the header X-API-Key or HTTP Basic
 * @param kind of client that may do what is asked
 * @throws RequestError 401 NAC_CLIENT_CREDENTIAL; it does not say whether the client exists
 */
export async function authenticateClient(
  deps: AuthenticateDeps,
  apiKey: string | null,
  kind: ClientKind,
  options: CallOptions,
): Promise<Client> {
  const parsed = parseApiKey(apiKey ?? '');
  const client = parsed && (await findClient(deps, parsed, options));
  if (client?.kind === kind) return client;
  const name = parsed?.clientName ?? 'no-api-key';
  deps.metrics.count('client.refused');
  const refusals = await deps.refusals.after(name);
  deps.log.warn('client.refused', { client: name, refusals, ...(client && { kind: client.kind, needed: kind }) });
  throw new RequestError(401, 'NAC_CLIENT_CREDENTIAL', 'The request carries no API key that is valid here.', {
    action:
      'Send the key made for this client in the header X-API-Key, or by HTTP Basic; RADIUS proxies and operators have keys of their own.',
    field: 'X-API-Key',
  });
}

/** A secret that memory does not know may be minutes old: the store is asked before anybody is refused. */
async function findClient(
  { clients, secrets, refusals }: AuthenticateDeps,
  { clientName, secret }: { readonly clientName: string; readonly secret: string },
  options: CallOptions,
): Promise<Client | undefined> {
  const client = await clients.read(clientName, options);
  if (client !== undefined && secrets.matches(client, secret)) return client;
  if (client === undefined || !refusals.mayLookAgain(clientName)) return undefined;
  const current = await clients.read(clientName, { ...options, fresh: true });
  return current !== undefined && secrets.matches(current, secret) ? current : undefined;
}
