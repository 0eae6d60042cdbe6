// Fields of a JSON request: of the right type, within their longest length, with the text that was meant.

import { RequestError } from '../errors.ts';
import { LARGEST_RADIUS_BODY } from '../http/request-body.ts';

const LONGEST_FIELD = 8_192;

/** @throws RequestError 413 NAC_REQUEST_TOO_LARGE, 400 NAC_REQUEST_NOT_JSON */
export function parseJsonBody(body: string): unknown {
  if (body.length > LARGEST_RADIUS_BODY) {
    throw new RequestError(413, 'NAC_REQUEST_TOO_LARGE', `The body has more than ${LARGEST_RADIUS_BODY} characters.`, {
      action: 'Send only the attributes that are used here.',
    });
  }
  return parseJson(body);
}

/** The texts among the named fields; empty ones are absent. @throws RequestError 400 NAC_REQUEST_FIELD */
export function texts<K extends string>(
  fields: Record<string, unknown>,
  names: readonly K[],
  prefix: string,
): { [key in K]?: string } {
  const found: { [key in K]?: string } = {};
  for (const name of names) {
    const value = text(fields[name], `${prefix}${name}`);
    if (value !== undefined) found[name] = value;
  }
  return found;
}

export function text(value: unknown, field: string): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw fieldError(field, 'must be text');
  if (value.length > LONGEST_FIELD) throw fieldError(field, `has more than ${LONGEST_FIELD} characters`);
  return repairUtf8(value).toWellFormed();
}

/**
 * rlm_rest's jsonquote writes one character per byte of UTF-8 (`Zürich` arrives as `ZÃ¼rich`). Text that is valid
 * UTF-8 when its characters are taken for bytes is turned back; anything else is what it seems to be.
 */
function repairUtf8(value: string): string {
  if (!/[\u0080-\u00ff]/.test(value) || /[\u0100-\uffff]/.test(value)) return value;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(value, 'latin1'));
  } catch {
    return value;
  }
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new RequestError(400, 'NAC_REQUEST_NOT_JSON', 'The body is not JSON.', {
      action: 'Send a JSON object of RADIUS attributes; in FreeRADIUS quote every value with %{jsonquote:…}.',
      field: 'body',
      cause,
    });
  }
}

export function objectIn(value: unknown, field: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw fieldError(field, 'must be an object');
  return value as Record<string, unknown>;
}

export function fieldError(field: string, problem: string): RequestError {
  return new RequestError(400, 'NAC_REQUEST_FIELD', `The field ${field} ${problem}.`, {
    action: 'Correct the field; docs/lookup.md lists all of them.',
    field,
  });
}
