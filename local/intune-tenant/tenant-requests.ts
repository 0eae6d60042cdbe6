/** Sends each request of the HTTPS listener to the part of the tenant that answers it, unless a script answers first. */
import type { AccessTokens } from './access-tokens.ts';
import type { AppRegistration } from './app-registration.ts';
import type { Fleet } from './fleet.ts';
import { answerGraphError, graphCall } from './graph-answer.ts';
import { answerManagedDevice, answerManagedDevices } from './graph-managed-devices.ts';
import { answerServiceEndpoints } from './graph-service-endpoints.ts';
import type { HttpExchange } from './http-exchange.ts';
import { answerOpenIdConfiguration, answerSigningKeys } from './openid-discovery.ts';
import type { RequestCounts, RequestKind } from './request-counts.ts';
import { type ScriptedAnswers, scriptTargets } from './scripted-answers.ts';
import { answerTokenRequest } from './token-endpoint.ts';

export interface TenantContext {
  readonly registration: AppRegistration;
  readonly tokens: AccessTokens;
  readonly fleet: Fleet;
  readonly scripts: ScriptedAnswers;
  readonly counts: RequestCounts;
  readonly authorityHost: string;
  readonly graphUrl: string;
  readonly pageSize: number;
  readonly now: () => Date;
}

interface Route {
  readonly kind: RequestKind;
  /** The authority refuses other methods in its own words, Graph with 405. */
  readonly getOnly: boolean;
  answer(): void | Promise<void>;
}

const openIdConfiguration = /^\/([^/]+)\/v2\.0\/\.well-known\/openid-configuration$/;
const signingKeys = /^\/([^/]+)\/discovery\/v2\.0\/keys$/;
const token = /^\/([^/]+)\/oauth2\/v2\.0\/token$/;
const serviceEndpoints = /^\/v1\.0\/servicePrincipals(?:\/appId=([^/]+)|\(appId='([^/]+)'\))\/endpoints$/i;
const managedDevices = /^\/v1\.0\/deviceManagement\/managedDevices\/?$/i;
const managedDevice = /^\/v1\.0\/deviceManagement\/managedDevices(?:\/([^/]+)|\('?([^/']+)'?\))$/i;

export async function answerTenantRequest(exchange: HttpExchange, context: TenantContext): Promise<void> {
  const { kind, getOnly, answer } = route(exchange, context);
  context.counts.countRequest(kind);

  const target = scriptTargets.find((known) => known === kind);
  const script = target === undefined ? undefined : context.scripts.take(target);
  if (target !== undefined && script !== undefined) {
    context.counts.countScripted(target);
    if (await context.scripts.play(script, exchange)) {
      return;
    }
  }
  if (getOnly && exchange.method !== 'GET') {
    answerGraphError(
      graphCall(exchange, context.now()),
      405,
      'Request_BadRequest',
      'Specified HTTP method is not allowed for the request target.',
    );
    return;
  }
  await answer();
}

function route(exchange: HttpExchange, context: TenantContext): Route {
  const path = decodedPath(exchange.path);
  const call = () => graphCall(exchange, context.now());

  const tokenTenant = token.exec(path)?.[1];
  if (tokenTenant !== undefined) {
    return { kind: 'token', getOnly: false, answer: () => answerTokenRequest(exchange, tokenTenant, context) };
  }
  const discoveryTenant = openIdConfiguration.exec(path)?.[1];
  if (discoveryTenant !== undefined) {
    const answer = () => answerOpenIdConfiguration(exchange, discoveryTenant, context);
    return { kind: 'discovery', getOnly: true, answer };
  }
  const keysTenant = signingKeys.exec(path)?.[1];
  if (keysTenant !== undefined) {
    return { kind: 'keys', getOnly: true, answer: () => answerSigningKeys(exchange, keysTenant, context) };
  }
  const principal = serviceEndpoints.exec(path);
  const appId = principal?.[1] ?? principal?.[2];
  if (appId !== undefined) {
    return { kind: 'endpoints', getOnly: true, answer: () => answerServiceEndpoints(call(), appId, context) };
  }
  if (managedDevices.test(path)) {
    return { kind: 'page', getOnly: true, answer: () => answerManagedDevices(call(), context) };
  }
  const device = managedDevice.exec(path);
  const id = device?.[1] ?? device?.[2];
  if (id !== undefined) {
    return { kind: 'device', getOnly: true, answer: () => answerManagedDevice(call(), id, context) };
  }
  return {
    kind: 'unknown',
    getOnly: false,
    answer: () =>
      answerGraphError(call(), 404, 'ResourceNotFound', `Resource not found for the segment '${path.slice(1)}'.`),
  };
}

function decodedPath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
