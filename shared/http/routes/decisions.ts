// Routes about decisions that were made.

import { DECISION_QUERY, DECISION_SEARCH } from '../queries.ts';
import { anyText, byDefault } from '../read-query.ts';
import { json, type Route } from '../route.ts';
import { type Fields, named, object, optional, text } from '../schema.ts';
import { DECISION_PAGE, EXPLAINED_DECISION, REPLAYED_DECISION } from '../schemas/decision.ts';

const SITES = 'Decisions of that site alone';
const ID = { id: text('The decisionId of an answer, or the Class of a session') };

/** The parameters of the query, as texts in a body. */
const SEARCH: Fields = Object.fromEntries(
  Object.entries(DECISION_SEARCH).map(([name, { schema }]) => [name, optional(schema)]),
);

export const DECISION_ROUTES = {
  decisions: {
    group: 'Decisions',
    methods: ['GET'],
    path: 'api/decisions',
    needs: 'read',
    summary: 'Lists decisions, newest first.',
    sites: SITES,
    query: DECISION_QUERY,
    answers: { 200: json('A page', DECISION_PAGE) },
    refusals: { 400: ['NAC_REQUEST_FIELD'], 403: ['NAC_CLIENT_SITE'] },
  },
  'search-decisions': {
    group: 'Decisions',
    methods: ['POST'],
    path: 'api/decisions/search',
    needs: 'read',
    summary: 'Lists the decisions about a station or a user, whose address or name belongs into no URL.',
    sites: SITES,
    body: {
      type: 'application/json',
      required: true,
      schema: named('DecisionSearch', object('What to look for', SEARCH)),
      example: { mac: 'a0:b1:c2:d3:e4:f5', since: '7d' },
    },
    answers: { 200: json('A page', DECISION_PAGE) },
    refusals: {
      400: ['NAC_REQUEST_NOT_JSON', 'NAC_REQUEST_FIELD'],
      403: ['NAC_CLIENT_SITE'],
      411: ['NAC_REQUEST_CHUNKED'],
    },
  },
  decision: {
    group: 'Decisions',
    methods: ['GET'],
    path: 'api/decisions/{id}',
    needs: 'read',
    summary: 'Explains a decision: what was tried, which rule decided, and what became of its CoA jobs.',
    sites: SITES,
    parts: ID,
    answers: { 200: json('The decision and its reasons', EXPLAINED_DECISION) },
    refusals: { 400: ['NAC_DECISION_UNKNOWN'] },
  },
  'replay-decision': {
    group: 'Decisions',
    methods: ['GET'],
    path: 'api/decisions/{id}/replay',
    needs: 'read',
    summary: 'Decides again, from the same facts, by another version of the policy.',
    sites: SITES,
    parts: ID,
    query: { policy: byDefault('built-in', anyText('The version', 64)) },
    answers: { 200: json('Both results', REPLAYED_DECISION) },
    refusals: { 400: ['NAC_DECISION_UNKNOWN', 'NAC_POLICY_VERSION'] },
  },
} as const satisfies Record<string, Route>;
