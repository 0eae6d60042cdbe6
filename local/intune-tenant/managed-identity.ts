// The local token service that App Service and Azure Functions offer to a function app with a user-assigned managed
// identity. Source: "How to use managed identities for App Service and Azure Functions", REST endpoint reference.

import type { AccessTokens } from './access-tokens.ts';
import type { HttpExchange } from './http-exchange.ts';
import type { CloudAudiences } from './token-audiences.ts';

export interface ManagedIdentity {
  /** Given to clients as `client_id`. */
  readonly clientId: string;
  /** Object ID of the identity: the subject of its tokens. */
  readonly principalId: string;
  /** Value of `X-IDENTITY-HEADER`, which keeps out requests that others forge. */
  readonly header: string;
}

export interface ManagedIdentityContext {
  readonly identity: ManagedIdentity;
  readonly tokens: AccessTokens;
  readonly audiences: CloudAudiences;
  readonly graphUrl: string;
}

export const MANAGED_IDENTITY_PATH = '/msi/token';
const API_VERSION = '2019-08-01';

/** `GET /msi/token?api-version=2019-08-01&resource=...&client_id=...`: a token of the identity for the resource. */
export async function answerManagedIdentity(exchange: HttpExchange, context: ManagedIdentityContext): Promise<void> {
  const { identity, audiences } = context;
  const { query } = exchange;
  if (exchange.method !== 'GET') {
    refuse(exchange, 405, 'The token service only takes GET.');
    return;
  }
  if (exchange.header('x-identity-header') !== identity.header) {
    refuse(exchange, 401, 'The header X-IDENTITY-HEADER is missing or wrong.');
    return;
  }
  if (query.get('api-version') !== API_VERSION) {
    refuse(exchange, 400, `The api-version must be ${API_VERSION}.`);
    return;
  }
  // The function app has no system-assigned identity, which is what a request without client_id is for.
  if (query.get('client_id')?.toLowerCase() !== identity.clientId.toLowerCase()) {
    refuse(exchange, 400, 'No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId.');
    return;
  }
  const resource = query.get('resource') ?? '';
  const known: readonly string[] = [audiences.tokenExchange, audiences.graph, audiences.intune, context.graphUrl];
  if (!known.includes(resource)) {
    refuse(exchange, 400, `AADSTS500011: The resource principal named ${resource} was not found in the tenant.`);
    return;
  }
  const token = await context.tokens.issue({
    audience: resource,
    clientId: identity.clientId,
    subject: identity.principalId,
    roles: [],
    credential: '2',
  });
  const expires = Math.floor(context.tokens.now().getTime() / 1000) + context.tokens.lifetimeSeconds;
  exchange.answerJson(200, {
    access_token: token,
    client_id: identity.clientId,
    expires_on: String(expires),
    resource,
    token_type: 'Bearer',
  });
}

function refuse(exchange: HttpExchange, statusCode: number, message: string): void {
  exchange.answerJson(statusCode, { statusCode, message, correlationId: crypto.randomUUID() });
}
