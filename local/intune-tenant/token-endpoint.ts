// `POST /{tenant}/oauth2/v2.0/token` of the authority, for the client credentials grant, and `/{tenant}/oauth2/token`
// of v1, which takes `resource` in place of `scope`.

import type { AccessTokens } from './access-tokens.ts';
import { type AppRegistration, isTenant } from './app-registration.ts';
import { clientAssertionRefusal } from './client-assertion.ts';
import { answerEntraError, ENTRA_REFUSALS, type EntraRefusal } from './entra-error.ts';
import { federatedAssertionRefusal, isFederatedAssertion } from './federated-assertion.ts';
import type { HttpExchange } from './http-exchange.ts';
import type { ConsoleRegistration } from './people/console-registration.ts';
import { answerPersonGrant, PERSON_GRANTS } from './people/person-grants.ts';
import { type CloudAudiences, graphAudiences } from './token-audiences.ts';

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const DEFAULT_SCOPE = '/.default';
/** Libraries add them to what they ask for; they are about users and change nothing here. */
const USER_SCOPES: ReadonlySet<string> = new Set(['openid', 'profile', 'offline_access', 'email']);

export interface TokenEndpointContext {
  readonly registration: AppRegistration;
  readonly tokens: AccessTokens;
  readonly authorityHost: string;
  readonly graphUrl: string;
  readonly audiences: CloudAudiences;
  readonly console: ConsoleRegistration;
  readonly now: () => Date;
}

export type TokenVersion = 'v1' | 'v2';

interface Grant {
  readonly audience: string;
  readonly roles: readonly string[];
  readonly credential: '1' | '2';
}

/** The address of the token endpoint, which is also the audience of client assertions. */
export function tokenEndpointUrl(authorityHost: string, tenantId: string): string {
  return `${authorityHost}/${tenantId}/oauth2/v2.0/token`;
}

/** What an assertion may name as its audience: either version of the token endpoint, or the issuer of either. */
function assertionAudiences(authorityHost: string, tenantId: string): string[] {
  const issuer = `${authorityHost}/${tenantId}/v2.0`;
  const v1 = `${authorityHost}/${tenantId}/oauth2/token`;
  return [tokenEndpointUrl(authorityHost, tenantId), v1, issuer, `https://sts.windows.net/${tenantId}/`];
}

/**
 * Copies Entra's client credentials grant: one resource per token, only its own roles, refusals with AADSTS numbers.
 */
export async function answerTokenRequest(
  exchange: HttpExchange,
  tenant: string,
  context: TokenEndpointContext,
  version: TokenVersion = 'v2',
): Promise<void> {
  const body = exchange.method === 'POST' ? await exchange.body() : '';
  const form = withBasicCredentials(new URLSearchParams(body), exchange.header('authorization'));
  if (version === 'v2' && PERSON_GRANTS.has(form.get('grant_type') ?? '') && isTenant(context.registration, tenant)) {
    return answerPersonGrant(exchange, form, { ...context, tenantId: context.registration.tenantId });
  }
  const outcome = await grantOrRefusal(exchange, tenant, form, context, version);
  if ('error' in outcome) {
    answerEntraError(exchange, outcome, {
      now: context.now(),
      authorityHost: context.authorityHost,
      correlationId: form.get('client-request-id') ?? exchange.header('client-request-id'),
    });
    return;
  }
  const accessToken = await context.tokens.issue({ ...outcome, clientId: context.registration.clientId });
  exchange.answerJson(200, tokenAnswer(accessToken, outcome.audience, context, version), {
    'cache-control': 'no-store, no-cache',
    pragma: 'no-cache',
  });
}

/**
 * Entra takes id and secret of the client by HTTP Basic, too (RFC 6749, section 2.3.1): each is form-encoded by itself.
 */
function withBasicCredentials(form: URLSearchParams, authorization: string | undefined): URLSearchParams {
  const encoded = /^Basic ([A-Za-z0-9+/]+=*)$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) {
    return form;
  }
  const [id = '', ...secret] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  const decoded = new URLSearchParams(`client_id=${id}&client_secret=${secret.join(':')}`);
  for (const [name, value] of decoded) {
    if (!form.has(name)) form.set(name, value);
  }
  return form;
}

