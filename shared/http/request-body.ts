// The body of a request: text that is there, or a reader that is called only after the asker has been authenticated, so
// that a stranger never has a body parsed.

/**
 * Bytes that a body of a RADIUS server may have; the longest legitimate one, with a large certificate, stays under
 * 16,000.
 */
export const LARGEST_RADIUS_BODY = 65_536;

export type RequestBody = string | (() => Promise<string>);

/** @throws RequestError 413 NAC_REQUEST_TOO_LARGE, 411 NAC_REQUEST_CHUNKED from the reader */
export async function readBody(body: RequestBody): Promise<string> {
  return typeof body === 'string' ? body : body();
}
