// Each schema of an answer describes the type of the code that gives the answer: no field more, none less, none
// optional in one of them alone. The compiler is the judge (`npm run types`).

import { expectTypeOf, test } from 'vitest';
import type { MadeOverride } from '../../../shared/app/open-overrides.ts';
import type { PolicyOverview } from '../../../shared/app/open-policy.ts';
import type { AskedForDevice } from '../../../shared/app/operator-actions.ts';
import type { JobPage } from '../../../shared/enforcement/list-jobs.ts';
import type { Described, Schema } from '../../../shared/http/schema.ts';
import type * as DECISIONS from '../../../shared/http/schemas/decision.ts';
import type * as JOBS from '../../../shared/http/schemas/job.ts';
import type * as LOOKUP from '../../../shared/http/schemas/lookup.ts';
import type * as OPERATIONS from '../../../shared/http/schemas/operations.ts';
import type * as OVERRIDES from '../../../shared/http/schemas/override.ts';
import type * as POLICIES from '../../../shared/http/schemas/policy.ts';
import type * as POLL from '../../../shared/http/schemas/poll.ts';
import type * as SOURCES from '../../../shared/http/schemas/sources.ts';
import type { ShownOverride } from '../../../shared/http/show-override.ts';
import type { AccountingResult } from '../../../shared/lookup/record-accounting.ts';
import type { JsonAnswer } from '../../../shared/lookup/render-answer.ts';
import type { RlmRestAnswer } from '../../../shared/lookup/render-rlm-rest.ts';
import type { ExplainedDecision, ReplayedDecision } from '../../../shared/policy/explain-decision.ts';
import type { WhatIfReport } from '../../../shared/policy/what-if.ts';
import type { HeldRun } from '../../../shared/polling/breaker/mass-change.ts';
import type { PollOverview } from '../../../shared/polling/poll-status.ts';
import type { AuditPage } from '../../../shared/ports/audit-store.ts';
import type { DoctorReport } from '../../../shared/ports/check.ts';
import type { DecisionPage } from '../../../shared/ports/decision-store.ts';
import type { VersionOverview } from '../../../shared/versions/publish-version.ts';

/** Intersections and omissions written out, so that two types of one form are one. */
type Plain<T> = T extends string | number | boolean | undefined | null
  ? T
  : T extends readonly (infer E)[]
    ? Plain<E>[]
    : { -readonly [K in keyof T]: Plain<T[K]> };
type Form<S extends Schema> = Plain<Described<S>>;

test('of a lookup and of accounting', () => {
  expectTypeOf<Form<typeof LOOKUP.JSON_ANSWER>>().toEqualTypeOf<Plain<JsonAnswer>>();
  expectTypeOf<Form<typeof LOOKUP.RLM_REST_ANSWER>>().toEqualTypeOf<Plain<RlmRestAnswer>>();
  expectTypeOf<Form<typeof LOOKUP.ACCOUNTING_RESULT>>().toEqualTypeOf<Plain<AccountingResult>>();
});

test('of decisions', () => {
  expectTypeOf<Form<typeof DECISIONS.DECISION_PAGE>>().toEqualTypeOf<Plain<DecisionPage>>();
  expectTypeOf<Form<typeof DECISIONS.EXPLAINED_DECISION>>().toEqualTypeOf<Plain<ExplainedDecision>>();
  expectTypeOf<Form<typeof DECISIONS.REPLAYED_DECISION>>().toEqualTypeOf<Plain<ReplayedDecision>>();
});

test('of jobs and devices', () => {
  expectTypeOf<Form<typeof JOBS.JOB_PAGE>>().toEqualTypeOf<Plain<JobPage>>();
  expectTypeOf<Form<typeof OPERATIONS.ASKED_FOR_DEVICE>>().toEqualTypeOf<Plain<AskedForDevice>>();
  expectTypeOf<Form<typeof OPERATIONS.REFRESHED>>().toEqualTypeOf<Plain<Omit<AskedForDevice, 'jobs'>>>();
});

test('of overrides', () => {
  expectTypeOf<Form<typeof OVERRIDES.OVERRIDE>>().toEqualTypeOf<Plain<ShownOverride>>();
  expectTypeOf<Form<typeof OVERRIDES.MADE_OVERRIDE>>().toEqualTypeOf<Plain<MadeOverride>>();
});

test('of policies', () => {
  expectTypeOf<Form<typeof POLICIES.POLICY_OVERVIEW>>().toEqualTypeOf<Plain<PolicyOverview>>();
  expectTypeOf<Form<typeof POLICIES.WHAT_IF_REPORT>>().toEqualTypeOf<Plain<WhatIfReport>>();
});

test('of sources', () => {
  expectTypeOf<Form<typeof SOURCES.SOURCES_OVERVIEW>>().toEqualTypeOf<Plain<VersionOverview>>();
});

test('of the poll, the audit and the doctor', () => {
  expectTypeOf<Form<typeof POLL.HELD_RUN>>().toEqualTypeOf<Plain<HeldRun>>();
  expectTypeOf<Form<typeof POLL.POLL_STATUS>>().toEqualTypeOf<Plain<PollOverview>>();
  expectTypeOf<Form<typeof OPERATIONS.AUDIT_PAGE>>().toEqualTypeOf<Plain<AuditPage>>();
  expectTypeOf<Form<typeof OPERATIONS.DOCTOR_REPORT>>().toEqualTypeOf<Plain<DoctorReport>>();
});
