/** Sends each request of the HTTPS listener to the part of the tenant that answers it, unless a script answers first. */
import type { AccessTokens } from './access-tokens.ts';
import type { AppRegistration } from './app-registration.ts';
import {
  answerComplianceInformation,
  answerComplianceQuery,
  type ComplianceRetrievalContext,
  complianceRetrievalPath,
} from './compliance-retrieval.ts';
import type { EntraDirectory } from './entra-directory.ts';
import type { Fleet } from './fleet.ts';
import { answerGraphError, graphCall } from './graph-answer.ts';
import { answerBatch } from './graph-batch.ts';
import { answerDevicesDelta } from './graph-devices-delta.ts';
import { answerManagedDevice, answerManagedDevices } from './graph-managed-devices.ts';
import { answerServiceEndpoints } from './graph-service-endpoints.ts';
import type { HttpExchange } from './http-exchange.ts';
import { answerNacInformation, answerNacJsonQuery, answerNacXmlQuery, nacServicePath } from './nac-service.ts';
import { answerOpenIdConfiguration, answerSigningKeys } from './openid-discovery.ts';
import type { PageCache } from './page-cache.ts';
import { readyAnswer } from './ready-answers.ts';
import type { RequestCounts, RequestKind } from './request-counts.ts';
import type { RequestThrottle } from './request-throttle.ts';
import { scriptTargets } from './script.ts';
import type { ScriptedAnswers } from './scripted-answers.ts';
import { placeOf } from './skip-token.ts';
import type { CloudAudiences } from './token-audiences.ts';
import { answerTokenRequest } from './token-endpoint.ts';

export interface TenantContext extends Omit<ComplianceRetrievalContext, 'intuneAudience'> {
  readonly registration: AppRegistration;
  readonly tokens: AccessTokens;
  readonly fleet: Fleet;
  readonly scripts: ScriptedAnswers;
  readonly counts: RequestCounts;
  readonly authorityHost: string;
  readonly graphUrl: string;
  readonly pageSize: number;
  readonly audiences: CloudAudiences;
  readonly directory: EntraDirectory;
  readonly throttle: RequestThrottle;
  readonly pages: PageCache;
  readonly now: () => Date;
}

interface Route {
  readonly kind: RequestKind;
  /** The method that Graph takes, others get 405; undefined where other words are used for that. */
  readonly method: 'GET' | 'POST' | undefined;
  answer(): void | Promise<void>;
}

const openIdConfiguration = /^\/([^/]+)\/v2\.0\/\.well-known\/openid-configuration$/;
const signingKeys = /^\/([^/]+)\/discovery\/v2\.0\/keys$/;
const token = /^\/([^/]+)\/oauth2\/v2\.0\/token$/;
const tokenOfVersion1 = /^\/([^/]+)\/oauth2\/token$/;
const serviceEndpoints = /^\/v1\.0\/servicePrincipals(?:\/appId=([^/]+)|\(appId='([^/]+)'\))\/endpoints$/i;
const devicesDelta = /^\/v1\.0\/devices\/(?:microsoft\.graph\.)?delta(?:\(\))?$/i;
const batch = /^\/v1\.0\/\$batch$/i;
const managedDevices = /^\/v1\.0\/deviceManagement\/managedDevices\/?$/i;
const managedDevice = /^\/v1\.0\/deviceManagement\/managedDevices(?:\/([^/]+)|\('?([^/']+)'?\))$/i;

export async function answerTenantRequest(exchange: HttpExchange, context: TenantContext): Promise<void> {
  const { kind, method, answer } = route(exchange, context);
  await answerScripted(kind, exchange, context, async () => {
    if (method !== undefined && exchange.method !== method) {
      answerGraphError(
        graphCall(exchange, context.now()),
        405,
        'Request_BadRequest',
        'Specified HTTP method is not allowed for the request target.',
      );
      return;
    }
    if (intuneReads.includes(kind) && throttled(exchange, context)) {
      return;
    }
    await answer();
  });
}

const intuneReads: readonly RequestKind[] = ['page', 'device'];
const throttleWindowSeconds = 20;

function throttled(exchange: HttpExchange, context: TenantContext): boolean {
  const now = context.now();
  const wait = context.throttle.admit(now, context.behaviour.current.intuneRequestLimit, throttleWindowSeconds);
  if (wait > 0) {
    const { status, headers, body } = readyAnswer('tooManyRequests', exchange, now);
    exchange.answer(status, { ...headers, 'retry-after': String(wait) }, body);
  }
  return wait > 0;
}

/** Counts the request and answers it, by script when there is one for it. */
export async function answerScripted(
  kind: RequestKind,
  exchange: HttpExchange,
  context: Pick<TenantContext, 'counts' | 'scripts'>,
  answer: () => Promise<void>,
): Promise<void> {
  context.counts.countRequest(kind);
  const target = scriptTargets.find((known) => known === kind);
  const script = target === undefined ? undefined : context.scripts.take(target, requestedPage(kind, exchange));
  if (target !== undefined && script !== undefined) {
    context.counts.countScripted(target);
    if (await context.scripts.play(script, exchange)) {
      return;
    }
  }
  await answer();
}

