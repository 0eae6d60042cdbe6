// Finds the client that a credential belongs to. Without a right one there is no answer, and the wrong ones wait. What
// a stranger learns is always the same: nothing of names, and nothing of the store.

import { type Client, parseApiKey } from '../domain/client.ts';
import { isPermitted, type Permission } from '../domain/permission.ts';
import { RequestError, StoreError, UnknownCallerError } from '../errors.ts';
import type { RefusalReport } from '../http/refusal-report.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { ClientStore } from '../ports/client-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { RefusalDelay } from '../ports/refusal-delay.ts';
import type { SecretCheck } from '../ports/secret-check.ts';
import type { ClientQuota } from './client-quota.ts';

export interface AuthenticateDeps {
  readonly clients: ClientStore;
  readonly secrets: SecretCheck;
  readonly refusals: RefusalDelay;
  readonly quota: ClientQuota;
  readonly report: RefusalReport;
  readonly clock: Clock;
}

/**
 * @param apiKey `<client name>.<secret>`, from the header X-API-Key or HTTP Basic
 * @param permission what the client needs for what it asks
 * @throws RequestError 401 NAC_CLIENT_CREDENTIAL; it does not say whether the client exists
 * @throws RequestError 503 NAC_CLIENT_QUOTA when the client asks more often than its share
 * @throws UnknownCallerError NAC_STORE_UNAVAILABLE or NAC_STORE_TIMEOUT, in words that say nothing of the store
 */
export async function authenticateClient(
  deps: AuthenticateDeps,
  apiKey: string | null,
  permission: Permission,
  options: CallOptions,
): Promise<Client> {
  const parsed = parseApiKey(apiKey ?? '');
  const found = parsed && (await findClient(deps, parsed, options));
  const now = deps.clock.now().getTime();
  if (found?.proven && isPermitted(found.client, permission)) {
    deps.report.prove(found.client.name);
    deps.report.catchUp(now);
    deps.quota.take(found.client.name, now);
    return found.client;
  }
  const refusals = await deps.refusals.after(parsed?.clientName ?? 'no-api-key');
  const refused = new RequestError(401, 'NAC_CLIENT_CREDENTIAL', 'The request carries no API key that is valid here.', {
    action:
      'Send the key made for this client in the header X-API-Key (RADIUS servers may use HTTP Basic); docs/api.md says which kinds of clients may ask.',
    field: 'X-API-Key',
  });
  // Names that no client has share one line: a stranger chooses them.
  const known = { code: refused.code, status: refused.status, client: found?.client.name };
  deps.report.refused('warn', 'client.refused', known, now, () => ({
    refusals,
    ...(found?.proven && { kind: found.client.kind, needed: permission }),
  }));
  throw refused;
}

interface FoundClient {
  readonly client: Client;
  readonly proven: boolean;
}

/** A secret that memory does not know may be minutes old: the store is asked before any client is refused. */
async function findClient(
  { clients, secrets, report, clock }: AuthenticateDeps,
  { clientName, secret }: { readonly clientName: string; readonly secret: string },
  options: CallOptions,
): Promise<FoundClient | undefined> {
  try {
    const client = await clients.read(clientName, options);
    if (client === undefined) return undefined;
    if (secrets.matches(client, secret)) return { client, proven: true };
    const current = await clients.read(clientName, { ...options, fresh: true });
    // The same as before: nothing was read that the secret could match now.
    if (current === undefined || current === client) return { client, proven: false };
    return { client, proven: secrets.matches(current, secret) };
  } catch (thrown) {
    if (!(thrown instanceof StoreError)) throw thrown;
    const { code, message } = thrown;
    const kind = { code, status: 503 };
    report.refused('error', 'client.not-checked', kind, clock.now().getTime(), () => ({ message }));
    throw new UnknownCallerError(code, 'Credentials cannot be checked at the moment.', {
      action: 'Ask again; the log of the connector says more.',
      cause: thrown,
    });
  }
}
