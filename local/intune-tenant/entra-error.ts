// The refusals of the Entra token service: an OAuth error, an AADSTS number and a text made for people.

import { randomUUID } from 'node:crypto';
import type { AnswerHeaders, HttpExchange } from './http-exchange.ts';

export interface EntraRefusal {
  readonly status: 400 | 401;
  readonly error: string;
  readonly code: number;
  readonly description: string;
}

/** Answers as Entra does, with the identifiers and the time repeated in the description. */
export function answerEntraError(exchange: HttpExchange, refusal: EntraRefusal, context: EntraErrorContext): void {
  const traceId = randomUUID();
  const correlationId = context.correlationId ?? randomUUID();
  const timestamp = `${context.now.toISOString().slice(0, 19).replace('T', ' ')}Z`;
  exchange.answerJson(
    refusal.status,
    {
      error: refusal.error,
      ...(context.suberror !== undefined && { suberror: context.suberror }),
      error_description:
        `AADSTS${refusal.code}: ${refusal.description} ` +
        `Trace ID: ${traceId} Correlation ID: ${correlationId} Timestamp: ${timestamp}`,
      error_codes: [refusal.code],
      timestamp,
      trace_id: traceId,
      correlation_id: correlationId,
      error_uri: `${context.authorityHost}/error?code=${refusal.code}`,
    },
    { 'cache-control': 'no-store, no-cache', pragma: 'no-cache', 'x-ms-request-id': traceId, ...context.headers },
  );
}

export interface EntraErrorContext {
  readonly now: Date;
  readonly authorityHost: string;
  readonly correlationId: string | undefined;
  readonly suberror?: string;
  readonly headers?: AnswerHeaders;
}

export const ENTRA_REFUSALS = {
  unknownTenant: (tenant: string): EntraRefusal => ({
    status: 400,
    error: 'invalid_request',
    code: 90002,
    description: `Tenant '${tenant}' not found. Check that the tenant ID is correct and belongs to this cloud.`,
  }),
  missingParameter: (name: string): EntraRefusal => ({
    status: 400,
    error: 'invalid_request',
    code: 900144,
    description: `The request body must contain the following parameter: '${name}'.`,
  }),
  onlyPost: (method: string): EntraRefusal => ({
    status: 400,
    error: 'invalid_request',
    code: 900561,
    description: `The endpoint only accepts POST requests. Received a ${method} request.`,
  }),
  unsupportedGrant: (grant: string): EntraRefusal => ({
    status: 400,
    error: 'unsupported_grant_type',
    code: 70003,
    description: `The app requested an unsupported grant type '${grant}'.`,
  }),
  unknownClient: (clientId: string, tenant: string): EntraRefusal => ({
    status: 400,
    error: 'unauthorized_client',
    code: 700016,
    description: `Application with identifier '${clientId}' was not found in the directory '${tenant}'.`,
  }),
  noCredential: (): EntraRefusal => ({
    status: 401,
    error: 'invalid_client',
    code: 7000218,
    description: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
  }),
  wrongSecret: (clientId: string): EntraRefusal => ({
    status: 401,
    error: 'invalid_client',
    code: 7000215,
    description: `Invalid client secret provided. Send the value of a secret of app '${clientId}', not the secret's ID.`,
  }),
  wrongAssertionType: (type: string): EntraRefusal => ({
    status: 400,
    error: 'invalid_request',
    code: 50049,
    description: `The client_assertion_type '${type}' is not supported.`,
  }),
  malformedAssertion: (): EntraRefusal => ({
    status: 400,
    error: 'invalid_request',
    code: 50027,
    description: 'The client assertion is not a well-formed JWT.',
  }),
  assertionSignature: (reason: string): EntraRefusal => ({
    status: 401,
    error: 'invalid_client',
    code: 700027,
    description: `Client assertion failed signature validation. [Reason - ${reason}]`,
  }),
  assertionTime: (now: Date): EntraRefusal => ({
    status: 401,
    error: 'invalid_client',
    code: 700024,
    description: `Client assertion is not within its valid time range. Current time: ${now.toISOString()}.`,
  }),
  assertionAudience: (): EntraRefusal => ({
    status: 401,
    error: 'invalid_client',
    code: 700023,
    description: 'Client assertion audience claim does not match Realm issuer.',
  }),
  assertionClient: (): EntraRefusal => ({
    status: 401,
    error: 'invalid_client',
    code: 700021,
    description: "Client assertion application identifier does not match the 'client_id' parameter.",
  }),
  expiredSecret: (clientId: string): EntraRefusal => ({
    status: 401,
    error: 'invalid_client',
    code: 7000222,
    description: `The provided client secret keys for app '${clientId}' are expired. Create new keys for the app.`,
  }),
  noFederatedCredential: (clientId: string): EntraRefusal => ({
    status: 401,
    error: 'invalid_client',
    code: 70025,
    description: `The client application '${clientId}' has no configured federated identity credentials.`,
  }),
  federatedIssuer: (issuer: string): EntraRefusal => ({
    status: 401,
    error: 'invalid_client',
    code: 700211,
    description: `No matching federated identity record found for presented assertion issuer '${issuer}'.`,
  }),
  federatedSubject: (subject: string): EntraRefusal => ({
    status: 401,
    error: 'invalid_client',
    code: 700213,
    description: `No matching federated identity record found for presented assertion subject '${subject}'.`,
  }),
  federatedAudience: (audience: string): EntraRefusal => ({
    status: 401,
    error: 'invalid_client',
    code: 700212,
    description: `No matching federated identity record found for presented assertion audience '${audience}'.`,
  }),
  badScope: (scope: string): EntraRefusal => ({
    status: 400,
    error: 'invalid_scope',
    code: 70011,
    description:
      "The provided value for the input parameter 'scope' is not valid: client credentials take one resource " +
      `followed by /.default. The scope '${scope}' is not valid.`,
  }),
  severalResources: (scope: string): EntraRefusal => ({
    status: 400,
    error: 'invalid_scope',
    code: 700022,
    description: `The scope '${scope}' is not valid because it contains more than one resource.`,
  }),
  unknownResource: (resource: string, tenant: string): EntraRefusal => ({
    status: 400,
    error: 'invalid_resource',
    code: 500011,
    description: `The resource principal named ${resource} was not found in the tenant named ${tenant}.`,
  }),
} as const;
