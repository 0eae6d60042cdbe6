// A body that must be a JSON object.

import { RequestError } from '../errors.ts';

/**
 * @param action what to send instead, as an instruction
 * @throws RequestError 400 NAC_REQUEST_NOT_JSON
 */
export function readJsonObject(body: string, action: string): Record<string, unknown> {
  const parsed = parse(body);
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as Record<string, unknown>;
  throw new RequestError(400, 'NAC_REQUEST_NOT_JSON', 'The body is no JSON object.', { action, field: 'body' });
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
