// Types of what the API answers, from the table of routes: types alone, no code of the connector is in the page.

import type { Described } from '../../shared/http/schema.ts';
import type { OUTCOME } from '../../shared/http/schemas/common.ts';
import type { DECISION_PAGE, EXPLAINED_DECISION, REPLAYED_DECISION } from '../../shared/http/schemas/decision.ts';
import type { DEVICE_VIEW, WHAT_IT_GETS } from '../../shared/http/schemas/device.ts';
import type { JOB, JOB_PAGE } from '../../shared/http/schemas/job.ts';
import type { ASKED_FOR_DEVICE, AUDIT_PAGE, DOCTOR_REPORT, REFRESHED } from '../../shared/http/schemas/operations.ts';
import type { MADE_OVERRIDE, OVERRIDE, OVERRIDES } from '../../shared/http/schemas/override.ts';
import type { OVERVIEW } from '../../shared/http/schemas/overview.ts';
import type { HELD_RUN, POLL_STATUS } from '../../shared/http/schemas/poll.ts';
import type { SEARCH_RESULT } from '../../shared/http/schemas/search.ts';
import type { SESSION } from '../../shared/http/schemas/session.ts';

export type Outcome = Described<typeof OUTCOME>;
export type DecisionPage = Described<typeof DECISION_PAGE>;
export type DecisionRecord = DecisionPage['decisions'][number];
export type ExplainedDecision = Described<typeof EXPLAINED_DECISION>;
export type ReplayedDecision = Described<typeof REPLAYED_DECISION>;
export type Job = Described<typeof JOB>;
export type JobPage = Described<typeof JOB_PAGE>;
export type AuditPage = Described<typeof AUDIT_PAGE>;
export type DoctorReport = Described<typeof DOCTOR_REPORT>;
export type Refreshed = Described<typeof REFRESHED>;
export type AskedForDevice = Described<typeof ASKED_FOR_DEVICE>;
export type Override = Described<typeof OVERRIDE>;
export type Overrides = Described<typeof OVERRIDES>;
export type MadeOverride = Described<typeof MADE_OVERRIDE>;
export type PollStatus = Described<typeof POLL_STATUS>;
export type Overview = Described<typeof OVERVIEW>;
export type HeldRun = Described<typeof HELD_RUN>;
export type DeviceView = Described<typeof DEVICE_VIEW>;
export type WhatItGets = Described<typeof WHAT_IT_GETS>;
export type SearchResult = Described<typeof SEARCH_RESULT>;
export type ShownSession = Described<typeof SESSION>;
