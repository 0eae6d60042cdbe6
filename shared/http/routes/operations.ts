// Routes about the connector itself.

import { AUDIT_QUERY } from '../queries.ts';
import { word } from '../read-query.ts';
import { json, NOT_MODIFIED, type Route } from '../route.ts';
import { text } from '../schema.ts';
import { CLIENT_LIST } from '../schemas/client.ts';
import { ALIVE, AUDIT_PAGE, DOCTOR_REPORT } from '../schemas/operations.ts';
import { OVERVIEW } from '../schemas/overview.ts';

export const OPERATION_ROUTES = {
  overview: {
    group: 'Operations',
    methods: ['GET'],
    path: 'api/overview',
    needs: 'read',
    summary: 'Shows how everything is doing, from a few rows: made to be asked for every ten seconds.',
    sites: 'Counts, jobs and relays of that site alone; sources that count there, and what is held of them',
    headers: { 'If-None-Match': text('The `ETag` of the answer before; unchanged, the answer is a 304') },
    answers: { 200: json('The overview', OVERVIEW), 304: NOT_MODIFIED },
  },
  audit: {
    group: 'Operations',
    methods: ['GET'],
    path: 'api/audit',
    needs: 'read',
    summary: 'Lists changes that people made, newest first.',
    sites: 'Entries about that site alone',
    query: AUDIT_QUERY,
    answers: { 200: json('A page', AUDIT_PAGE) },
    refusals: { 400: ['NAC_REQUEST_FIELD'], 403: ['NAC_CLIENT_SITE'] },
  },
  clients: {
    group: 'Operations',
    methods: ['GET'],
    path: 'api/clients',
    needs: 'read',
    summary: 'Lists who may ask with a key; clients are made and keys rotated at the command line.',
    sites: 'Clients of that site alone',
    answers: { 200: json('All that the asker may see', CLIENT_LIST) },
  },
  doctor: {
    group: 'Operations',
    methods: ['GET', 'POST'],
    path: 'api/doctor',
    needs: 'read',
    summary: 'Tests every connection of the functions; a report with failed checks is a 200 as well.',
    sites: 'Nothing, where a source has sites of its own: the report names the tenants and servers of every site',
    query: { format: word(['text'], 'For people: text in place of JSON') },
    answers: {
      200: {
        description: 'The report',
        content: { 'application/json': DOCTOR_REPORT, 'text/plain': text('The report for people') },
      },
    },
    refusals: { 403: ['NAC_CLIENT_SITE'] },
  },
  health: {
    group: 'Operations',
    methods: ['GET'],
    path: 'api/health',
    needs: 'nothing',
    summary: 'Says that the function app answers, and nothing else.',
    answers: { 200: json('It is alive', ALIVE) },
  },
} as const satisfies Record<string, Route>;
