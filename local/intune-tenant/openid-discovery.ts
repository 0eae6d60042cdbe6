// The two public documents of the authority: its OpenID configuration and its signing keys.

import type { AccessTokens } from './access-tokens.ts';
import { type AppRegistration, isTenant } from './app-registration.ts';
import { answerEntraError, ENTRA_REFUSALS } from './entra-error.ts';
import type { HttpExchange } from './http-exchange.ts';
import type { ConsoleRegistration } from './people/console-registration.ts';
import { CORS } from './people/person-grants.ts';
import { tokenEndpointUrl } from './token-endpoint.ts';

export interface OpenIdContext {
  readonly registration: AppRegistration;
  readonly tokens: AccessTokens;
  readonly authorityHost: string;
  readonly console: ConsoleRegistration;
  readonly now: () => Date;
}

/** The issuer named in the OpenID configuration and in access tokens. MSAL insists on the host of the authority. */
export function issuerUrl(authorityHost: string, tenantId: string): string {
  return `${authorityHost}/${tenantId}/v2.0`;
}

/** `GET /{tenant}/v2.0/.well-known/openid-configuration`: Entra answers 400 `invalid_tenant` for a tenant not there. */
export function answerOpenIdConfiguration(exchange: HttpExchange, tenant: string, context: OpenIdContext): void {
  if (refusedTenant(exchange, tenant, context)) {
    return;
  }
  const { authorityHost } = context;
  const { tenantId } = context.registration;
  const document = {
    token_endpoint: tokenEndpointUrl(authorityHost, tenantId),
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    jwks_uri: `${authorityHost}/${tenantId}/discovery/v2.0/keys`,
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    issuer: issuerUrl(authorityHost, tenantId),
    authorization_endpoint: `${authorityHost}/${tenantId}/oauth2/v2.0/authorize`,
    end_session_endpoint: `${authorityHost}/${tenantId}/oauth2/v2.0/logout`,
    tenant_region_scope: 'EU',
  };
  exchange.answerJson(200, document, CORS);
}

/** `GET /{tenant}/discovery/v2.0/keys`, a JWK set: the key of apps' tokens, and those of people's tokens. */
export function answerSigningKeys(exchange: HttpExchange, tenant: string, context: OpenIdContext): void {
  if (!refusedTenant(exchange, tenant, context)) {
    const { keys } = context.tokens.keySet();
    exchange.answerJson(200, { keys: [...keys, ...context.console.tokens.published()] }, CORS);
  }
}

function refusedTenant(exchange: HttpExchange, tenant: string, context: OpenIdContext): boolean {
  if (isTenant(context.registration, tenant)) {
    return false;
  }
  answerEntraError(
    exchange,
    { ...ENTRA_REFUSALS.unknownTenant(tenant), error: 'invalid_tenant' },
    {
      now: context.now(),
      authorityHost: context.authorityHost,
      correlationId: exchange.header('client-request-id'),
    },
  );
  return true;
}
