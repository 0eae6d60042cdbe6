// How each route of the table is answered.

import { ACCOUNTING } from './accounting.ts';
import { AUDIT } from './audit.ts';
import { MDM_API } from './ciscoise.ts';
import { DECISIONS } from './decisions.ts';
import { DEVICES } from './devices.ts';
import { DOCTOR } from './doctor.ts';
import { HEALTH } from './health.ts';
import type { Answers } from './http-route.ts';
import { JOBS } from './jobs.ts';
import { LOOKUP } from './lookup.ts';
import { OVERRIDES } from './overrides.ts';
import { OVERVIEW } from './overview.ts';
import { POLICIES } from './policies.ts';
import { POLL } from './poll-status.ts';
import { SEARCH } from './search.ts';
import { SESSIONS } from './sessions.ts';
import { SOURCES } from './sources.ts';

export const ANSWERS: Answers = {
  ...LOOKUP,
  ...ACCOUNTING,
  ...MDM_API,
  ...DECISIONS,
  ...SEARCH,
  ...SESSIONS,
  ...JOBS,
  ...DEVICES,
  ...OVERVIEW,
  ...OVERRIDES,
  ...POLICIES,
  ...SOURCES,
  ...POLL,
  ...AUDIT,
  ...DOCTOR,
  ...HEALTH,
};
