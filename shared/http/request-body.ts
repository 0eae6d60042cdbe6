// The body of a request: text that is there, or a reader that is called only after the asker has been authenticated, so
// that a stranger never has a body parsed.

export type RequestBody = string | (() => Promise<string>);

/** @throws RequestError 413 NAC_REQUEST_TOO_LARGE, 411 NAC_REQUEST_CHUNKED from the reader */
export async function readBody(body: RequestBody): Promise<string> {
  return typeof body === 'string' ? body : body();
}
