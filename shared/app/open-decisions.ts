// Wires what operators ask about decisions that were made.

import { TableDecisionStore } from '../adapters/table-storage/table-decision-store.ts';
import { TableJobStore } from '../adapters/table-storage/table-job-store.ts';
import { TablePolicyStore } from '../adapters/table-storage/table-policy-store.ts';
import { readPolicy } from '../adapters/yaml/read-policy.ts';
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
import type { DecisionPage } from '../ports/decision-store.ts';
import { CERTIFICATE_SOURCE, type Context } from './context.ts';
import { policyOfSettings } from './open-policy-source.ts';

/** A list that takes longer has a filter that finds next to nothing in a long time: then it ends with what was found. */
const LIST_DEADLINE_MS = 30_000;

export type DecisionDesk = Awaited<ReturnType<typeof openDecisions>>;

export async function openDecisions({ settings, clock, openTables }: Context) {
  const tables = await openTables('background');
  const deps: ExplainDeps = {
    decisions: new TableDecisionStore(tables.sessions),
    jobs: new TableJobStore(tables),
    store: new TablePolicyStore(tables.policies),
    readPolicy,
    builtIn: policyOfSettings(settings),
  };
  const options = (): CallOptions => ({ signal: clock.deadline(LIST_DEADLINE_MS) });
  return {
    list: (query: Iterable<[string, string]>): Promise<DecisionPage> =>
      deps.decisions.list(readDecisionQuery(query, toInstant(clock.now()), CERTIFICATE_SOURCE), options()),
    search: (body: string): Promise<DecisionPage> =>
      deps.decisions.list(readDecisionSearch(body, toInstant(clock.now()), CERTIFICATE_SOURCE), options()),
    explain: (id: string): Promise<ExplainedDecision> => explainDecision(deps, id, options()),
    replay: (id: string, version: string): Promise<ReplayedDecision> => replayDecision(deps, id, version, options()),
  };
}
