// Why a person makes a change: an optional JSON body {"reason": "…"}; the header X-Reason where the body is a file; an
// option at the command line.

import { LONGEST_REASON } from '../domain/audit-entry.ts';
import { readPlainLine } from '../domain/plain-line.ts';
import { RequestError } from '../errors.ts';
import { readJsonObject } from './read-json.ts';

/** @throws RequestError NAC_REQUEST_NOT_JSON, NAC_REQUEST_FIELD */
export function readReason(body: string): { readonly reason?: string } {
  if (body.trim() === '') return {};
  const { reason, ...more } = readJsonObject(body, 'Send {"reason": "…"}, or no body.');
  const [unknown] = Object.keys(more);
  if (unknown !== undefined) throw fieldError(unknown.slice(0, 40), 'is not known; known is reason');
  return checkedReason(reason, 'reason');
}

/**
 * @param header of the request, in UTF-8 as encodeURIComponent writes it (RFC 3986 section 2.1): a header is ASCII
 * @throws RequestError NAC_REQUEST_FIELD
 */
export function readReasonHeader(header: string | null): { readonly reason?: string } {
  if (header === null) return {};
  try {
    return checkedReason(decodeURIComponent(header), 'X-Reason');
  } catch (thrown) {
    if (thrown instanceof URIError) throw fieldError('X-Reason', 'is not percent-encoded UTF-8');
    throw thrown;
  }
}

/**
 * @param field as the asker knows it
 * @throws RequestError NAC_REQUEST_FIELD
 */
export function checkedReason(reason: unknown, field: string): { readonly reason?: string } {
  if (reason === undefined) return {};
  const line = readPlainLine(reason, LONGEST_REASON);
  if ('problem' in line) throw fieldError(field, line.problem);
  return { reason: line.text };
}

function fieldError(field: string, problem: string): RequestError {
  return new RequestError(400, 'NAC_REQUEST_FIELD', `The field ${field} ${problem}.`, { action: 'Correct it.', field });
}
