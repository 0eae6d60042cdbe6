// Wires what operators do with policies.

import { TablePolicyStore } from '../adapters/table-storage/table-policy-store.ts';
import { openTables, type TableConnection } from '../adapters/table-storage/tables.ts';
import { readPolicy } from '../adapters/yaml/read-policy.ts';
import {
  activatePolicy,
  type PolicyOverview,
  type PublishDeps,
  policyOverview,
  readPolicyText,
  rollBackPolicy,
  uploadPolicy,
} from '../policy/publish-policy.ts';
import type { Context } from './context.ts';

export type PolicyDesk = ReturnType<Awaited<ReturnType<typeof openPolicy>>>;

export interface PolicyDeskOptions extends Pick<Context, 'clock' | 'log'> {
  readonly storage: TableConnection;
}

export async function openPolicy({ storage, clock, log }: PolicyDeskOptions) {
  const tables = await openTables(storage, 'background');
  const deps: PublishDeps = { store: new TablePolicyStore(tables.policies), readPolicy, clock, log };
  /** @param by who does it: the name of a client, or of an operator's login */
  return (by: string) => ({
    overview: (): Promise<PolicyOverview> => policyOverview(deps),
    text: (version: string): Promise<string> => readPolicyText(deps, version),
    async upload(version: string, text: string): Promise<{ readonly created: boolean }> {
      return { created: await uploadPolicy(deps, version, text, by) };
    },
    async activate(version: string): Promise<PolicyOverview> {
      await activatePolicy(deps, version, by);
      return policyOverview(deps);
    },
    async rollBack(from?: string): Promise<PolicyOverview> {
      await rollBackPolicy(deps, by, from);
      return policyOverview(deps);
    },
  });
}
