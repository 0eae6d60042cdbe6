// An exchange without a connection: the answer to one request of a batch, kept for the answer to the whole.

import type { AnswerHeaders, HttpExchange } from './http-exchange.ts';

export interface CapturedRequest {
  readonly method: string;
  /** Path and query from the root, such as `/v1.0/deviceManagement/managedDevices/{id}?$select=udid`. */
  readonly target: string;
  readonly headers: AnswerHeaders;
  readonly body: string;
}

export interface CapturedAnswer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly body: string;
}

/** @param outer - Gives the request headers that the captured request does not have itself. */
export function capturedExchange(
  outer: HttpExchange,
  request: CapturedRequest,
): { readonly exchange: HttpExchange; readonly answered: Promise<CapturedAnswer> } {
  const queryStart = request.target.indexOf('?');
  const rawQuery = queryStart === -1 ? '' : request.target.slice(queryStart + 1);
  let damaged = false;
  const { promise, resolve } = Promise.withResolvers<CapturedAnswer>();
  const own = new Map(Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]));
  const exchange: HttpExchange = {
    method: request.method,
    path: queryStart === -1 ? request.target : request.target.slice(0, queryStart),
    rawQuery,
    query: new URLSearchParams(rawQuery),
    header: (name) => own.get(name) ?? outer.header(name),
    body: async () => request.body,
    // It has no connection that could be cut: all that can be lost is a part of the body.
    damageAnswer: () => {
      damaged = true;
    },
    answer: (status, headers, body) =>
      resolve({ status, headers, body: damaged ? body.slice(0, Math.floor(body.length / 2)) : body }),
    answerJson: (status, value, headers = {}) =>
      exchange.answer(status, { 'content-type': 'application/json', ...headers }, JSON.stringify(value)),
  };
  return { exchange, answered: promise };
}
