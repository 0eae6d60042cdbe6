// Wires what operators do with policies.

import { TableDeviceStore } from '../adapters/table-storage/table-device-store.ts';
import { TableMacListStore } from '../adapters/table-storage/table-mac-list-store.ts';
import { TableOverrideStore } from '../adapters/table-storage/table-override-store.ts';
import { TableSessionStore } from '../adapters/table-storage/table-session-store.ts';
import { TableVersionStore } from '../adapters/table-storage/table-version-store.ts';
import type { AuditEntry } from '../domain/audit-entry.ts';
import { toInstant } from '../domain/instant.ts';
import type { Policy } from '../domain/policy/policy.ts';
import type { Sites } from '../domain/sites.ts';
import { BUILT_IN, SETTLE_MS, versionInForce } from '../domain/version-activation.ts';
import type { RouteName } from '../http/routes.ts';
import { macListText, type UploadedMacList, uploadMacList } from '../policy/mac-lists.ts';
import { reachNow } from '../policy/reach-now.ts';
import { readAssumedRequest } from '../policy/read-assumed-request.ts';
import { type WhatIfReport, whatIf } from '../policy/what-if.ts';
import type { MacListSummary } from '../ports/mac-list-store.ts';
import {
  activateVersion,
  type DocumentWords,
  type PublishDeps,
  readVersionText,
  rollBackVersion,
  uploadVersion,
  type VersionOverview,
  versionOverview,
} from '../versions/publish-version.ts';
import { type Context, joinRules, reachableWithin } from './context.ts';
import { groupsThatAreRead } from './groups-that-are-read.ts';
import { openPolicyReader } from './open-policy-reader.ts';
import type { SourceSetup } from './source-setup.ts';
import { openSweepStatus } from './sweep-status.ts';

export interface PolicyChange extends Pick<AuditEntry, 'target' | 'reason'> {
  /** Its name in the audit is that of its route. */
  readonly action: Extract<AuditEntry['action'], RouteName>;
}

export interface PolicyOverview extends VersionOverview {
  /** Lists of MAC addresses that policies may name. */
  readonly macLists: readonly MacListSummary[];
}

const WORDS: DocumentWords = {
  events: { uploaded: 'policy.uploaded', inForce: 'policy.in-force' },
  document: 'policy',
  versionCode: 'NAC_POLICY_VERSION',
  listed: 'GET /api/policies and `npm run policy -- list` show what there is.',
};

export type PolicyAdmin = ReturnType<Awaited<ReturnType<typeof openPolicy>>>;

export interface PolicyAdminOptions extends Pick<Context, 'clock' | 'log' | 'openTables' | 'scope'> {
  /** Whose devices there are. */
  readonly sources: {
    readonly known: readonly Pick<SourceSetup, 'name' | 'precedence' | 'reachableMs'>[];
  };
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
  scope,
  openTables,
  clock,
  log,
  builtIn,
  jobsInFlightPerSite,
  maxCheckInAgeMs,
}: PolicyAdminOptions) {
  const tables = await openTables('background');
  const readPolicy = openPolicyReader(tables);
  // A draft asks for no group that no source reads: unknown members would shut out a whole fleet.
  const readDraft = openPolicyReader(tables, () => groupsThatAreRead(tables));
  const lists = new TableMacListStore(tables.policies);
  const store = new TableVersionStore(tables.policies, 'policy');
  const deps: PublishDeps = { words: WORDS, store, check: readDraft, clock, log };
  const overview = async (): Promise<PolicyOverview> => {
    const [versions, macLists] = await Promise.all([versionOverview(deps), lists.listMacLists()]);
    return { ...versions, macLists };
  };
  const overrides = new TableOverrideStore(tables.policies, log);
  const whatIfDeps = {
    sessions: new TableSessionStore(tables.sessions, { clock, log }),
    devices: new TableDeviceStore(tables.devices),
    sweepStatus: openSweepStatus({ sources, clock }, tables),
    sourceReachableMs: reachableWithin(sources),
    scope,
    maxCheckInAgeMs,
    joins: joinRules(sources),
  };
  const budget = { inFlightPerSite: jobsInFlightPerSite, roundSeconds: ROUND_SECONDS, settleSeconds: SETTLE_MS / 1000 };
  /**
   * @param by who does it: the name of a client, or of an operator's login
   * @param beforeChange refuses a change, or keeps it in the audit, before it is made
   * @param sitesFor those that the asker may see, for what is asked; throws where it is another
   */
  return (
    by: string,
    beforeChange: (change: PolicyChange) => Promise<void>,
    sitesFor: (asked: string | undefined) => Sites = () => 'every',
  ) => ({
    overview,
    text: (version: string): Promise<string> => readVersionText(deps, version),
    async upload(version: string, text: string, reason?: string): Promise<{ readonly created: boolean }> {
      await beforeChange({ action: 'upload-policy', target: version.slice(0, 80), ...because(reason) });
      return { created: await uploadVersion(deps, version, text, by) };
    },
    /** @param file one address or beginning of one a line */
    async uploadMacList(list: string, file: string, reason?: string): Promise<UploadedMacList> {
      await beforeChange({ action: 'upload-mac-list', target: list.slice(0, 80), ...because(reason) });
      return uploadMacList({ lists, clock, log }, list, file, by);
    },
    macListText: (list: string): Promise<string> => macListText({ lists }, list),
    async activate(version: string, reason?: string): Promise<PolicyOverview> {
      await beforeChange({ action: 'activate-policy', target: version.slice(0, 80), ...because(reason) });
      await activateVersion(deps, version, by);
      return overview();
    },
    /**
     * @param query how stored devices are taken to ask
     * @param functionTimeoutMs how long the host lets a function run before it ends the process
     */
    async whatIf(text: string, query: Iterable<[string, string]>, functionTimeoutMs = 120_000): Promise<WhatIfReport> {
      const draft = await readDraft(text, { version: 'draft' });
      const asked = readAssumedRequest(query, toInstant(clock.now()));
      const sites = sitesFor(undefined);
      const assumed = { ...asked, site: onlyOne(sitesFor(asked.site || undefined)) ?? asked.site };
      return clock.within(functionTimeoutMs * WHAT_IF_SHARE, async (signal) => {
        const [{ state }, stored, reach] = await Promise.all([
          deps.store.readState(),
          overrides.list(),
          reachNow(whatIfDeps, toInstant(clock.now())),
        ]);
        const version = versionInForce(state);
        const inForce =
          version === BUILT_IN ? builtIn : await readPolicy(await readVersionText(deps, version), { version });
        const policies = { inForce, draft, overrides: stored.map(({ override }) => override) };
        return whatIf(whatIfDeps, policies, assumed, budget, { signal, sites, reach });
      });
    },
    async rollBack(from?: string, reason?: string): Promise<PolicyOverview> {
      const target = (from ?? 'version in force').slice(0, 80);
      await beforeChange({ action: 'roll-back-policy', target, ...because(reason) });
      await rollBackVersion(deps, by, from);
      return overview();
    },
  });
}

function onlyOne(sites: Sites): string | undefined {
  return sites !== 'every' && sites.size === 1 ? [...sites][0] : undefined;
}

function because(reason: string | undefined): Pick<AuditEntry, 'reason'> {
  return reason === undefined ? {} : { reason };
}
