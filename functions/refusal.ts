// How a function says no: code, message and what to do, under a status that no RADIUS server takes for a permit.

import type { HttpResponseInit, InvocationContext } from '@azure/functions';
import { QueueError, RequestError, StoreError, toConnectorError } from '../shared/errors.ts';
import { connector } from './connector.ts';

export const NOT_CACHED = { 'cache-control': 'no-store' };

/** 400, 401 and 413 for the asker's faults, 503 for the store's and the queue's, 500 for ours. */
export function refusal(event: string, thrown: unknown, context: InvocationContext): HttpResponseInit {
  const error = toConnectorError(thrown);
  const status = statusOf(error);
  const { code, message, action, field } = error;
  connector().log[status >= 500 ? 'error' : 'warn'](event, {
    code,
    message,
    status,
    field,
    invocation: context.invocationId,
    ...(status === 500 && { stack: error.cause instanceof Error ? error.cause.stack : error.stack }),
  });
  const body = { code, message: status === 500 ? 'Something went wrong here.' : message, action, field };
  return { status, jsonBody: body, headers: NOT_CACHED };
}

function statusOf(error: unknown): number {
  if (error instanceof RequestError) return error.status;
  return error instanceof StoreError || error instanceof QueueError ? 503 : 500;
}
