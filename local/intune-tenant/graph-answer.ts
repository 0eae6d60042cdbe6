// How Graph answers: its headers, its error bodies and the nested messages of the Intune service behind it.

import { randomUUID } from 'node:crypto';
import type { AnswerHeaders, HttpExchange } from './http-exchange.ts';

/** One request to Graph, with the identifiers that appear in its answer. */
export interface GraphCall {
  readonly exchange: HttpExchange;
  readonly requestId: string;
  readonly clientRequestId: string;
  readonly now: Date;
}

/** Graph gives every request an id and repeats the caller's own; without one, the caller gets the request id. */
export function graphCall(exchange: HttpExchange, now: Date): GraphCall {
  const requestId = randomUUID();
  return { exchange, requestId, clientRequestId: exchange.header('client-request-id') ?? requestId, now };
}

export function answerGraph(call: GraphCall, value: unknown): void {
  answerGraphText(call, JSON.stringify(value));
}

/** The same for a body that is JSON already. */
export function answerGraphText(call: GraphCall, json: string): void {
  call.exchange.answer(
    200,
    {
      'content-type':
        'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8',
      ...identifiers(call),
    },
    json,
  );
}

export function answerGraphError(
  call: GraphCall,
  status: number,
  code: string,
  message: string,
  headers: AnswerHeaders = {},
): void {
  call.exchange.answer(
    status,
    { 'content-type': 'application/json', ...identifiers(call), ...headers },
    graphError(call, code, message),
  );
}

/** The body of a Graph error, with the identifiers of the request. */
export function graphError(
  call: GraphCall,
  code: string,
  message: string,
  inner: Readonly<Record<string, string>> = {},
): string {
  return JSON.stringify({
    error: {
      code,
      message,
      innerError: {
        ...inner,
        date: call.now.toISOString().slice(0, 19),
        'request-id': call.requestId,
        'client-request-id': call.clientRequestId,
      },
    },
  });
}

/** Intune's part of Graph puts a JSON document of its own, as text, where others put a sentence. */
export function intuneMessage(call: GraphCall, message: string): string {
  return JSON.stringify(
    {
      _version: 3,
      Message:
        `${message} - Operation ID (for customer support): 00000000-0000-0000-0000-000000000000 - ` +
        `Activity ID: ${call.clientRequestId} - Url: ${call.exchange.path}`,
      CustomApiErrorPhrase: '',
      RetryAfter: null,
      ErrorSourceService: '',
      HttpHeaders: '{}',
    },
    undefined,
    2,
  );
}

function identifiers(call: GraphCall): AnswerHeaders {
  return {
    'request-id': call.requestId,
    'client-request-id': call.clientRequestId,
    'cache-control': 'no-store, no-cache',
  };
}
