// Wires what operators ask about decisions that were made.

import { TableDecisionStore } from '../adapters/table-storage/table-decision-store.ts';
import { TableJobStore } from '../adapters/table-storage/table-job-store.ts';
import { TableVersionStore } from '../adapters/table-storage/table-version-store.ts';
import { toInstant } from '../domain/instant.ts';
import {
  type ExplainDeps,
  type ExplainedDecision,
  explainDecision,
  type ReplayedDecision,
  replayDecision,
} from '../policy/explain-decision.ts';
import { readDecisionQuery, readDecisionSearch } from '../policy/read-decision-query.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { DecisionPage, DecisionQuery } from '../ports/decision-store.ts';
import { CERTIFICATE_SOURCE, type Context } from './context.ts';
import { openPolicyReader } from './open-policy-reader.ts';
import { policyOfSettings } from './open-policy-source.ts';
import { otherSiteError } from './operator-access.ts';

/**
 * A list that takes longer has a filter that finds next to nothing in a long time: then it ends with what was found.
 */
const LIST_DEADLINE_MS = 30_000;

export type DecisionAudit = ReturnType<Awaited<ReturnType<typeof openDecisions>>>;

export async function openDecisions({ settings, clock, log, openTables }: Context) {
  const tables = await openTables('background');
  const deps: ExplainDeps = {
    decisions: new TableDecisionStore(tables.sessions, log),
    jobs: new TableJobStore(tables),
    store: new TableVersionStore(tables.policies, 'policy'),
    readPolicy: openPolicyReader(tables),
    builtIn: policyOfSettings(settings),
  };
  const listed = (query: DecisionQuery, onlySite: string | undefined): Promise<DecisionPage> => {
    const { site = onlySite } = query.filter;
    if (onlySite !== undefined && site !== onlySite) throw otherSiteError(onlySite);
    return deps.decisions.list(
      { ...query, filter: { ...query.filter, ...(site !== undefined && { site }) } },
      options(),
    );
  };
  /** A decision of another site is as unknown as one that never was. */
  const ofSite = (onlySite: string | undefined): ExplainDeps => ({
    ...deps,
    decisions: {
      ...deps.decisions,
      read: async (id, call) => {
        const record = await deps.decisions.read(id, call);
        return onlySite === undefined || record?.site === onlySite ? record : undefined;
      },
    },
  });
  const options = (): CallOptions => ({ signal: clock.deadline(LIST_DEADLINE_MS) });
  /** @param onlySite the one site whose decisions the asker may see */
  return (onlySite: string | undefined) => ({
    list: (query: Iterable<[string, string]>): Promise<DecisionPage> =>
      listed(readDecisionQuery(query, toInstant(clock.now()), CERTIFICATE_SOURCE), onlySite),
    search: (body: string): Promise<DecisionPage> =>
      listed(readDecisionSearch(body, toInstant(clock.now()), CERTIFICATE_SOURCE), onlySite),
    explain: (id: string): Promise<ExplainedDecision> => explainDecision(ofSite(onlySite), id, options()),
    replay: (id: string, version: string): Promise<ReplayedDecision> =>
      replayDecision(ofSite(onlySite), id, version, options()),
  });
}
