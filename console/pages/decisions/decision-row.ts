// A decision as the API lists it.

import type { Described } from '../../../shared/http/schema.ts';
import type { DECISION_PAGE, EXPLAINED_DECISION, REPLAYED_DECISION } from '../../../shared/http/schemas/decision.ts';

export type DecisionPage = Described<typeof DECISION_PAGE>;
export type DecisionRow = DecisionPage['decisions'][number];
export type ExplainedDecision = Described<typeof EXPLAINED_DECISION>;
export type ReplayedDecision = Described<typeof REPLAYED_DECISION>;
