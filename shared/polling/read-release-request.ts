// The body of a release or a refusal: the run and the reason. The run must be named: the newest may be another by now.

import { LONGEST_REASON } from '../domain/audit-entry.ts';
import { readPlainLine } from '../domain/plain-line.ts';
import { RequestError } from '../errors.ts';
import type { ReleaseRequest } from './breaker/release-held.ts';

/** Characters; a body that is longer is not even read. */
const LONGEST_BODY = 4_096;

/** @throws RequestError NAC_REQUEST_TOO_LARGE, NAC_REQUEST_NOT_JSON, NAC_REQUEST_FIELD */
export function readReleaseRequest(body: string): ReleaseRequest {
  if (body.length > LONGEST_BODY) {
    throw new RequestError(413, 'NAC_REQUEST_TOO_LARGE', `The body has more than ${LONGEST_BODY} characters.`, {
      action: 'Send {"runId": "…", "reason": "…"} and nothing else.',
    });
  }
  const fields = parse(body);
  const runId = fields?.['runId'];
  if (typeof runId !== 'string' || !/^[a-z0-9-]{1,64}$/.test(runId)) {
    throw new RequestError(400, 'NAC_REQUEST_FIELD', 'The field runId must be the id of a run.', {
      action: 'Take the id of the run from GET /api/poll.',
      field: 'runId',
    });
  }
  const source = fields?.['source'];
  if (source !== undefined && (typeof source !== 'string' || !/^[a-z][a-z0-9-]{0,39}$/.test(source))) {
    throw new RequestError(400, 'NAC_REQUEST_FIELD', 'The field source must be the name of a source.', {
      action: 'Take the name from GET /api/poll, or leave it out.',
      field: 'source',
    });
  }
  const line = readPlainLine(fields?.['reason'], LONGEST_REASON);
  if ('problem' in line) {
    throw new RequestError(400, 'NAC_REQUEST_FIELD', `The field reason ${line.problem}.`, {
      action: 'Say in one line why; it is kept with the run and in the log.',
      field: 'reason',
    });
  }
  return { runId, reason: line.text, ...(source !== undefined && { source }) };
}

function parse(body: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch (cause) {
    throw new RequestError(400, 'NAC_REQUEST_NOT_JSON', 'The body is not JSON.', {
      action: 'Send {"runId": "…", "reason": "…"} with the id that GET /api/poll shows.',
      cause,
    });
  }
}
