// Wires what operators ask about decisions that were made.

import { TableDecisionStore } from '../adapters/table-storage/table-decision-store.ts';
import { TableDeviceStore } from '../adapters/table-storage/table-device-store.ts';
import { TableJobStore } from '../adapters/table-storage/table-job-store.ts';
import { TableVersionStore } from '../adapters/table-storage/table-version-store.ts';
import { concurrently } from '../concurrently.ts';
import type { DeviceKey } from '../domain/device/device.ts';
import { toInstant } from '../domain/instant.ts';
import { includesSite, type Sites } from '../domain/sites.ts';
import {
  type ExplainDeps,
  type ExplainedDecision,
  explainDecision,
  type ReplayedDecision,
  replayDecision,
} from '../policy/explain-decision.ts';
import { type AskedDecisions, readDecisionQuery, readDecisionSearch } from '../policy/read-decision-query.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { DecisionPage } from '../ports/decision-store.ts';
import { sourcesAt } from '../ports/source-scope.ts';
import type { Context } from './context.ts';
import { openPolicyReader } from './open-policy-reader.ts';
import { policyOfSettings } from './open-policy-source.ts';

/**
 * A list that takes longer has a filter that finds next to nothing in a long time: then it ends with what was found.
 */
const LIST_DEADLINE_MS = 30_000;
const READ_AT_ONCE = 8;
/** Of one id: a query takes few comparisons, and few sources have a device of the same id. */
const MOST_KEYS = 6;

export type DecisionAudit = ReturnType<Awaited<ReturnType<typeof openDecisions>>>;

export async function openDecisions({ settings, clock, log, scope, openTables }: Context) {
  const tables = await openTables('background');
  const deps: ExplainDeps = {
    decisions: new TableDecisionStore(tables.sessions, log),
    jobs: new TableJobStore(tables),
    store: new TableVersionStore(tables.policies, 'policy'),
    readPolicy: openPolicyReader(tables),
    builtIn: policyOfSettings(settings),
  };
  const devices = new TableDeviceStore(tables.devices);
  const keysOf = async (id: string, source: string | undefined, sites: Sites): Promise<readonly DeviceKey[]> => {
    const { names } = await sourcesAt(scope, sites);
    const keys = (source === undefined ? names : [source]).map((name) => ({ source: name, id }));
    if (keys.length === 1) return keys;
    const isStored = await concurrently(keys, READ_AT_ONCE, async (key) => (await devices.read(key)) !== undefined);
    const stored = keys.filter((_, place) => isStored[place]);
    return (stored.length > 0 ? stored : keys).slice(0, MOST_KEYS);
  };
  const listed = async (
    { site, deviceId, ...asked }: AskedDecisions,
    sitesFor: (asked: string | undefined) => Sites,
  ): Promise<DecisionPage> => {
    const sites = sitesFor(site);
    const keys = deviceId !== undefined && (await keysOf(deviceId, asked.filter.source, sites));
    const filter = { ...asked.filter, ...(keys && { devices: keys }) };
    return deps.decisions.list({ ...asked, filter, sites }, options());
  };
  /** A decision of another site is as unknown as one that never was. */
  const ofSites = (sites: Sites): ExplainDeps => ({
    ...deps,
    decisions: {
      ...deps.decisions,
      read: async (id, call) => {
        const record = await deps.decisions.read(id, call);
        return record !== undefined && includesSite(sites, record.site) ? record : undefined;
      },
    },
  });
  const options = (): CallOptions => ({ signal: clock.deadline(LIST_DEADLINE_MS) });
  /**
   * @param sites those whose decisions the asker may see
   * @param sitesFor the same, for the one that is asked for; throws where it is another
   */
  return (sites: Sites, sitesFor: (asked: string | undefined) => Sites) => ({
    list: (query: Iterable<[string, string]>): Promise<DecisionPage> =>
      listed(readDecisionQuery(query, toInstant(clock.now())), sitesFor),
    search: (body: string): Promise<DecisionPage> => listed(readDecisionSearch(body, toInstant(clock.now())), sitesFor),
    explain: (id: string): Promise<ExplainedDecision> => explainDecision(ofSites(sites), id, options()),
    replay: (id: string, version: string): Promise<ReplayedDecision> =>
      replayDecision(ofSites(sites), id, version, options()),
  });
}
