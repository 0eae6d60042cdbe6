// Why a person makes a change: an optional JSON body {"reason": "…"}.

import { LONGEST_REASON } from '../domain/audit-entry.ts';
import { RequestError } from '../errors.ts';
import { readJsonObject } from './read-json.ts';

/** @throws RequestError NAC_REQUEST_NOT_JSON, NAC_REQUEST_FIELD */
export function readReason(body: string): { readonly reason?: string } {
  if (body.trim() === '') return {};
  const { reason, ...more } = readJsonObject(body, 'Send {"reason": "…"}, or no body.');
  const [unknown] = Object.keys(more);
  if (unknown !== undefined) throw fieldError(unknown.slice(0, 40), 'is not known; known is reason');
  if (reason === undefined) return {};
  if (typeof reason !== 'string' || reason.trim() === '' || reason.length > LONGEST_REASON) {
    throw fieldError('reason', `must be text of at most ${LONGEST_REASON} characters`);
  }
  return { reason: reason.trim() };
}

function fieldError(field: string, problem: string): RequestError {
  return new RequestError(400, 'NAC_REQUEST_FIELD', `The field ${field} ${problem}.`, { action: 'Correct it.', field });
}
