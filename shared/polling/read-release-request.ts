// The body of a release: which run a person lets through. Never a run "whatever it is called now".

import { RequestError } from '../errors.ts';

/** @throws RequestError NAC_REQUEST_NOT_JSON, NAC_REQUEST_FIELD */
export function readReleaseRequest(body: string): string {
  const runId = parse(body)?.['runId'];
  if (typeof runId !== 'string' || !/^[a-z0-9-]{1,64}$/.test(runId)) {
    throw new RequestError(400, 'NAC_REQUEST_FIELD', 'The field runId must be the id of a run.', {
      action: 'Take the id of the run to release from GET /api/poll.',
      field: 'runId',
    });
  }
  return runId;
}

function parse(body: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch (cause) {
    throw new RequestError(400, 'NAC_REQUEST_NOT_JSON', 'The body is not JSON.', {
      action: 'Send {"runId": "…"} with the id that GET /api/poll shows.',
      cause,
    });
  }
}
