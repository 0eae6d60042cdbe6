// What the API says of policies.

import type { Described } from '../../../shared/http/schema.ts';
import type { POLICY_OVERVIEW, RULE_HITS, UPLOADED_POLICY } from '../../../shared/http/schemas/policy.ts';

export type PolicyOverview = Described<typeof POLICY_OVERVIEW>;
export type RuleHits = Described<typeof RULE_HITS>;
export type UploadedPolicy = Described<typeof UPLOADED_POLICY>;
