// Routes about the poll and what its breaker holds.

import { json, type Route } from '../route.ts';
import { REASON_BODY } from '../schemas/common.ts';
import { POLL_STATUS, REFUSED, RELEASED, RUN_REQUEST, SWEEP } from '../schemas/poll.ts';

const JUDGEMENT = {
  group: 'Poll',
  methods: ['POST'],
  needs: 'administer',
  body: {
    type: 'application/json',
    required: true,
    schema: RUN_REQUEST,
    example: { runId: 'run-1', reason: 'the new compliance policy' },
  },
  refusals: {
    400: ['NAC_REQUEST_NOT_JSON', 'NAC_REQUEST_FIELD', 'NAC_POLL_RUN_UNKNOWN'],
    411: ['NAC_REQUEST_CHUNKED'],
  },
} as const;

export const POLL_ROUTES = {
  'poll-status': {
    group: 'Poll',
    methods: ['GET'],
    path: 'api/poll',
    needs: 'read',
    summary: 'Shows how the poll is doing, and what it holds.',
    sites: 'Sources that count at that site',
    answers: { 200: json('The status', POLL_STATUS) },
  },
  'poll-release': {
    ...JUDGEMENT,
    path: 'api/poll/release',
    summary: 'Lets through what a run holds, and what was held before it and not refused.',
    answers: { 202: json('The next tick of the poll applies it', RELEASED) },
  },
  'poll-refuse': {
    ...JUDGEMENT,
    path: 'api/poll/refuse',
    summary: 'Keeps held what a run holds.',
    answers: { 202: json('It stays held', REFUSED) },
  },
  'poll-sweep': {
    group: 'Poll',
    methods: ['POST'],
    path: 'api/poll/sweep',
    needs: 'administer',
    summary: 'Has the next tick of the poll begin a sweep.',
    body: REASON_BODY,
    answers: { 202: json('It is asked for', SWEEP) },
    refusals: {
      400: ['NAC_REQUEST_NOT_JSON', 'NAC_REQUEST_FIELD'],
      409: ['NAC_POLL_NO_SWEEP'],
      411: ['NAC_REQUEST_CHUNKED'],
    },
  },
} as const satisfies Record<string, Route>;
