// Routes about CoA jobs.

import { JOB_QUERY } from '../queries.ts';
import { json, type Route } from '../route.ts';
import { text } from '../schema.ts';
import { REASON_BODY } from '../schemas/common.ts';
import { JOB_PAGE, RESENT_JOB } from '../schemas/job.ts';

export const JOB_ROUTES = {
  jobs: {
    group: 'Jobs',
    methods: ['GET'],
    path: 'api/jobs',
    needs: 'read',
    needsServiceBus: true,
    summary: 'Lists CoA jobs, newest first.',
    sites: 'Jobs of that site alone',
    query: JOB_QUERY,
    answers: { 200: json('A page', JOB_PAGE) },
    refusals: { 400: ['NAC_REQUEST_FIELD'], 403: ['NAC_CLIENT_SITE'] },
  },
  'resend-job': {
    group: 'Jobs',
    methods: ['POST'],
    path: 'api/jobs/{site}/{id}/resend',
    needs: 'act',
    needsServiceBus: true,
    summary: 'Sends a job again that came to nothing.',
    sites: 'Jobs of that site alone',
    parts: { site: text('Site of the job'), id: text('Id of the job, as GET /api/jobs shows it') },
    body: REASON_BODY,
    answers: { 202: json('The job that goes out', RESENT_JOB) },
    refusals: {
      400: ['NAC_REQUEST_NOT_JSON', 'NAC_REQUEST_FIELD'],
      403: ['NAC_CLIENT_SITE'],
      404: ['NAC_JOB_UNKNOWN'],
      409: ['NAC_JOB_UNDER_WAY', 'NAC_JOB_NOTHING_TO_RESEND'],
      411: ['NAC_REQUEST_CHUNKED'],
    },
  },
} as const satisfies Record<string, Route>;
