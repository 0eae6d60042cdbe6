// Reads the answer of a $batch: sub-responses in any order, each with its own status and headers.

import { SourceError } from '../../errors.ts';
import type { Refusal } from './graph-refusal.ts';

/**
 * @param count how many requests the batch held; their ids are `0` to `count - 1`
 * @returns in the order of the requests; a request without a readable answer gets an error of its own
 * @throws SourceError NAC_SOURCE_PAGE when the answer is no batch answer at all
 */
export function readBatchAnswers(answer: unknown, count: number): readonly (Refusal | SourceError)[] {
  const responses = isRecord(answer) ? answer['responses'] : undefined;
  if (!Array.isArray(responses)) throw malformed('responses', 'is not a list');
  const byId = new Map<string, Refusal>();
  for (const response of responses) {
    if (!isRecord(response)) continue;
    const { id, status, headers, body } = response;
    if ((typeof id !== 'string' && typeof id !== 'number') || !Number.isInteger(status)) continue;
    byId.set(String(id), { status: Number(status), headers: readHeaders(headers), body });
  }
  return Array.from({ length: count }, (_, index) => {
    return byId.get(String(index)) ?? malformed(`responses[id=${index}]`, 'is missing');
  });
}

/** Header names in a sub-response come in any letter case. */
function readHeaders(headers: unknown): Record<string, string> {
  if (!isRecord(headers)) return {};
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      typeof value === 'string' || typeof value === 'number' ? [[name.toLowerCase(), String(value)]] : [],
    ),
  );
}

function malformed(field: string, problem: string): SourceError {
  return new SourceError('NAC_SOURCE_PAGE', `A $batch answer is malformed: ${field} ${problem}.`, {
    action: 'It is asked for again by itself; check for a proxy that changes answers if it goes on.',
    field,
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
