// GET /api/jobs: operators see CoA jobs, newest first. Filters: site, stage, device, session, notEnforced=true, limit.

import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import { JOB_STAGES, type JobStage } from '../shared/domain/enforcement-job.ts';
import { RequestError } from '../shared/errors.ts';
import { connector } from './connector.ts';
import { NOT_CACHED, refusal } from './refusal.ts';

const DEFAULT_LIMIT = 100;
const LARGEST_LIMIT = 1000;

if (connector().enforces) {
  app.http('jobs', { route: 'api/jobs', methods: ['GET'], authLevel: 'anonymous', handler: jobs });
}

async function jobs(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  try {
    const { query } = request;
    const list = await connector().jobs(request.headers.get('x-api-key'), {
      site: query.get('site') ?? undefined,
      stage: readStage(query.get('stage')),
      deviceId: query.get('device') ?? undefined,
      sessionId: query.get('session') ?? undefined,
      notEnforced: query.get('notEnforced') === 'true',
      limit: readLimit(query.get('limit')),
    });
    return { jsonBody: { jobs: list }, headers: NOT_CACHED };
  } catch (thrown) {
    return refusal('jobs.refused', thrown, context);
  }
}

function readStage(text: string | null): JobStage | undefined {
  const stage = JOB_STAGES.find((known) => known === text);
  if (text !== null && stage === undefined) throw queryError('stage', `must be one of ${JOB_STAGES.join(', ')}`);
  return stage;
}

function readLimit(text: string | null): number {
  const limit = text === null ? DEFAULT_LIMIT : Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > LARGEST_LIMIT) {
    throw queryError('limit', `must be a number from 1 to ${LARGEST_LIMIT}`);
  }
  return limit;
}

function queryError(field: string, problem: string): RequestError {
  return new RequestError(400, 'NAC_REQUEST_FIELD', `The parameter ${field} ${problem}.`, {
    action: 'Correct the query.',
    field,
  });
}
