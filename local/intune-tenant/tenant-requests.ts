// Sends each request of the HTTPS listener to the part of the tenant that answers it, unless a script answers first.

import type { AccessTokens } from './access-tokens.ts';
import type { AppRegistration } from './app-registration.ts';
import {
  answerComplianceInformation,
  answerComplianceQuery,
  COMPLIANCE_RETRIEVAL_PATH,
  type ComplianceRetrievalContext,
} from './compliance-retrieval.ts';
import type { DirectoryPeople } from './directory-people.ts';
import type { EntraDirectory } from './entra-directory.ts';
import type { Fleet } from './fleet.ts';
import { answerGraphError, graphCall } from './graph-answer.ts';
import { answerBatch } from './graph-batch.ts';
import { answerDevicesDelta } from './graph-devices-delta.ts';
import { directoryAnswer } from './graph-directory.ts';
import { answerManagedDevice, answerManagedDevices } from './graph-managed-devices.ts';
import { answerServiceEndpoints } from './graph-service-endpoints.ts';
import type { HttpExchange } from './http-exchange.ts';
import { answerNacInformation, answerNacJsonQuery, answerNacXmlQuery, NAC_SERVICE_PATH } from './nac-service.ts';
import { answerOpenIdConfiguration, answerSigningKeys } from './openid-discovery.ts';
import type { PageCache } from './page-cache.ts';
import { answerAuthorize, answerLogout } from './people/authorize-endpoint.ts';
import type { ConsoleRegistration } from './people/console-registration.ts';
import { readyAnswer } from './ready-answers.ts';
import type { RequestCounts, RequestKind } from './request-counts.ts';
import type { RequestThrottle } from './request-throttle.ts';
import { SCRIPT_TARGETS } from './script.ts';
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
  /** The registration that people sign in to. */
  readonly console: ConsoleRegistration;
  readonly people: DirectoryPeople;
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

const OPENID_CONFIGURATION = /^\/([^/]+)\/v2\.0\/\.well-known\/openid-configuration$/;
const AUTHORIZE = /^\/([^/]+)\/oauth2\/v2\.0\/authorize$/;
const LOGOUT = /^\/([^/]+)\/oauth2\/v2\.0\/logout$/;
const SIGNING_KEYS = /^\/([^/]+)\/discovery\/v2\.0\/keys$/;
const TOKEN = /^\/([^/]+)\/oauth2\/v2\.0\/token$/;
const TOKEN_OF_VERSION_1 = /^\/([^/]+)\/oauth2\/token$/;
const SERVICE_ENDPOINTS = /^\/v1\.0\/servicePrincipals(?:\/appId=([^/]+)|\(appId='([^/]+)'\))\/endpoints$/i;
const DEVICES_DELTA = /^\/v1\.0\/devices\/(?:microsoft\.graph\.)?delta(?:\(\))?$/i;
const BATCH = /^\/v1\.0\/\$batch$/i;
const MANAGED_DEVICES = /^\/v1\.0\/deviceManagement\/managedDevices\/?$/i;
const MANAGED_DEVICE = /^\/v1\.0\/deviceManagement\/managedDevices(?:\/([^/]+)|\('?([^/']+)'?\))$/i;

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
    if (INTUNE_READS.includes(kind) && throttled(exchange, context)) {
      return;
    }
    await answer();
  });
}

const INTUNE_READS: readonly RequestKind[] = ['page', 'device'];
const THROTTLE_WINDOW_SECONDS = 20;

function throttled(exchange: HttpExchange, context: TenantContext): boolean {
  const now = context.now();
  const wait = context.throttle.admit(now, context.behaviour.current.intuneRequestLimit, THROTTLE_WINDOW_SECONDS);
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
  const target = SCRIPT_TARGETS.find((known) => known === kind);
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

  const tokenTenant = TOKEN.exec(path)?.[1];
  if (tokenTenant !== undefined) {
    return { kind: 'token', method: undefined, answer: () => answerTokenRequest(exchange, tokenTenant, context) };
  }
  const tenantOfVersion1 = TOKEN_OF_VERSION_1.exec(path)?.[1];
  if (tenantOfVersion1 !== undefined) {
    const answer = () => answerTokenRequest(exchange, tenantOfVersion1, context, 'v1');
    return { kind: 'token', method: undefined, answer };
  }
  const discoveryTenant = OPENID_CONFIGURATION.exec(path)?.[1];
  if (discoveryTenant !== undefined) {
    const answer = () => answerOpenIdConfiguration(exchange, discoveryTenant, context);
    return { kind: 'discovery', method: 'GET', answer };
  }
  const authorizeTenant = AUTHORIZE.exec(path)?.[1];
  const people = { console: context.console, tenantId: context.registration.tenantId };
  if (authorizeTenant !== undefined) {
    return { kind: 'signIn', method: 'GET', answer: () => answerAuthorize(exchange, authorizeTenant, people) };
  }
  if (LOGOUT.test(path)) {
    return { kind: 'signIn', method: 'GET', answer: () => answerLogout(exchange, people) };
  }
  const keysTenant = SIGNING_KEYS.exec(path)?.[1];
  if (keysTenant !== undefined) {
    return { kind: 'keys', method: 'GET', answer: () => answerSigningKeys(exchange, keysTenant, context) };
  }
  const principal = SERVICE_ENDPOINTS.exec(path);
  const appId = principal?.[1] ?? principal?.[2];
  if (appId !== undefined) {
    return { kind: 'endpoints', method: 'GET', answer: () => answerServiceEndpoints(call(), appId, context) };
  }
  if (MANAGED_DEVICES.test(path)) {
    return { kind: 'page', method: 'GET', answer: () => answerManagedDevices(call(), context) };
  }
  const device = MANAGED_DEVICE.exec(path);
  const id = device?.[1] ?? device?.[2];
  if (id !== undefined) {
    return { kind: 'device', method: 'GET', answer: () => answerManagedDevice(call(), id, context) };
  }
  if (DEVICES_DELTA.test(path)) {
    return { kind: 'delta', method: 'GET', answer: () => answerDevicesDelta(call(), context) };
  }
  const directory = directoryAnswer(path, context);
  if (directory !== undefined) {
    return { kind: directory.kind, method: directory.method, answer: () => directory.answer(call()) };
  }
  if (BATCH.test(path)) {
    const answerStep = (step: HttpExchange): Promise<void> => answerTenantRequest(step, context);
    return { kind: 'batch', method: 'POST', answer: () => answerBatch(call(), context, answerStep) };
  }
  if (path.startsWith(`${COMPLIANCE_RETRIEVAL_PATH}/`)) {
    const query = complianceRoute(path.slice(COMPLIANCE_RETRIEVAL_PATH.length), exchange, context);
    if (query !== undefined) {
      return query;
    }
  }
  if (path.toLowerCase().startsWith(`${NAC_SERVICE_PATH}/`.toLowerCase())) {
    const query = nacServiceRoute(path.slice(NAC_SERVICE_PATH.length), exchange, context);
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
