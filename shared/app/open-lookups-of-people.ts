// Wires what people look up: devices, sessions, one box for everything, hits of rules.

import { TableClientStore } from '../adapters/table-storage/table-client-store.ts';
import { TableCountStore } from '../adapters/table-storage/table-count-store.ts';
import { TableDecisionStore } from '../adapters/table-storage/table-decision-store.ts';
import { TableDeviceStore } from '../adapters/table-storage/table-device-store.ts';
import { TableIdentityStore } from '../adapters/table-storage/table-identity-store.ts';
import { TableJobStore } from '../adapters/table-storage/table-job-store.ts';
import { TableOverrideStore } from '../adapters/table-storage/table-override-store.ts';
import { TableSessionStore } from '../adapters/table-storage/table-session-store.ts';
import { deviceView } from '../console/device-view.ts';
import { listClients } from '../console/list-clients.ts';
import { listSessions, readSessionQuery } from '../console/list-sessions.ts';
import { readHitsQuery, ruleHits } from '../console/rule-hits.ts';
import { search } from '../console/search.ts';
import { readAssumedQuestion, type WhatItGetsDeps, whatItGets } from '../console/what-it-gets.ts';
import type { DeviceKey } from '../domain/device/device.ts';
import { toInstant } from '../domain/instant.ts';
import type { Session } from '../domain/session/session.ts';
import { type Sites, siteNamed } from '../domain/sites.ts';
import type { JobFilter, JobPage } from '../enforcement/list-jobs.ts';
import type { ClientList } from '../http/schemas/client.ts';
import type { DeviceView, WhatItGets } from '../http/schemas/device.ts';
import type { RuleHits } from '../http/schemas/policy.ts';
import type { SearchResult } from '../http/schemas/search.ts';
import type { SessionPage } from '../http/schemas/session.ts';
import { decideAgain } from '../lookup/decide-again.ts';
import { type FactsDeps, factsOfRecords } from '../lookup/gather-facts.ts';
import { otherRecords, rulesAt, versionOf } from '../lookup/join-records.ts';
import { recordsFor, siteRecords } from '../lookup/site-records.ts';
import { nameDevice } from '../policy/name-device.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { SeenRecords } from '../ports/site-records.ts';
import { type Context, joinRules, reachableWithin } from './context.ts';
import { openOverrideSource, openPolicySource } from './open-policy-source.ts';
import { openSweepStatus } from './sweep-status.ts';

/** Of a search and of one device; a list has a time of its own. */
const DEADLINE_MS = 15_000;
const MOST_JOBS = 50;
const POLICY_MEMORY_MS = 10_000;
const OVERRIDES_WITHIN_MS = { first: 5_000, again: 2_000 };

export type SiteOf = (asked: string | undefined) => Sites;

/** @param listJobs absent where nothing enforces */
export async function openLookupsOfPeople(
  context: Context,
  listJobs: ((filter: JobFilter) => Promise<JobPage>) | undefined,
) {
  const { settings, sources, clock, log, openTables, scope } = context;
  const tables = await openTables('background');
  const devices = new TableDeviceStore(tables.devices);
  const identities = new TableIdentityStore(tables.identities);
  const clients = new TableClientStore(tables.clients);
  const policies = openPolicySource(context, tables, POLICY_MEMORY_MS);
  const overrideStore = new TableOverrideStore(tables.policies, log);
  const records = siteRecords({ devices, identities, scope });
  const sweepStatus = openSweepStatus(context, tables);
  const { maxCheckInAgeMs } = settings;
  const deciding = {
    records,
    policies,
    overrides: openOverrideSource(context, tables, OVERRIDES_WITHIN_MS),
    sweepStatus,
    maxCheckInAgeMs,
    sourceReachableMs: reachableWithin(sources),
    joins: joinRules(sources),
    clock,
  };
  const shared = {
    sessions: new TableSessionStore(tables.sessions, { clock, log }),
    decisions: new TableDecisionStore(tables.sessions, log),
    jobs: new TableJobStore(tables),
    counts: new TableCountStore(tables.polling, log),
    decideAgain: (session: Session) => decideAgain(deciding, session),
    overrides: async () => (await overrideStore.list()).map(({ override }) => override),
    policy: async () => (await policies.current()).policy,
    reachableWithin: reachableWithin(sources),
    siteKeys: () => clients.siteKeys(),
    get sources() {
      return sources.known.map(({ name }) => name);
    },
    sweepStatus,
    maxCheckInAgeMs,
    clock,
  };
  const inTime = <T>(work: (options: CallOptions) => Promise<T>): Promise<T> =>
    clock.within(DEADLINE_MS, (signal) => work({ signal }));
  const now = () => toInstant(clock.now());
  /** The id of a device of any source, or what else one device is called by. */
  const named = async (text: string, sites: Sites): Promise<DeviceKey> => {
    const seen = await recordsFor(records, sites);
    for (const { name: source } of await sources.inForce()) {
      const key = { source, id: text.toLowerCase() };
      if ((await seen.read(key)) !== undefined) return key;
    }
    return nameDevice(seen, text, 'id');
  };

  return {
    search: (q: string, sites: Sites): Promise<SearchResult> =>
      inTime(async (options) => {
        const seen = await recordsFor(records, sites);
        return search({ ...shared, records: seen, macs: identities }, q, sites, options);
      }),
    device: (text: string, sites: Sites): Promise<DeviceView> =>
      inTime(async (options) => {
        const key = await named(text, sites);
        const jobs =
          listJobs &&
          ((device: DeviceKey, since: string) => listJobs({ sites, deviceId: device.id, since, limit: MOST_JOBS }));
        const { jobs: _, ...deps } = shared;
        const seen = await recordsFor(records, sites);
        return deviceView({ ...deps, records: seen, ...(jobs && { jobs }) }, key, sites, options);
      }),
    whatItGets: (text: string, query: Iterable<[string, string]>, sites: Sites, siteOf: SiteOf): Promise<WhatItGets> =>
      inTime(async (options) => {
        const assumed = readAssumedQuestion(query, now());
        siteOf(assumed.site || undefined);
        const key = await named(text, sites);
        const seen = await recordsFor(records, sites);
        const there = assumed.site === '' ? seen : await recordsFor(records, siteNamed(assumed.site));
        const recordsOf = recordsOfDevice(deciding, there);
        return whatItGets({ ...shared, records: seen, counts: there.counts, recordsOf }, key, assumed, options);
      }),
    sessions(query: Iterable<[string, string]>, siteOf: SiteOf): Promise<SessionPage> {
      const { site, ...filter } = readSessionQuery(query, now());
      return listSessions(shared, { ...filter, sites: siteOf(site) });
    },
    clients: (sites: Sites): Promise<ClientList> =>
      inTime((options) => listClients({ ...shared, clients }, sites, now(), options)),
    hits: (query: Iterable<[string, string]>, sites: Sites): Promise<RuleHits> =>
      inTime(async (options) => ruleHits(shared.counts, readHitsQuery(query, now()), sites, options)),
  };
}

/** As a lookup joins them, of those that the asker may see. */
function recordsOfDevice(deps: FactsDeps, seen: SeenRecords): WhatItGetsDeps['recordsOf'] {
  const joins = rulesAt(deps.joins, seen);
  return async (stored, at, options) => {
    const joined = await otherRecords(seen, joins, stored, options);
    if (joined === 'too-many') return { facts: { standing: 'ambiguous', marks: [] }, joined: [] };
    const facts = await factsOfRecords({ ...deps, joins }, { stored, joined }, at, options);
    return { facts, joined: joined.map(versionOf) };
  };
}
