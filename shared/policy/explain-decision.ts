// Why a station got its answer: from what was recorded with the decision, and the policy of its version. The
// same, by another version: a replay.

import type { EnforcementJob } from '../domain/coa/enforcement-job.ts';
import type { PresentedIdentity } from '../domain/identity/identity.ts';
import { addMilliseconds } from '../domain/instant.ts';
import { builtInPolicyOfVersion } from '../domain/policy/built-in-policy.ts';
import { type PolicyResult, sameOutcome } from '../domain/policy/decision.ts';
import { evaluateApplied } from '../domain/policy/overridden.ts';
import { evaluatePolicy, explainPolicy, type Policy, type RuleTrace } from '../domain/policy/policy.ts';
import { siteNamed } from '../domain/sites.ts';
import { RequestError } from '../errors.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { DecisionRecord, DecisionStore } from '../ports/decision-store.ts';
import type { JobStore } from '../ports/job-store.ts';
import type { ReadPolicy } from '../ports/policy-source.ts';
import type { VersionStore } from '../ports/version-store.ts';

export interface ExplainDeps {
  readonly decisions: DecisionStore;
  readonly jobs: JobStore;
  readonly store: Pick<VersionStore, 'readVersion'>;
  readonly readPolicy: ReadPolicy;
  /** What "built-in" means by the settings of today. */
  readonly builtIn: Policy;
}

export interface ExplainedDecision extends DecisionRecord {
  readonly identities: readonly TriedIdentity[];
  /**
   * Each rule of the version that decided, in order; with an override as it would have gone without. Absent when that
   * version cannot be read any more.
   */
  readonly rules?: readonly RuleTrace[];
  /** What policy alone would have answered, where an override decided in its place. */
  readonly withoutOverride?: PolicyResult;
  /** CoA jobs of the session, from an hour before the decision on, newest first. */
  readonly jobs: readonly EnforcementJob[];
  /** False when so many jobs of the site came after it that not all were looked at. */
  readonly jobsComplete: boolean;
}

export type TriedIdentity = PresentedIdentity & { readonly result: 'matched' | 'not matched' | 'not tried' };

export interface ReplayedDecision {
  readonly id: string;
  readonly recorded: PolicyResult;
  readonly replayed: PolicyResult;
  /** Whether the network would have done the same. */
  readonly sameOutcome: boolean;
  readonly rules: readonly RuleTrace[];
}

const JOBS_BEFORE_MS = 60 * 60_000;
const MOST_JOBS_LOOKED_AT = 5_000;
const MOST_JOBS = 100;

/** @throws RequestError NAC_DECISION_UNKNOWN */
export async function explainDecision(deps: ExplainDeps, id: string, options: CallOptions): Promise<ExplainedDecision> {
  const record = await readDecision(deps, id, options);
  const { facts, policyVersion, override } = record.decision;
  const [policy, { jobs, complete }] = await Promise.all([policyOfVersion(deps, policyVersion), jobsOf(deps, record)]);
  return {
    ...record,
    identities: triedIdentities(record),
    ...(policy && facts && { rules: explainPolicy(policy, facts) }),
    ...(policy && facts && override && { withoutOverride: evaluatePolicy(policy, facts) }),
    jobs,
    jobsComplete: complete,
  };
}

/** @throws RequestError NAC_DECISION_UNKNOWN, NAC_POLICY_VERSION */
export async function replayDecision(
  deps: ExplainDeps,
  id: string,
  version: string,
  options: CallOptions,
): Promise<ReplayedDecision> {
  const { decision } = await readDecision(deps, id, options);
  const policy = await policyOfVersion(deps, version);
  if (policy === undefined || decision.facts === undefined) {
    throw new RequestError(400, 'NAC_POLICY_VERSION', `There is no version "${version.slice(0, 64)}".`, {
      action: 'GET /api/policies shows what there is.',
      field: 'policy',
    });
  }
  const replayed = evaluateApplied(policy, decision.facts, decision.override);
  const { outcome, observed, rule, policyVersion, sessionTimeoutSeconds } = decision;
  return {
    id,
    recorded: { outcome, ...(observed && { observed }), rule, policyVersion, sessionTimeoutSeconds },
    replayed,
    sameOutcome: sameOutcome(outcome, replayed.outcome),
    rules: explainPolicy(policy, decision.facts),
  };
}

async function readDecision({ decisions }: ExplainDeps, id: string, options: CallOptions): Promise<DecisionRecord> {
  const record = await decisions.read(id, options);
  if (record !== undefined) return record;
  throw new RequestError(400, 'NAC_DECISION_UNKNOWN', 'No decision of this id is kept.', {
    action:
      'Give the decisionId of an answer, or the Class of a session; DECISION_HISTORY says how long they are kept.',
    field: 'id',
  });
}

async function policyOfVersion(deps: ExplainDeps, version: string): Promise<Policy | undefined> {
  if (version === 'built-in') return deps.builtIn;
  const builtIn = builtInPolicyOfVersion(version);
  if (builtIn) return builtIn;
  const stored = /^[a-z0-9][a-z0-9._-]{0,63}$/.test(version) ? await deps.store.readVersion(version) : undefined;
  return stored && (await deps.readPolicy(stored.text, { version }));
}

/** Identities are tried strongest first until one leads to a device. */
function triedIdentities({ presented, decision }: DecisionRecord): TriedIdentity[] {
  const { identity } = decision.device ?? {};
  const matched = presented.identities.findIndex(
    ({ kind, assurance, origin }) =>
      kind === identity?.kind && assurance === identity.assurance && origin === identity.origin,
  );
  return presented.identities.map((each, index) => ({
    ...each,
    result: index === matched ? 'matched' : matched >= 0 && index > matched ? 'not tried' : 'not matched',
  }));
}

async function jobsOf({ jobs: store }: ExplainDeps, { id, site, decision }: DecisionRecord) {
  const since = addMilliseconds(decision.decidedAt, -JOBS_BEFORE_MS);
  const jobs: EnforcementJob[] = [];
  let lookedAt = 0;
  for await (const job of store.list({ sites: siteNamed(site), since })) {
    lookedAt += 1;
    if (job.sessionId === id) jobs.push(job);
    if (jobs.length === MOST_JOBS || lookedAt === MOST_JOBS_LOOKED_AT) return { jobs, complete: false };
  }
  return { jobs, complete: true };
}
