// One box for everything: what a text may be is looked up at once, each by a row or an index, and nothing is scanned.

import { concurrently } from '../concurrently.ts';
import { type DeviceKey, deviceKeyText, isDeviceId, parseDeviceKeyText } from '../domain/device/device.ts';
import { claims } from '../domain/device/device-identities.ts';
import { bareGuid } from '../domain/guid-forms.ts';
import type { IdentityKind, Pointer } from '../domain/identity/identity.ts';
import { canIdentifyDevice, parseMacAddress } from '../domain/mac-address.ts';
import { parseDecisionId } from '../domain/policy/decision-id.ts';
import type { Session } from '../domain/session/session.ts';
import { stationId } from '../domain/session/session-id.ts';
import { includesSite, type Sites } from '../domain/sites.ts';
import type { SearchHit, SearchResult } from '../http/schemas/search.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { DecisionStore } from '../ports/decision-store.ts';
import type { StoredDevice } from '../ports/device-store.ts';
import type { MacSearch } from '../ports/identity-store.ts';
import type { JobStore } from '../ports/job-store.ts';
import type { SessionStore } from '../ports/session-store.ts';
import type { SeenRecords } from '../ports/site-records.ts';

export interface SearchDeps {
  /** Those that the asker's sites may see. */
  readonly records: SeenRecords;
  readonly macs: MacSearch;
  readonly sessions: Pick<SessionStore, 'read' | 'listStation'>;
  readonly decisions: Pick<DecisionStore, 'read'>;
  readonly jobs: Pick<JobStore, 'read'>;
  /** Names of sources: an id may be of each. */
  readonly sources: readonly string[];
  readonly siteKeys: () => Promise<readonly { readonly site: string; readonly sessionKey: string }[]>;
}

const MOST_HITS = 50;
/** Of one meaning of the text. */
const MOST_DEVICES = 20;
/** Of those whose address begins with digits: a vendor's are many, and each shown one is read. */
const MOST_BY_MAC_START = 8;
const AT_ONCE = 16;
/** A station has an id of its own at each site. */
const MOST_SITES = 200;

interface Found {
  readonly hits: readonly SearchHit[];
  /** What was left out. */
  readonly cut?: string;
}

type FoundBy = SearchHit['foundBy'];

const TEXT_KINDS = [
  ['name', 'device name'],
  ['serialNumber', 'serial number'],
] as const satisfies readonly (readonly [IdentityKind, FoundBy])[];
/** None of these has fewer characters than {@link SHORTEST_LONG} (an MEID: 3GPP2 S.R0048, 14 digits). */
const LONG_KINDS = [
  ['imei', 'IMEI'],
  ['meid', 'MEID'],
  ['udid', 'UDID'],
] as const satisfies readonly (readonly [IdentityKind, FoundBy])[];
const SHORTEST_LONG = 14;

/** @param q as a person typed it, at most 253 characters */
export async function search(deps: SearchDeps, q: string, sites: Sites, options: CallOptions): Promise<SearchResult> {
  const text = q.trim();
  const mac = parseMacAddress(text);
  const found = await Promise.all([
    ...(mac === undefined ? [] : [stationHits(deps, mac, sites, options)]),
    idHits(deps, text, sites, options),
    deviceIdHits(deps, text, options),
    ...meanings(text).map(([identity, foundBy]) => identityHits(deps, identity, foundBy, options)),
    macPartHits(deps, text, options),
  ]);
  const hits = new Map<string, SearchHit>();
  for (const hit of found.flatMap((each) => each.hits)) {
    const key = `${hit.kind} ${hit.source ?? ''} ${hit.id}`;
    if (!hits.has(key)) hits.set(key, hit);
  }
  const cuts = found.flatMap(({ cut }) => cut ?? []);
  if (hits.size > MOST_HITS) cuts.push(`${hits.size - MOST_HITS} more hits are not shown.`);
  const cut = [...new Set(cuts)].join(' ');
  return { q, hits: [...hits.values()].slice(0, MOST_HITS), complete: cut === '', ...(cut !== '' && { cut }) };
}

/** Everything that the text may be of a device. */
function meanings(text: string): readonly (readonly [Pointer, FoundBy])[] {
  const guid = bareGuid(text);
  const mac = parseMacAddress(text);
  const value = text.toLowerCase();
  const digits = digitsOf(text);
  return [
    ...(guid === undefined ? [] : [[{ kind: 'entraDeviceId', value: guid }, 'Entra device id'] as const]),
    ...(mac !== undefined && canIdentifyDevice(mac) ? [[{ kind: 'mac', value: mac }, 'MAC address'] as const] : []),
    ...(value.includes('@') ? [[{ kind: 'user', value }, 'user'] as const] : []),
    ...[...TEXT_KINDS, ...(value.length < SHORTEST_LONG ? [] : LONG_KINDS)].map(
      ([kind, foundBy]) => [{ kind, value }, foundBy] as const,
    ),
    ...(/^[0-9a-f]{6}$/.test(digits)
      ? [[{ kind: 'macEnd', value: digits }, 'last digits of a MAC address'] as const]
      : []),
  ];
}

async function identityHits(
  deps: SearchDeps,
  identity: Pointer,
  foundBy: FoundBy,
  options: CallOptions,
): Promise<Found> {
  const { devices, more } = await deps.records.readOwners(identity, options);
  const hits = await deviceHits(
    deps,
    devices.slice(0, MOST_DEVICES),
    foundBy,
    (record) => claims(record, identity),
    options,
  );
  return more || devices.length > MOST_DEVICES ? { hits, cut: `More devices have this ${foundBy}.` } : { hits };
}

