// Routes that look for sessions, and for everything at once.

import { SEARCH_QUERY, SESSION_QUERY } from '../queries.ts';
import { json, type Route } from '../route.ts';
import { named, object, text } from '../schema.ts';
import { SEARCH_RESULT } from '../schemas/search.ts';
import { SESSION_PAGE } from '../schemas/session.ts';

export const SESSION_ROUTES = {
  search: {
    group: 'Sessions',
    methods: ['GET', 'POST'],
    path: 'api/search',
    needs: 'read',
    summary: 'Finds devices, sessions, decisions and jobs by whatever they are called.',
    sites: 'Sessions, decisions and jobs of that site alone, and devices of its sources',
    query: SEARCH_QUERY,
    body: {
      type: 'application/json',
      required: false,
      schema: named(
        'Search',
        object('The same as the query; what is personal belongs into no URL', {
          q: text('What to look for', { maxLength: 253 }),
        }),
      ),
      example: { q: 'a0:b1:c2:d3:e4:f5' },
    },
    answers: { 200: json('What was found', SEARCH_RESULT) },
    refusals: { 400: ['NAC_REQUEST_NOT_JSON', 'NAC_REQUEST_FIELD'], 411: ['NAC_REQUEST_CHUNKED'] },
  },
  sessions: {
    group: 'Sessions',
    methods: ['GET'],
    path: 'api/sessions',
    needs: 'read',
    summary: 'Lists sessions: the answer given, the one wanted, and what is proven.',
    sites: 'Sessions of that site alone',
    query: SESSION_QUERY,
    answers: { 200: json('A page', SESSION_PAGE) },
    refusals: { 400: ['NAC_REQUEST_FIELD'], 403: ['NAC_CLIENT_SITE'] },
  },
} as const satisfies Record<string, Route>;
