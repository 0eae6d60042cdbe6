// Failures of Graph, Intune and Entra as users report them, ready to be scripted.

import { graphCall, graphError, intuneMessage } from './graph-answer.ts';
import type { AnswerHeaders, HttpExchange } from './http-exchange.ts';

export const READY_ANSWERS = [
  'captivePortal',
  'tooManyRequests',
  'cancelledOnServiceTimeout',
  'gatewayTimeout',
  'forbidden',
  'serviceUnavailable',
  'temporarilyUnavailable',
] as const;
export type ReadyAnswer = (typeof READY_ANSWERS)[number];

export interface WholeAnswer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly body: string;
}

const JSON_HEADERS: AnswerHeaders = { 'content-type': 'application/json' };

export function readyAnswer(name: ReadyAnswer, exchange: HttpExchange, now: Date): WholeAnswer {
  const call = graphCall(exchange, now);
  switch (name) {
    case 'captivePortal':
      return {
        status: 200,
        headers: { 'content-type': 'text/html; charset=utf-8' },
        body: '<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in to use this network.</body></html>',
      };
    case 'tooManyRequests':
      return {
        status: 429,
        headers: JSON_HEADERS,
        body: graphError(call, 'TooManyRequests', 'Please retry again later.', { code: '429' }),
      };
    // Intune gives up after fifteen seconds; the answer holds a JSON document inside a JSON string.
    case 'cancelledOnServiceTimeout':
      return {
        status: 503,
        headers: JSON_HEADERS,
        body: graphError(call, 'CancelledOnServiceTimeout', intuneMessage(call, 'The request timed out')),
      };
    case 'gatewayTimeout':
      return { status: 504, headers: JSON_HEADERS, body: graphError(call, 'UnknownError', 'Gateway Timeout') };
    // Comes and goes although the token is good.
    case 'forbidden':
      return {
        status: 403,
        headers: JSON_HEADERS,
        body: graphError(call, 'Forbidden', intuneMessage(call, 'Forbidden')),
      };
    case 'serviceUnavailable':
      return { status: 503, headers: { 'content-type': 'text/plain' }, body: 'Service Unavailable' };
    case 'temporarilyUnavailable':
      return {
        status: 503,
        headers: JSON_HEADERS,
        body: JSON.stringify({
          error: 'temporarily_unavailable',
          error_description: 'AADSTS90033: A transient error has occurred. Please try again.',
          error_codes: [90033],
          timestamp: `${now.toISOString().slice(0, 19).replace('T', ' ')}Z`,
          trace_id: call.requestId,
          correlation_id: call.clientRequestId,
        }),
      };
  }
}
