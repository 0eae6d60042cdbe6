// GET /api/jobs: operators see CoA jobs, newest first. Filters: site, stage, device, session, notEnforced=true, limit.

import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { JOB_STAGES, type JobStage } from '../shared/domain/enforcement-job.ts';
import { RequestError } from '../shared/errors.ts';
import { connector } from './connector.ts';
import { httpRoute } from './http-route.ts';

const DEFAULT_LIMIT = 100;
const LARGEST_LIMIT = 1000;

if (connector().enforces) httpRoute('jobs', { route: 'api/jobs', method: 'GET', answer: jobs });

async function jobs({ query }: HttpRequest, credential: string | null): Promise<HttpResponseInit> {
  const list = await connector().jobs(credential, {
    site: query.get('site') ?? undefined,
    stage: readStage(query.get('stage')),
    deviceId: query.get('device') ?? undefined,
    sessionId: query.get('session') ?? undefined,
    notEnforced: query.get('notEnforced') === 'true',
    limit: readLimit(query.get('limit')),
  });
  return { jsonBody: { jobs: list } };
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