/** v1 gives numbers as texts, and says for what and from when to when the token is. */
function tokenAnswer(accessToken: string, resource: string, context: TokenEndpointContext, version: TokenVersion) {
  const { lifetimeSeconds } = context.tokens;
  if (version === 'v2') {
    const lifetime = { expires_in: lifetimeSeconds, ext_expires_in: lifetimeSeconds };
    return { token_type: 'Bearer', ...lifetime, access_token: accessToken };
  }
  const now = Math.floor(context.now().getTime() / 1000);
  return {
    token_type: 'Bearer',
    expires_in: String(lifetimeSeconds),
    ext_expires_in: String(lifetimeSeconds),
    expires_on: String(now + lifetimeSeconds),
    not_before: String(now),
    resource,
    access_token: accessToken,
  };
}

async function grantOrRefusal(
  exchange: HttpExchange,
  tenant: string,
  form: URLSearchParams,
  context: TokenEndpointContext,
  version: TokenVersion,
): Promise<Grant | EntraRefusal> {
  const { registration } = context;
  if (exchange.method !== 'POST') {
    return ENTRA_REFUSALS.onlyPost(exchange.method);
  }
  if (!isTenant(registration, tenant)) {
    return ENTRA_REFUSALS.unknownTenant(tenant);
  }
  const grantType = form.get('grant_type');
  const clientId = form.get('client_id');
  const asked = version === 'v1' ? 'resource' : 'scope';
  const wanted = form.get(asked);
  if (!grantType) {
    return ENTRA_REFUSALS.missingParameter('grant_type');
  }
  if (grantType !== 'client_credentials') {
    return ENTRA_REFUSALS.unsupportedGrant(grantType);
  }
  if (!clientId) {
    return ENTRA_REFUSALS.missingParameter('client_id');
  }
  if (!wanted) {
    return ENTRA_REFUSALS.missingParameter(asked);
  }
  if (clientId.toLowerCase() !== registration.clientId.toLowerCase()) {
    return ENTRA_REFUSALS.unknownClient(clientId, tenant);
  }
  const resource = version === 'v1' ? wanted : resourceOf(wanted);
  if (typeof resource !== 'string') {
    return resource;
  }
  const credential = await provenCredential(form, tenant, context);
  if (typeof credential !== 'string') {
    return credential;
  }
  if (graphAudiences(context.graphUrl, context.audiences).includes(resource)) {
    return { audience: resource, roles: registration.roles.graph, credential };
  }
  if (resource === context.audiences.intune) {
    return { audience: resource, roles: registration.roles.intune, credential };
  }
  return ENTRA_REFUSALS.unknownResource(resource, tenant);
}

function resourceOf(scope: string): string | EntraRefusal {
  const asked = scope.split(' ').filter((part) => part !== '' && !USER_SCOPES.has(part));
  const scopes = [...new Set(asked)];
  const resources = new Set(scopes.filter((part) => part.endsWith(DEFAULT_SCOPE)));
  if (resources.size > 1) {
    return ENTRA_REFUSALS.severalResources(scope);
  }
  const [only, ...others] = scopes;
  if (only === undefined || others.length > 0 || !only.endsWith(DEFAULT_SCOPE) || only === DEFAULT_SCOPE) {
    return ENTRA_REFUSALS.badScope(scope);
  }
  return only.slice(0, -DEFAULT_SCOPE.length);
}

async function provenCredential(
  form: URLSearchParams,
  tenant: string,
  context: TokenEndpointContext,
): Promise<'1' | '2' | EntraRefusal> {
  const { registration } = context;
  const assertion = form.get('client_assertion');
  const secret = form.get('client_secret');
  if (assertion) {
    const type = form.get('client_assertion_type');
    if (!type) {
      return ENTRA_REFUSALS.missingParameter('client_assertion_type');
    }
    if (type !== JWT_BEARER) {
      return ENTRA_REFUSALS.wrongAssertionType(type);
    }
    if (isFederatedAssertion(assertion)) {
      return (await federatedAssertionRefusal(assertion, { ...registration, tokens: context.tokens })) ?? '2';
    }
    const refusal = await clientAssertionRefusal(assertion, {
      clientId: registration.clientId,
      audiences: assertionAudiences(context.authorityHost, tenant),
      certificates: registration.certificates,
      now: context.now(),
    });
    return refusal ?? '2';
  }
  if (!secret) {
    return ENTRA_REFUSALS.noCredential();
  }
  const known = registration.secrets.find(({ value }) => value === secret);
  if (known === undefined) {
    return ENTRA_REFUSALS.wrongSecret(registration.clientId);
  }
  const expired = known.expires !== undefined && Date.parse(known.expires) <= context.now().getTime();
  return expired ? ENTRA_REFUSALS.expiredSecret(registration.clientId) : '1';
}
