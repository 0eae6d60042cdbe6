// Routes for RADIUS servers. They never answer 404, 409 or 429, which FreeRADIUS takes for "no objection" and
// "invalid".

import { word } from '../read-query.ts';
import { LARGEST_RADIUS_BODY } from '../request-body.ts';
import { json, type Route } from '../route.ts';
import { either, text } from '../schema.ts';
import {
  ACCESS_REQUEST,
  ACCOUNTING_RECORD,
  ACCOUNTING_RESULT,
  JSON_ANSWER,
  RLM_REST_ANSWER,
  TEXT_ANSWER,
} from '../schemas/lookup.ts';

const REFUSALS = {
  400: ['NAC_REQUEST_NOT_JSON', 'NAC_REQUEST_FIELD'],
  411: ['NAC_REQUEST_CHUNKED'],
} as const;

export const RADIUS_ROUTES = {
  lookup: {
    group: 'RADIUS servers',
    methods: ['POST'],
    path: 'api/lookup',
    needs: 'ask',
    takesBasic: true,
    summary: 'Says whether a station may get on, and in which role; every decision is a 200.',
    sites: 'The station is at the site of the client',
    query: {
      format: word(['json', 'text', 'whole', 'rlm_rest'], 'Form of the answer, whatever the headers say'),
    },
    headers: {
      Accept: text('`text/plain` for one line of text'),
      Prefer: text('`answer=whole` for the whole line (RFC 7240)'),
    },
    body: {
      type: 'application/json',
      required: true,
      schema: ACCESS_REQUEST,
      example: {
        method: 'eap-tls',
        userName: 'host/laptop',
        callingStationId: 'A4-BB-6D-01-02-03',
        certificate: { sanUri: ['ID:Microsoft Endpoint Manager:GUID:0f8fad5b-d9cb-469f-a165-70867728950e'] },
      },
    },
    largestBody: LARGEST_RADIUS_BODY,
    answers: {
      200: {
        description: 'The decision, in the form that was asked for',
        content: { 'application/json': either(JSON_ANSWER, RLM_REST_ANSWER), 'text/plain': TEXT_ANSWER },
      },
    },
    refusals: REFUSALS,
  },
  accounting: {
    group: 'RADIUS servers',
    methods: ['POST'],
    path: 'api/accounting',
    needs: 'ask',
    takesBasic: true,
    summary: 'Takes an accounting record, which may come late, twice or out of order.',
    sites: 'The session is at the site of the client',
    body: {
      type: 'application/json',
      required: true,
      schema: ACCOUNTING_RECORD,
      example: {
        status: 'Start',
        callingStationId: 'A4-BB-6D-01-02-03',
        nasIpAddress: '10.1.1.1',
        acctSessionId: '5F3A0001',
        class: '9ebbb7510167a13e29ca-1',
      },
    },
    largestBody: LARGEST_RADIUS_BODY,
    answers: { 200: json('The record is done with; it need not be sent again', ACCOUNTING_RESULT) },
    refusals: REFUSALS,
  },
} as const satisfies Record<string, Route>;