/** Links to the pages of a list of managed devices say which page they lead to. */
function requestedPage(kind: RequestKind, exchange: HttpExchange): number | undefined {
  return kind === 'page' ? placeOf(exchange.query.get('$skiptoken'), new Date(0), null)?.page : undefined;
}

function route(exchange: HttpExchange, context: TenantContext): Route {
  // Graph takes `//v1.0/…`, as clients send it that join an address ending with a slash.
  const path = decodedPath(exchange.path).replace(/^\/{2,}/, '/');
  const call = () => graphCall(exchange, context.now());

  const tokenTenant = token.exec(path)?.[1];
  if (tokenTenant !== undefined) {
    return { kind: 'token', method: undefined, answer: () => answerTokenRequest(exchange, tokenTenant, context) };
  }
  const tenantOfVersion1 = tokenOfVersion1.exec(path)?.[1];
  if (tenantOfVersion1 !== undefined) {
    const answer = () => answerTokenRequest(exchange, tenantOfVersion1, context, 'v1');
    return { kind: 'token', method: undefined, answer };
  }
  const discoveryTenant = openIdConfiguration.exec(path)?.[1];
  if (discoveryTenant !== undefined) {
    const answer = () => answerOpenIdConfiguration(exchange, discoveryTenant, context);
    return { kind: 'discovery', method: 'GET', answer };
  }
  const keysTenant = signingKeys.exec(path)?.[1];
  if (keysTenant !== undefined) {
    return { kind: 'keys', method: 'GET', answer: () => answerSigningKeys(exchange, keysTenant, context) };
  }
  const principal = serviceEndpoints.exec(path);
  const appId = principal?.[1] ?? principal?.[2];
  if (appId !== undefined) {
    return { kind: 'endpoints', method: 'GET', answer: () => answerServiceEndpoints(call(), appId, context) };
  }
  if (managedDevices.test(path)) {
    return { kind: 'page', method: 'GET', answer: () => answerManagedDevices(call(), context) };
  }
  const device = managedDevice.exec(path);
  const id = device?.[1] ?? device?.[2];
  if (id !== undefined) {
    return { kind: 'device', method: 'GET', answer: () => answerManagedDevice(call(), id, context) };
  }
  if (devicesDelta.test(path)) {
    return { kind: 'delta', method: 'GET', answer: () => answerDevicesDelta(call(), context) };
  }
  if (batch.test(path)) {
    const answerStep = (step: HttpExchange): Promise<void> => answerTenantRequest(step, context);
    return { kind: 'batch', method: 'POST', answer: () => answerBatch(call(), context, answerStep) };
  }
  if (path.startsWith(`${complianceRetrievalPath}/`)) {
    const query = complianceRoute(path.slice(complianceRetrievalPath.length), exchange, context);
    if (query !== undefined) {
      return query;
    }
  }
  if (path.toLowerCase().startsWith(`${nacServicePath}/`.toLowerCase())) {
    const query = nacServiceRoute(path.slice(nacServicePath.length), exchange, context);
    if (query !== undefined) {
      return query;
    }
  }
  return {
    kind: 'unknown',
    method: undefined,
    answer: () =>
      answerGraphError(call(), 404, 'ResourceNotFound', `Resource not found for the segment '${path.slice(1)}'.`),
  };
}

function complianceRoute(path: string, exchange: HttpExchange, context: TenantContext): Route | undefined {
  const service = { ...context, intuneAudience: context.audiences.intune };
  switch (path.replace(/\/$/, '')) {
    case '/ciscoise/mdminfo':
      return {
        kind: 'complianceInfo',
        method: 'GET',
        answer: () => answerComplianceInformation(exchange, service),
      };
    case '/cisco/devices': {
      const kind = exchange.query.get('querycriteria') === 'compliance' ? 'complianceList' : 'complianceDevice';
      return { kind, method: 'GET', answer: () => answerComplianceQuery(exchange, service) };
    }
    default:
      return undefined;
  }
}

function nacServiceRoute(path: string, exchange: HttpExchange, context: TenantContext): Route | undefined {
  const service = { ...context, intuneAudience: context.audiences.intune };
  const kind = exchange.query.get('querycriteria') === 'compliance' ? 'complianceList' : 'complianceDevice';
  switch (path.replace(/\/$/, '').toLowerCase()) {
    case '/ciscoise/mdminfo':
      return { kind: 'complianceInfo', method: 'GET', answer: () => answerNacInformation(exchange, service) };
    case '/ciscodeviceinfo/mdm/api/devices':
      return { kind, method: 'GET', answer: () => answerNacXmlQuery(exchange, service) };
    case '/devices':
      return { kind, method: 'GET', answer: () => answerNacJsonQuery(exchange, service) };
    default:
      return undefined;
  }
}

function decodedPath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