async function deviceHits(
  { records }: SearchDeps,
  keys: readonly string[],
  foundBy: FoundBy,
  isIt: (record: StoredDevice) => boolean,
  options: CallOptions,
): Promise<SearchHit[]> {
  const found = await concurrently(keys, AT_ONCE, (key) => records.read(parseDeviceKeyText(key), options));
  return found.flatMap((record) => (record !== undefined && isIt(record) ? deviceHit(record, foundBy) : []));
}

function deviceHit({ device }: StoredDevice, foundBy: FoundBy): SearchHit {
  const { source, id, name, complianceState, userPrincipalName } = device;
  return {
    kind: 'device',
    foundBy,
    path: `/api/devices/${encodeURIComponent(id)}`,
    id,
    title: name ?? id,
    source,
    complianceState,
    ...(userPrincipalName !== undefined && { user: userPrincipalName }),
  };
}

async function deviceIdHits(deps: SearchDeps, text: string, options: CallOptions): Promise<Found> {
  const id = bareGuid(text) ?? text.toLowerCase();
  if (!isDeviceId(id)) return { hits: [] };
  const keys = deps.sources.map((source): DeviceKey => ({ source, id }));
  return { hits: await deviceHits(deps, keys.map(deviceKeyText), 'device id', () => true, options) };
}

function digitsOf(text: string): string {
  return text.toLowerCase().replaceAll(/[\s:.-]/g, '');
}

/** Six digits and more, in any notation; fewer lead to half the fleet. */
async function macPartHits(deps: SearchDeps, text: string, options: CallOptions): Promise<Found> {
  const digits = digitsOf(text);
  if (!/^[0-9a-f]{6,11}$/.test(digits)) return { hits: [] };
  const foundBy = 'first digits of a MAC address';
  const { keys, more } = await deps.macs.findByMacStart(digits, MOST_BY_MAC_START, options);
  const begins = ({ device, presence }: StoredDevice): boolean =>
    presence === 'present' && [device.wifiMac, device.ethernetMac].some((mac) => mac?.startsWith(digits));
  const hits = await deviceHits(deps, keys, foundBy, begins, options);
  return more ? { hits, cut: 'More addresses begin with these digits.' } : { hits };
}

async function stationHits(deps: SearchDeps, mac: string, sites: Sites, options: CallOptions): Promise<Found> {
  const keys = (await deps.siteKeys()).filter(({ site }) => includesSite(sites, site));
  const found = await concurrently(keys.slice(0, MOST_SITES), AT_ONCE, ({ site, sessionKey }) =>
    deps.sessions.listStation(stationId({ name: '', site, sessionKey }, { callingStationId: mac }), options),
  );
  const hits = found.flat().map((session) => sessionHit(session, 'MAC address'));
  return keys.length > MOST_SITES ? { hits, cut: 'Sessions of more sites were not looked for.' } : { hits };
}

function sessionHit({ id, site, mac, decision }: Session, foundBy: FoundBy): SearchHit {
  return {
    kind: 'session',
    foundBy,
    path: `/api/decisions?session=${id}`,
    id,
    title: decision.device?.name ?? mac ?? id,
    site,
    ...(mac !== undefined && { mac }),
    at: decision.decidedAt,
  };
}

/** A session, a decision or a job: their ids begin with that of the session. */
async function idHits(deps: SearchDeps, text: string, sites: Sites, options: CallOptions): Promise<Found> {
  const id = text.toLowerCase();
  if (/^[0-9a-f]{20}$/.test(id)) {
    const session = await deps.sessions.read(id, options);
    return { hits: session && includesSite(sites, session.site) ? [sessionHit(session, 'session id')] : [] };
  }
  if (parseDecisionId(id) !== undefined) {
    const record = await deps.decisions.read(id, options);
    if (record === undefined || !includesSite(sites, record.site)) return { hits: [] };
    const { mac, site, decision } = record;
    const hit: SearchHit = {
      kind: 'decision',
      foundBy: 'decision id',
      path: `/api/decisions/${encodeURIComponent(id)}`,
      id,
      title: decision.device?.name ?? mac ?? id,
      site,
      ...(mac !== undefined && { mac }),
      at: decision.decidedAt,
    };
    return { hits: [hit] };
  }
  const [, sessionId] = /^\d{13}-([0-9a-f]{20})-[\w-]{1,80}$/.exec(text) ?? [];
  return sessionId === undefined ? { hits: [] } : { hits: await jobHits(deps, text, sessionId, sites, options) };
}

/** The site stands in the session; where that is gone, each site is asked. */
async function jobHits(
  deps: SearchDeps,
  id: string,
  sessionId: string,
  sites: Sites,
  options: CallOptions,
): Promise<SearchHit[]> {
  const session = await deps.sessions.read(sessionId, options);
  const known = session === undefined ? (await deps.siteKeys()).map(({ site }) => site) : [session.site];
  const seen = known.filter((site) => includesSite(sites, site)).slice(0, MOST_SITES);
  const jobs = await concurrently(seen, AT_ONCE, (site) => deps.jobs.read(site, id));
  return jobs.flatMap((stored): SearchHit[] => {
    if (stored === undefined) return [];
    const { site, decidedAt, stage } = stored.job;
    const path = `/api/jobs?${new URLSearchParams({ site, session: sessionId })}`;
    return [{ kind: 'job', foundBy: 'job id', path, id, title: stage, site, at: decidedAt }];
  });
}
