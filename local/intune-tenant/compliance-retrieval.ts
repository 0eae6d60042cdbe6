// The Compliance Retrieval service of Intune ("NAC 2.0") in the only dialect that is publicly known, Cisco's XML: one
// device by Intune device ID or MAC address, and the list of noncompliant devices.

import type { AccessTokens } from './access-tokens.ts';
import type { ComplianceWall } from './compliance-wall.ts';
import { type ComplianceEntry, complianceDocument, informationDocument } from './compliance-xml.ts';
import { macDigits } from './device-index.ts';
import type { Fleet } from './fleet.ts';
import type { AnswerHeaders, HttpExchange } from './http-exchange.ts';
import type { ManagedDevice } from './managed-device.ts';
import type { BehaviourSwitches, TenantBehaviour } from './tenant-behaviour.ts';

export const COMPLIANCE_RETRIEVAL_PATH =
  '/TrafficGateway/TrafficRoutingService/ResourceAccess/ComplianceRetrievalService';

export interface ComplianceRetrievalContext {
  readonly tokens: AccessTokens;
  readonly fleet: Fleet;
  readonly wall: ComplianceWall;
  readonly behaviour: BehaviourSwitches;
  /** Audience of the tokens that the service takes. */
  readonly intuneAudience: string;
  readonly now: () => Date;
}

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const MAC = /^[0-9A-F]{12}$/;

/** `GET .../ciscoise/mdminfo/?ise_api_version=3`: what the service is and where its devices are asked for. */
export async function answerComplianceInformation(
  exchange: HttpExchange,
  context: ComplianceRetrievalContext,
): Promise<void> {
  if (await authorized(exchange, context)) {
    answerXml(
      exchange,
      200,
      informationDocument({
        name: 'mdminfo',
        api_version: '3',
        api_path: `${COMPLIANCE_RETRIEVAL_PATH}/cisco`,
        redirect_url: 'https://portal.manage.microsoft.com/networkaccesscontrol/index',
        query_max_size: String(context.behaviour.current.complianceQueryMaxSize),
        messaging_support: 'false',
        vendor: 'Microsoft',
        product_name: 'Microsoft Intune',
        product_version: '5.0',
      }),
    );
  }
}

/** `GET .../cisco/devices/?paging=0&querycriteria=...&value=...&filter=all`. */
export async function answerComplianceQuery(
  exchange: HttpExchange,
  context: ComplianceRetrievalContext,
): Promise<void> {
  if (!(await authorized(exchange, context))) {
    return;
  }
  const { query } = exchange;
  const value = query.get('value') ?? '';
  const paging = query.get('paging') ?? '0';
  if (!/^\d{1,15}$/.test(paging) || query.get('filter') !== 'all') {
    answerXml(exchange, 400, '');
    return;
  }
  switch (query.get('querycriteria')) {
    case 'guid': {
      const device = context.fleet.find(value);
      answerDevices(exchange, context, GUID.test(value), device === undefined ? [] : [device], { guid: value });
      return;
    }
    case 'macaddress':
      answerDevices(exchange, context, MAC.test(value), MAC.test(value) ? context.fleet.withMac(value) : [], {
        macAddress: value,
      });
      return;
    case 'compliance':
      if (value === 'false') {
        answerNoncompliant(exchange, context, Number(paging), query.get('deviceidentifier') === 'macaddress');
        return;
      }
  }
  answerXml(exchange, 400, '');
}

function answerDevices(
  exchange: HttpExchange,
  context: ComplianceRetrievalContext,
  wellFormed: boolean,
  devices: readonly ManagedDevice[],
  asked: { readonly guid?: string; readonly macAddress?: string },
): void {
  const behaviour = context.behaviour.current;
  if (!wellFormed && behaviour.malformedValue === 'badRequest') {
    answerXml(exchange, 400, '');
    return;
  }
  if (devices.length === 0 && behaviour.unknownDevice === 'notFound') {
    answerXml(exchange, 404, '');
    return;
  }
  const unknown: readonly ComplianceEntry[] =
    behaviour.unknownDevice === 'notRegistered'
      ? [{ guid: asked.guid, macAddress: asked.macAddress, registered: false, compliant: undefined }]
      : [];
  const known = devices.map((device) => entry(device, asked.macAddress, behaviour));
  answerXml(
    exchange,
    200,
    complianceDocument(devices.length === 0 ? unknown : known, behaviour.complianceXmlNames, undefined),
  );
}

/** The first page is behind the wall; those that follow belong to the list that was started. */
function answerNoncompliant(
  exchange: HttpExchange,
  context: ComplianceRetrievalContext,
  place: number,
  byMac: boolean,
): void {
  const behaviour = context.behaviour.current;
  const now = context.now();
  const wait = place === 0 ? context.wall.start(now, behaviour.complianceWallSeconds) : 0;
  if (wait > 0) {
    answerXml(exchange, 503, '', retryAfter(behaviour.complianceWallRetryAfter, wait, now));
    return;
  }
  const page = context.fleet.page(place, behaviour.complianceQueryMaxSize, (device) => !compliant(device, behaviour));
  const entries = page.devices.map((device) => entry(device, byMac ? listedMac(device) : undefined, behaviour));
  answerXml(exchange, 200, complianceDocument(entries, behaviour.complianceXmlNames, page.next ?? 0));
}

/** Where the operating system hides the address, the service gives an empty one. */
function listedMac(device: ManagedDevice): string {
  return macDigits(device.wiFiMacAddress ?? '') || macDigits(device.ethernetMacAddress ?? '');
}

/** @param macAddress - Given when the answer is about MAC addresses. */
function entry(device: ManagedDevice, macAddress: string | undefined, behaviour: TenantBehaviour): ComplianceEntry {
  const identifiers = macAddress === undefined ? 'guid' : behaviour.macAnswerIdentifiers;
  return {
    guid: identifiers === 'macaddress' ? undefined : device.id,
    macAddress: identifiers === 'guid' ? undefined : macAddress,
    registered: true,
    compliant: compliant(device, behaviour),
  };
}

export function compliant(device: ManagedDevice, behaviour: TenantBehaviour): boolean {
  return behaviour.compliantStates.includes(device.complianceState);
}

function retryAfter(form: TenantBehaviour['complianceWallRetryAfter'], seconds: number, now: Date): AnswerHeaders {
  switch (form) {
    case 'none':
      return {};
    case 'seconds':
      return { 'retry-after': String(seconds) };
    case 'date':
      return { 'retry-after': new Date(now.getTime() + seconds * 1000).toUTCString() };
  }
}

/** What the service says to a bad token is not published; the status is all that a client can rely on. */
export async function authorized(
  exchange: HttpExchange,
  context: Pick<ComplianceRetrievalContext, 'tokens' | 'intuneAudience'>,
): Promise<boolean> {
  const token = /^Bearer\s+(\S+)$/i.exec(exchange.header('authorization') ?? '')?.[1];
  const check = token === undefined ? undefined : await context.tokens.check(token, [context.intuneAudience]);
  if (check?.valid !== true) {
    answerXml(exchange, 401, '', { 'www-authenticate': 'Bearer' });
    return false;
  }
  if (!check.roles.includes('get_device_compliance')) {
    answerXml(exchange, 403, '');
    return false;
  }
  return true;
}

export function answerXml(exchange: HttpExchange, status: number, body: string, headers: AnswerHeaders = {}): void {
  exchange.answer(status, { 'content-type': 'application/xml; charset=utf-8', ...headers }, body);
}
