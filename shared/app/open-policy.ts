// Wires what operators do with policies.

import { TableDeviceStore } from '../adapters/table-storage/table-device-store.ts';
import { TableMacListStore } from '../adapters/table-storage/table-mac-list-store.ts';
import { TableOverrideStore } from '../adapters/table-storage/table-override-store.ts';
import { TablePolicyStore } from '../adapters/table-storage/table-policy-store.ts';
import { TableSessionStore } from '../adapters/table-storage/table-session-store.ts';
import type { AuditEntry } from '../domain/audit-entry.ts';
import { toInstant } from '../domain/instant.ts';
import { BUILT_IN } from '../domain/policy/built-in-policy.ts';
import type { Policy } from '../domain/policy/policy.ts';
import { SETTLE_MS, versionInForce } from '../domain/policy/policy-activation.ts';
import type { RouteName } from '../http/routes.ts';
import { macListText, type UploadedMacList, uploadMacList } from '../policy/mac-lists.ts';
import {
  activatePolicy,
  type PolicyOverview,
  type PublishDeps,
  policyOverview,
  readPolicyText,
  rollBackPolicy,
  uploadPolicy,
} from '../policy/publish-policy.ts';
import { readAssumedRequest } from '../policy/read-assumed-request.ts';
import { type WhatIfReport, whatIf } from '../policy/what-if.ts';
import type { Context } from './context.ts';
import { openPolicyReader } from './open-policy-reader.ts';
import { openSweepStatus } from './sweep-status.ts';

export interface PolicyChange extends Pick<AuditEntry, 'target' | 'reason'> {
  /** Its name in the audit is that of its route. */
  readonly action: Extract<AuditEntry['action'], RouteName>;
}

export type PolicyAdmin = ReturnType<Awaited<ReturnType<typeof openPolicy>>>;

export interface PolicyAdminOptions extends Pick<Context, 'clock' | 'log' | 'openTables'> {
  /** Whose devices there are. */
  readonly sources: readonly { readonly name: string }[];
  /** The policy that settings describe. */
  readonly builtIn: Policy;
  readonly jobsInFlightPerSite: number;
  /** Of devices: an older check-in counts as silence. */
  readonly maxCheckInAgeMs: number;
}

/** Of the time that a function may run: the rest is for the request under way, and for the answer. */
const WHAT_IF_SHARE = 0.5;
/** What ENFORCE_SCHEDULE says when it is not changed: how often jobs are queued. */
const ROUND_SECONDS = 10;

export async function openPolicy({
  sources,
  openTables,
  clock,
  log,
  builtIn,
  jobsInFlightPerSite,
  maxCheckInAgeMs,
}: PolicyAdminOptions) {
  const tables = await openTables('background');
  const readPolicy = openPolicyReader(tables);
  const lists = new TableMacListStore(tables.policies);
  const deps: PublishDeps = { store: new TablePolicyStore(tables.policies), lists, readPolicy, clock, log };
  const overrides = new TableOverrideStore(tables.policies, log);
  const whatIfDeps = {
    sessions: new TableSessionStore(tables.sessions, { clock, log }),
    devices: new TableDeviceStore(tables.devices),
    sweepStatus: openSweepStatus({ sources, clock }, tables),
    clock,
    maxCheckInAgeMs,
  };
  const budget = { inFlightPerSite: jobsInFlightPerSite, roundSeconds: ROUND_SECONDS, settleSeconds: SETTLE_MS / 1000 };
  /**
   * @param by who does it: the name of a client, or of an operator's login
   * @param beforeChange refuses a change, or keeps it in the audit, before it is made
   * @param siteOf the site that the asker may see, for what is asked; throws where it is another
   */
  return (
    by: string,
    beforeChange: (change: PolicyChange) => Promise<void>,
    siteOf: (asked: string | undefined) => string | undefined = (asked) => asked,
  ) => ({
    overview: (): Promise<PolicyOverview> => policyOverview(deps),
    text: (version: string): Promise<string> => readPolicyText(deps, version),
    async upload(version: string, text: string, reason?: string): Promise<{ readonly created: boolean }> {
      await beforeChange({ action: 'upload-policy', target: version.slice(0, 80), ...because(reason) });
      return { created: await uploadPolicy(deps, version, text, by) };
    },
    /** @param file one address or beginning of one a line */
    async uploadMacList(list: string, file: string, reason?: string): Promise<UploadedMacList> {
      await beforeChange({ action: 'upload-mac-list', target: list.slice(0, 80), ...because(reason) });
      return uploadMacList({ lists, clock, log }, list, file, by);
    },
    macListText: (list: string): Promise<string> => macListText({ lists }, list),
    async activate(version: string, reason?: string): Promise<PolicyOverview> {
      await beforeChange({ action: 'activate-policy', target: version.slice(0, 80), ...because(reason) });
      await activatePolicy(deps, version, by);
      return policyOverview(deps);
    },
    /**
     * @param query how stored devices are taken to ask
     * @param functionTimeoutMs how long the host lets a function run before it ends the process
     */
    async whatIf(text: string, query: Iterable<[string, string]>, functionTimeoutMs = 120_000): Promise<WhatIfReport> {
      const draft = await readPolicy(text, { version: 'draft' });
      const asked = readAssumedRequest(query, toInstant(clock.now()));
      const onlySite = siteOf(undefined);
      const assumed = { ...asked, site: siteOf(asked.site || undefined) ?? '' };
      return clock.within(functionTimeoutMs * WHAT_IF_SHARE, async (signal) => {
        const [{ state }, stored] = await Promise.all([deps.store.readState(), overrides.list()]);
        const version = versionInForce(state);
        const inForce =
          version === BUILT_IN ? builtIn : await readPolicy(await readPolicyText(deps, version), { version });
        const policies = { inForce, draft, overrides: stored.map(({ override }) => override) };
        return whatIf(whatIfDeps, policies, assumed, budget, { signal, onlySite });
      });
    },
    async rollBack(from?: string, reason?: string): Promise<PolicyOverview> {
      const target = (from ?? 'version in force').slice(0, 80);
      await beforeChange({ action: 'roll-back-policy', target, ...because(reason) });
      await rollBackPolicy(deps, by, from);
      return policyOverview(deps);
    },
  });
}

function because(reason: string | undefined): Pick<AuditEntry, 'reason'> {
  return reason === undefined ? {} : { reason };
}
