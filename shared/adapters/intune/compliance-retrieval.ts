// Intune's Compliance Retrieval service (NAC 2.0), asked in the Cisco MDM dialect, the only one that is publicly known.
// Microsoft: https://learn.microsoft.com/mem/intune/protect/network-access-control-integrate

import { randomUUID } from 'node:crypto';
import { isDeviceId } from '../../domain/device/device.ts';
import { toInstant } from '../../domain/instant.ts';
import { SourceError } from '../../errors.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type { Clock } from '../../ports/clock.ts';
import type { NoncompliantList, RetrievedDevice, Verdicts } from '../../ports/compliance-retrieval.ts';
import { type ComplianceAnswer, type ListedDevice, readComplianceXml } from '../cisco-mdm/read-compliance-xml.ts';
import type { TokenSource } from '../entra/token-source.ts';
import type { ServiceDiscovery } from '../graph/service-discovery.ts';
import type { HttpAnswer, HttpsTransport } from '../https/https-transport.ts';
import { complianceRefusal } from './compliance-refusal.ts';

export interface ComplianceRetrievalDeps {
  readonly discovery: ServiceDiscovery;
  readonly tokens: TokenSource;
  readonly transport: HttpsTransport;
  /** Audience of the Intune API, with its slash at the end: `https://api.manage.microsoft.com/`. */
  readonly audience: string;
  readonly clock: Clock;
}

/** No limit is published for single devices; this asks about 10,000 devices in under nine minutes. */
const PACE = { capacity: 20, perSecond: 20 } as const;
const AT_ONCE = 8;
/** The documented wall: a list that is asked for sooner is answered with 503. */
const LIST_WALL_MS = 4 * 60 * 60_000;
/** After a 503 another product may keep the same hours: with a spread, ours drift into the open ones. */
const SPREAD_MS = 30 * 60_000;

export function createComplianceRetrieval(deps: ComplianceRetrievalDeps): Verdicts & NoncompliantList {
  const { discovery, clock } = deps;

  /** `undefined` for 404, which stands for "no such device". */
  async function ask(
    query: string,
    kind: 'device' | 'list',
    signal?: AbortSignal,
  ): Promise<ComplianceAnswer | undefined> {
    try {
      const answer = await send(deps, query, signal);
      if (answer.status === 404 && kind === 'device') {
        // A 404 may also mean that the service has moved away from this address.
        discovery.forget();
        return undefined;
      }
      if (answer.status === 401 || answer.status === 403) deps.tokens.refused(deps.audience);
      if (answer.status !== 200) throw complianceRefusal(answer, kind, clock.now());
      return readComplianceXml(answer.body);
    } catch (thrown) {
      if (thrown instanceof SourceError && thrown.code !== 'NAC_SOURCE_THROTTLED' && !signal?.aborted)
        discovery.forget();
      throw thrown;
    }
  }

  async function readOne(
    query: string,
    isAsked: (device: ListedDevice, whole: boolean) => boolean,
    { signal }: CallOptions = {},
  ) {
    const requestedAt = toInstant(clock.now());
    const answer = await ask(query, 'device', signal);
    if (answer === undefined) return { requestedAt };
    const device = theOneAsked(answer, isAsked);
    return device === undefined || device.registered === false
      ? { requestedAt }
      : { requestedAt, device: known(device) };
  }

  return {
    pace: PACE,
    atOnce: AT_ONCE,
    leastIntervalMs: LIST_WALL_MS,
    spreadMs: SPREAD_MS,
    async readByDeviceId(id, options) {
      if (!isDeviceId(id)) return { requestedAt: toInstant(clock.now()) };
      const query = `paging=0&querycriteria=guid&value=${encodeURIComponent(id)}&filter=all`;
      return readOne(query, (device) => device.id === id, options);
    },
    async readByMac(mac, options) {
      const query = `paging=0&querycriteria=macaddress&value=${mac.toUpperCase()}&filter=all`;
      // The answer need not repeat the address, but one that names another is about another device.
      const isAsked = (device: ListedDevice, whole: boolean) =>
        device.mac === mac || (device.mac === undefined && whole);
      const reading = await readOne(query, isAsked, options);
      return reading.device ? { ...reading, device: { ...reading.device, mac } } : reading;
    },
    async listNoncompliant(cursor = '0') {
      const requestedAt = toInstant(clock.now());
      const query = `paging=${encodeURIComponent(cursor)}&querycriteria=compliance&value=false&deviceidentifier=macaddress&filter=all`;
      const answer = await ask(query, 'list');
      const devices = (answer?.devices ?? []).filter(({ registered }) => registered !== false).map(known);
      const nextCursor = answer?.nextPage;
      if (nextCursor === cursor) throw pageLoop();
      const next = nextCursor === undefined ? {} : { nextCursor };
      return { requestedAt, devices, problems: answer?.problems ?? [], ...next };
    },
  };
}

async function send(
  { discovery, tokens, transport, audience }: ComplianceRetrievalDeps,
  query: string,
  signal?: AbortSignal,
): Promise<HttpAnswer> {
  const [root, token] = await Promise.all([discovery.find(), tokens.getToken(audience, { signal })]);
  const headers = {
    authorization: `Bearer ${token}`,
    accept: 'application/xml',
    'client-request-id': randomUUID(),
  };
  return transport.send('GET', complianceDevicesUrl(root, query), headers, undefined, { signal });
}

export function complianceDevicesUrl(root: string, query: string): string {
  // Some tenants' endpoints may name the dialect already.
  const dialect = /\/cisco$/i.test(root) ? root : `${root}/cisco`;
  return `${dialect}/devices/?${query}`;
}

/**
 * A service that ignores the question answers with other devices: their verdict must not count for the one asked for.
 */
function theOneAsked(
  { devices, problems }: ComplianceAnswer,
  isAsked: (device: ListedDevice, whole: boolean) => boolean,
): ListedDevice | undefined {
  const [device, other] = devices.filter((each) => isAsked(each, problems.length === 0));
  if (other !== undefined) throw unusable('names several devices for one question');
  if (device !== undefined) return device;
  if (devices.length > 0) throw unusable('is about another device than the one asked for');
  const [problem] = problems;
  if (problem !== undefined) throw unusable(`cannot be used: ${problem.field} ${problem.problem}`);
  return undefined;
}

function known({ registered, ...device }: ListedDevice): RetrievedDevice {
  return device;
}

function unusable(problem: string): SourceError {
  return new SourceError('NAC_SOURCE_RECORD', `An answer of the Compliance Retrieval service ${problem}.`, {
    action: 'What is stored of the device stays; it is asked again by itself.',
  });
}

function pageLoop(): SourceError {
  return new SourceError('NAC_SOURCE_PAGE_LOOP', 'A page of the noncompliant list leads to itself.', {
    action: 'The list is asked for again by itself.',
    field: 'paging_info',
  });
}
